"""What a validation means for a store: ESO's table."""

from datetime import timedelta

import pytest

from controller.condition import Event, Ready
from controller.secret_store.decide import NoClient, Unusable, Validated, decide, interval, upkeep
from controller.secret_store.status import news, next_status
from secretcore.errors import AccessDenied, InvalidSpec, StoreUnavailable, Throttled
from secretcore.provider import Validation
from tests.controller.building import NOON

BROKEN = InvalidSpec("spec.provider.fake.data[0].key", "must not be empty")
DENIED = AccessDenied("the role may not read")
REMEDY = "check the store's credentials, and that the backend lets them read this"
OK = Validated(Validation(), "ReadOnly")


@pytest.mark.parametrize(
    ("outcome", "ready", "event", "capabilities"),
    [
        (
            NoClient(BROKEN),
            Ready("False", "InvalidProviderConfig",
                  "unable to create client: spec.provider.fake.data[0].key: must not be empty | correct the manifest"),
            Event("Warning", "InvalidProviderConfig",
                  "spec.provider.fake.data[0].key: must not be empty | correct the manifest"),
            None,
        ),
        (
            Unusable(DENIED),
            Ready("False", "InvalidProviderConfig", f"unable to validate store: the role may not read | {REMEDY}"),
            Event("Warning", "InvalidProviderConfig", f"the role may not read | {REMEDY}"),
            None,
        ),
        (
            Validated(Validation(known=False, reason="no right to ask"), "ReadWrite"),
            Ready("True", "ValidationUnknown", "could not determine validation status: no right to ask"),
            Event("Warning", "ValidationUnknown", "no right to ask"),
            None,
        ),
        (Validated(Validation(known=False), "ReadWrite"), Ready("True", "Valid", "store validated"),
         Event("Normal", "Valid", "store validated"), "ReadWrite"),
        (OK, Ready("True", "Valid", "store validated"), Event("Normal", "Valid", "store validated"), "ReadOnly"),
    ],
)  # fmt: skip
def test_the_verdict(outcome, ready, event, capabilities):
    verdict = decide(outcome)
    assert (verdict.ready, verdict.event, verdict.capabilities) == (ready, event, capabilities)
    assert verdict.failed is (ready.status == "False")


@pytest.mark.parametrize("met", [NoClient, Unusable])
@pytest.mark.parametrize(
    ("error", "pause"),
    [
        (Throttled("asked to slow down", retry_after=300), 300),
        (Throttled("asked to slow down"), None),
        (StoreUnavailable("down"), None),
    ],
)
def test_a_backend_that_asks_for_a_pause_is_validated_after_it(met, error, pause):
    assert decide(met(error)).retry_after == pause


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, timedelta(minutes=5)),
        ({"refreshInterval": 0}, timedelta(minutes=5)),
        ({"refreshInterval": 90}, timedelta(seconds=90)),
        ({"refreshInterval": "1h30m"}, timedelta(minutes=90)),
        ({"refreshInterval": "0s"}, timedelta(minutes=5)),
        ({"refreshInterval": ""}, timedelta(minutes=5)),
        ({"refreshInterval": "-1h"}, timedelta(minutes=5)),
        ({"refreshInterval": "soon"}, timedelta(minutes=5)),
    ],
)
def test_the_interval_between_validations(given, expected):
    assert interval(given, timedelta(minutes=5)) == expected


def test_the_status_of_a_store():
    status = next_status({}, decide(OK), NOON)
    assert status == {
        "capabilities": "ReadOnly",
        "conditions": [
            {
                "type": "Ready",
                "status": "True",
                "reason": "Valid",
                "message": "store validated",
                "lastTransitionTime": "2026-08-08T12:00:00Z",
            }
        ],
    }
    assert next_status({"status": status}, decide(OK), NOON + timedelta(hours=1)) is None


def test_capabilities_outlive_a_failure():
    status = next_status({}, decide(OK), NOON)
    failed = next_status({"status": status}, decide(Unusable(DENIED)), NOON + timedelta(hours=1))
    assert failed["capabilities"] == "ReadOnly"
    assert failed["conditions"][0]["lastTransitionTime"] == "2026-08-08T13:00:00Z"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [(None, OK, True), (OK, OK, False), (Unusable(DENIED), OK, True), (OK, Unusable(DENIED), True),
     (Unusable(DENIED), Unusable(DENIED), True)],
)  # fmt: skip
def test_an_event_is_told_when_it_is_news_or_a_warning(before, after, told):
    manifest = {"status": next_status({}, decide(before), NOON)} if before else {}
    verdict = decide(after)
    assert news(manifest, verdict) == (verdict.event if told else None)


@pytest.mark.parametrize(
    ("maintenance", "annotation", "reason"),
    [
        ("Maintained", None, None),
        ("NotMaintained", None, "StoreUnmaintained"),
        ("NotMaintained", "false", "StoreUnmaintained"),
        ("NotMaintained", "true", None),
        ("Deprecated", None, "StoreDeprecated"),
        ("Deprecated", "true", None),
    ],
)
def test_a_provider_that_nobody_looks_after_is_told_of(maintenance, annotation, reason):
    annotations = {"external-secrets.io/ignore-maintenance-checks": annotation} if annotation else {}
    event = upkeep({"metadata": {"annotations": annotations}}, maintenance)
    assert (event and (event.type, event.reason)) == (reason and ("Warning", reason))
    assert upkeep({"metadata": {}}, "Maintained") is None
