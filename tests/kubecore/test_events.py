"""Events: counted, limited, and as the real API server and kubectl know them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubecore.events import BURST, FORGOTTEN, REMEMBERED, Correlator, Recorder, told_about
from kubecore.resources import CONFIG_MAPS, EVENTS, NAMESPACES
from kubecore.wire import Selector
from tests.support.fault_kinds import Reset, status

OBJECT = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "ns", "uid": "u"}}


def told(message="m", name="a"):
    return told_about(OBJECT | {"metadata": {"name": name, "namespace": "ns"}}, "Normal", "R", message)


def test_the_same_event_is_counted_up_until_the_server_forgets_it():
    correlator = Correlator()
    first = correlator.next(told(), 1, 100.0)
    correlator.wrote(told(), first)
    second = correlator.next(told(), 2, 200.0)
    assert (second.name, second.count, second.first, second.last) == (first.name, 3, 100.0, 200.0)
    correlator.wrote(told(), second)
    assert correlator.next(told("other"), 1, 200.0).count == 1
    late = correlator.next(told(), 1, 201.0 + FORGOTTEN)
    assert (late.count, late.name != first.name) == (1, True)
    correlator.forget(told())
    assert correlator.next(told(), 1, 201.0).count == 1


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=200))
def test_an_object_has_a_burst_and_then_one_event_in_five_minutes(gaps):
    correlator, now, allowed = Correlator(), 0.0, 0
    for number, gap in enumerate(gaps):
        now += gap
        allowed += correlator.allow(told(f"m{number}"), now)
    assert allowed <= BURST + now / 300
    assert allowed >= min(len(gaps), BURST)
    assert correlator.allow(told(name="another"), now)


def test_memory_is_bounded():
    correlator = Correlator()
    for number in range(2 * REMEMBERED):
        one = told(name=f"o{number}")
        correlator.allow(one, 0.0)
        correlator.wrote(one, correlator.next(one, 1, 0.0))
    assert (len(correlator._written), len(correlator._tokens)) == (REMEMBERED, REMEMBERED)


def test_a_very_long_name_or_message_fits_the_api():
    long = told("x" * 5000, name="n" * 253)
    assert len(long.message) == 1024
    assert len(Correlator().next(long, 1, 1_800_000_000.0).name) == 253


@pytest.fixture
async def subject(api, namespace):
    return await api.create(CONFIG_MAPS, {"metadata": {"name": "subject"}}, namespace)


async def events_of(api, subject):
    selector = Selector(fields=f"involvedObject.uid={subject['metadata']['uid']}")
    return await api.list(EVENTS, selector=selector)


@pytest.mark.server
async def test_events_are_written_once_and_counted(api, control_plane, subject):
    recorder = Recorder(api, "external-secrets")
    for _ in range(3):
        recorder.event(subject, "Normal", "Updated", "it was updated")
    recorder.event(subject, "Warning", "Broken", "it is broken")
    await recorder.flush()
    recorder.event(subject, "Normal", "Updated", "it was updated")
    await recorder.flush()
    events = {event["reason"]: event for event in await events_of(api, subject)}
    assert {reason: event["count"] for reason, event in events.items()} == {"Updated": 4, "Broken": 1}
    updated = events["Updated"]
    assert updated["source"] == {"component": "external-secrets"}
    assert updated["reportingComponent"] == "external-secrets"
    assert updated["lastTimestamp"] >= updated["firstTimestamp"]
    namespace = subject["metadata"]["namespace"]
    shown = control_plane.kubectl("describe", "configmap", "subject", "-n", namespace)
    assert "it was updated" in shown
    assert "(x4 over" in shown


@pytest.mark.server
async def test_an_event_that_the_server_forgot_is_made_anew(api, subject):
    recorder = Recorder(api, "tests")
    recorder.event(subject, "Normal", "R", "m")
    await recorder.flush()
    (event,) = await events_of(api, subject)
    await api.delete(EVENTS, event["metadata"]["name"], event["metadata"]["namespace"])
    recorder.event(subject, "Normal", "R", "m")
    await recorder.flush()
    (event,) = await events_of(api, subject)
    assert event["count"] == 1


@pytest.mark.server
async def test_events_of_cluster_scoped_objects_are_in_the_default_namespace(api, namespace):
    recorder = Recorder(api, "tests")
    subject = await api.get(NAMESPACES, namespace)
    recorder.event(subject, "Normal", "R", "m")
    await recorder.flush()
    (event,) = await events_of(api, subject)
    assert event["metadata"]["namespace"] == "default"


@pytest.mark.server
async def test_what_cannot_be_written_is_dropped_and_the_rest_is_written(proxied, proxy, api, subject, caplog):
    proxy.on("/events", status(500), Reset("request"), method="POST")
    recorder = Recorder(proxied, "tests")
    for number in range(3):
        recorder.event(subject, "Normal", "R", f"m{number}")
    await recorder.flush()
    assert [event["message"] for event in await events_of(api, subject)] == ["m2"]
    assert recorder.dropped == 2


@pytest.mark.server
async def test_a_flood_on_one_object_is_cut_off(api, subject):
    recorder = Recorder(api, "tests", clock=lambda: 1_800_000_000.0)
    for number in range(100):
        recorder.event(subject, "Normal", "R", f"m{number}")
    await recorder.flush()
    assert len(await events_of(api, subject)) == BURST
    assert recorder.dropped == 100 - BURST
