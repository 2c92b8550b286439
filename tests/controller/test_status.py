"""What the status of an ExternalSecret says, how often it is written, and when to come back."""

from datetime import timedelta

import pytest

from controller.external_secret import conditions as say
from controller.external_secret.decide import decide
from controller.external_secret.decision import Decision, Keep, Retry, Update
from controller.external_secret.due import comes_back
from controller.external_secret.status import failed_status, next_status, return_at
from secretcore.errors import AccessDenied
from tests.controller.building import NOON, fetched, owned, secret, subject, synced

UNCHANGED = Decision(Keep("nothing changed"), say.SYNCED, binds=True)
WRITTEN = Decision(Update(secret(), "differs"), say.SYNCED, (say.updated(),), binds=True)
FAILED = decide(subject(), AccessDenied("no"), None, ())
HOUR = timedelta(hours=1)


def ready(status):
    (condition,) = status["conditions"]
    return condition


def test_the_first_sync():
    of = subject()
    assert next_status(of, UNCHANGED, NOON) == {
        "conditions": [
            {
                "type": "Ready",
                "status": "True",
                "reason": "SecretSynced",
                "message": "secret synced",
                "lastTransitionTime": "2026-08-08T12:00:00Z",
            }
        ],
        "refreshTime": "2026-08-08T12:00:00Z",
        "syncedResourceVersion": of.version,
        "binding": {"name": "db"},
    }


def test_a_failure_leaves_refresh_time_and_version_and_binding():
    before = synced(subject(), NOON - HOUR)
    after = next_status(before, FAILED, NOON)
    old = before.manifest["status"]
    assert {key: after[key] for key in ("refreshTime", "syncedResourceVersion", "binding")} == {
        key: old[key] for key in ("refreshTime", "syncedResourceVersion", "binding")
    }
    assert ready(after)["status"] == "False"
    assert ready(after)["lastTransitionTime"] == "2026-08-08T12:00:00Z"


def test_a_failure_of_the_first_sync_has_no_refresh_time():
    assert set(next_status(subject(), FAILED, NOON)) == {"conditions"}


def test_the_same_failure_again_is_not_written():
    once = subject(status=dict(next_status(subject(), FAILED, NOON)))
    assert next_status(once, FAILED, NOON + HOUR) is None


def test_another_message_is_written_and_the_transition_stays():
    once = subject(status=dict(next_status(subject(), FAILED, NOON)))
    other = decide(subject(), AccessDenied("still no"), None, ())
    assert ready(next_status(once, other, NOON + HOUR))["lastTransitionTime"] == "2026-08-08T12:00:00Z"


def test_recovery_is_a_transition():
    once = subject(status=dict(next_status(subject(), FAILED, NOON)))
    after = next_status(once, UNCHANGED, NOON + HOUR)
    assert ready(after)["lastTransitionTime"] == "2026-08-08T13:00:00Z"
    assert after["refreshTime"] == "2026-08-08T13:00:00Z"


@pytest.mark.parametrize(
    ("interval", "age", "decision", "written"),
    [
        ("1h", timedelta(minutes=59), UNCHANGED, False),
        ("1h", HOUR, UNCHANGED, True),
        ("1h", HOUR - timedelta(seconds=1), UNCHANGED, True),  # reconciles don't start at the same moment
        ("1m", timedelta(minutes=1), UNCHANGED, False),
        ("1m", timedelta(minutes=9), UNCHANGED, False),
        ("1m", timedelta(minutes=10), UNCHANGED, True),
        ("0s", timedelta(minutes=9), UNCHANGED, False),
        ("1h", timedelta(minutes=1), WRITTEN, True),
        ("1h", -HOUR, UNCHANGED, True),  # refreshTime was in the future
    ],
)
def test_refresh_time_is_a_heartbeat(interval, age, decision, written):
    before = synced(subject(refreshInterval=interval), NOON - age)
    after = next_status(before, decision, NOON)
    assert (after is not None) is written
    if written:
        assert after["refreshTime"] == "2026-08-08T12:00:00Z"


def test_a_new_version_is_written_at_once():
    before = synced(subject(), NOON - timedelta(minutes=1), syncedResourceVersion="0-old")
    assert next_status(before, UNCHANGED, NOON)["syncedResourceVersion"] == before.version


@pytest.mark.parametrize(
    ("of", "decision", "expected"),
    [
        (subject(), UNCHANGED, "db"),
        (subject(target={"name": "other"}), UNCHANGED, "other"),
        (
            subject(target={"creationPolicy": "None"}),
            decide(subject(target={"creationPolicy": "None"}), fetched(a="b"), None, ()),
            None,
        ),
        (
            subject(target={"creationPolicy": "Merge"}),
            decide(subject(target={"creationPolicy": "Merge"}), fetched(a="b"), None, ()),
            None,
        ),
    ],
)
def test_the_binding_names_the_secret(of, decision, expected):
    assert (next_status(of, decision, NOON).get("binding") or {}).get("name") == expected


def test_other_conditions_and_unknown_fields_of_the_status_stay():
    other = {"type": "Deleted", "status": "False"}
    before = subject(status={"conditions": [other], "future": 1})
    after = next_status(before, UNCHANGED, NOON)
    assert after["future"] == 1
    assert after["conditions"][0] == other
    assert after["conditions"][1]["type"] == "Ready"


def test_a_decision_without_a_word_changes_nothing():
    dying = owned({}, metadata={"deletionTimestamp": "2026-08-08T12:00:00Z"})
    assert next_status(subject(), decide(subject(), fetched(a="b"), dying, ()), NOON) is None


def test_what_can_not_be_parsed_gets_its_condition_as_well():
    manifest = {"metadata": {"name": "x"}, "spec": {"data": 7}}
    status = failed_status(manifest, say.failed(say.NO_DATA, "spec.data: must be a list"), NOON)
    assert ready(status)["message"] == "could not get secret data from provider: spec.data: must be a list"
    assert (
        failed_status({**manifest, "status": status}, say.failed(say.NO_DATA, "spec.data: must be a list"), NOON)
        is None
    )


def retrying(retry):
    return Decision(Keep("x"), say.MISSING, retry=retry)


@pytest.mark.parametrize(
    ("policy", "interval", "retry", "expected"),
    [
        ("Periodic", "1h", Retry.DUE, comes_back(subject(), NOON, NOON)),
        ("Periodic", "0s", Retry.DUE, None),
        ("OnChange", "1h", Retry.DUE, None),
        ("CreatedOnce", "1h", Retry.DUE, None),
        ("CreatedOnce", "1h", Retry.POLL, NOON + HOUR),
        ("Periodic", "0s", Retry.POLL, None),
        ("Periodic", "1h", Retry.BACK_OFF, None),
        ("Periodic", "1h", Retry.CHANGE, None),
    ],
)
def test_when_to_come_back(policy, interval, retry, expected):
    of = subject(refreshPolicy=policy, refreshInterval=interval)
    assert return_at(of, retrying(retry), NOON) == expected
