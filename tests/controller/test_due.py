"""When an ExternalSecret is read again: ESO's rules, case by case."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.external_secret.due import Fetch, Finish, Rest, comes_back, due
from tests.controller.building import NOON, UID, subject, synced

HOUR = timedelta(hours=1)
DENY_ALWAYS = {"kind": "deny", "windows": [{"schedule": "@hourly", "duration": "1h"}]}


def asked(of, *, intact=True, remembered=None, now=NOON):
    return type(due(of, intact=intact, remembered=remembered, now=now)).__name__


@pytest.mark.parametrize("policy", ["Periodic", "OnChange", "CreatedOnce", None])
@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({}, "Fetch"),
        ({"refreshTime": None}, "Fetch"),
        ({"syncedResourceVersion": None}, "Fetch"),
    ],
)
def test_what_was_never_synced_is_fetched(policy, status, expected):
    fresh = subject(refreshPolicy=policy)
    assert asked(synced(fresh, **status) if status else fresh) == expected


@pytest.mark.parametrize(
    ("policy", "interval", "change", "expected"),
    [
        ("Periodic", "1h", {}, "Rest"),
        ("Periodic", "1h", {"labels": {"a": "b"}}, "Fetch"),
        ("Periodic", "1h", {"annotations": {"external-secrets.io/force-sync": "1"}}, "Fetch"),
        ("Periodic", "1h", {"metadata": {"generation": 2}}, "Fetch"),
        ("Periodic", "1h", {"metadata": {"finalizers": ["x"]}}, "Rest"),
        ("Periodic", "0s", {"metadata": {"generation": 2}}, "Fetch"),
        ("Periodic", "0s", {"annotations": {"external-secrets.io/force-sync": "1"}}, "Fetch"),
        ("OnChange", "1h", {"metadata": {"generation": 2}}, "Fetch"),
        ("OnChange", "1h", {"labels": {"a": "b"}}, "Fetch"),
        ("OnChange", "1h", {}, "Rest"),
        ("CreatedOnce", "1h", {"metadata": {"generation": 2}}, "Rest"),
        ("CreatedOnce", "1h", {"annotations": {"external-secrets.io/force-sync": "1"}}, "Rest"),
        (None, "1h", {"metadata": {"generation": 2}}, "Fetch"),
    ],
)
def test_a_change_of_the_external_secret(policy, interval, change, expected):
    before = synced(subject(refreshPolicy=policy, refreshInterval=interval))
    changed = subject(refreshPolicy=policy, refreshInterval=interval, status=before.manifest["status"], **change)
    assert asked(changed) == expected


@pytest.mark.parametrize("interval", ["1h", "0s"])
@pytest.mark.parametrize(
    ("policy", "changed", "expected"),
    [
        ("Periodic", True, "Fetch"),
        ("Periodic", False, "Rest"),
        ("OnChange", True, "Fetch"),
        ("OnChange", False, "Rest"),
        ("CreatedOnce", True, "Rest"),
        (None, True, "Fetch"),
    ],
)
def test_a_change_of_what_its_template_reads(policy, interval, changed, expected):
    of = synced(subject(refreshPolicy=policy, refreshInterval=interval))
    answer = due(of, intact=True, remembered=NOON, now=NOON, templates_changed=changed)
    assert type(answer).__name__ == expected


def test_a_change_of_a_template_does_not_wait_for_a_sync_window():
    of = synced(subject(syncWindows=DENY_ALWAYS), NOON - 2 * HOUR)
    assert isinstance(due(of, intact=True, remembered=None, now=NOON, templates_changed=True), Fetch)


@pytest.mark.parametrize(
    ("policy", "interval", "age", "expected"),
    [
        ("Periodic", "1h", timedelta(0), "Rest"),
        ("Periodic", "1h", HOUR, "Fetch"),
        ("Periodic", "1h", timedelta(days=9), "Fetch"),
        ("Periodic", "0s", timedelta(days=9), "Rest"),
        ("Periodic", "-1h", timedelta(days=9), "Rest"),
        ("Periodic", "1h", timedelta(seconds=-1), "Fetch"),  # refreshTime is in the future
        ("Periodic", "0s", timedelta(seconds=-1), "Rest"),
        ("OnChange", "1h", timedelta(days=9), "Rest"),
        ("OnChange", "1h", timedelta(days=-9), "Rest"),
        ("CreatedOnce", "1h", timedelta(days=9), "Rest"),
        (None, "1h", HOUR, "Fetch"),
    ],
)
def test_the_passing_of_time(policy, interval, age, expected):
    assert asked(synced(subject(refreshPolicy=policy, refreshInterval=interval), NOON - age)) == expected


@pytest.mark.parametrize("refresh_policy", ["Periodic", "OnChange", "CreatedOnce"])
@pytest.mark.parametrize(
    ("creation_policy", "expected"),
    [("Owner", "Fetch"), ("Merge", "Fetch"), ("CreateOrMerge", "Fetch"), ("Orphan", "Rest"), ("None", "Rest")],
)
def test_a_secret_that_was_edited_or_deleted_is_repaired_at_once(refresh_policy, creation_policy, expected):
    of = synced(subject(target={"creationPolicy": creation_policy}, refreshPolicy=refresh_policy))
    assert asked(of, intact=False) == expected


def test_what_this_process_remembers_counts_where_the_status_lags():
    of = synced(subject(refreshInterval="1m"), NOON - timedelta(minutes=9))
    assert asked(of) == "Fetch"
    assert asked(of, remembered=NOON - timedelta(milliseconds=1)) == "Rest"


def test_what_this_process_remembers_does_not_hide_a_lost_status():
    assert asked(subject(), remembered=NOON) == "Fetch"


@pytest.mark.parametrize(
    ("of", "intact", "expected"),
    [
        (synced(subject(syncWindows=DENY_ALWAYS), NOON - 2 * HOUR), True, "Rest"),
        (synced(subject(syncWindows=DENY_ALWAYS), NOON - 2 * HOUR), False, "Fetch"),
        (subject(syncWindows=DENY_ALWAYS), True, "Fetch"),
        (synced(subject(syncWindows=DENY_ALWAYS), syncedResourceVersion="0-old"), True, "Fetch"),
        (synced(subject(syncWindows=DENY_ALWAYS), NOON + HOUR), True, "Fetch"),
    ],
)
def test_sync_windows_hold_back_only_what_is_due_by_time(of, intact, expected):
    assert asked(of, intact=intact) == expected


def test_who_waits_for_a_window_comes_back_when_it_opens():
    windows = {"kind": "allow", "windows": [{"schedule": "30 13 * * *", "duration": "1h"}]}
    answer = due(synced(subject(syncWindows=windows), NOON - 2 * HOUR), intact=True, remembered=None, now=NOON)
    assert answer == Rest("its sync windows do not permit it now", NOON + timedelta(minutes=90))


@pytest.mark.parametrize("of", [subject(), synced(subject(), NOON - 2 * HOUR)])
def test_what_is_being_deleted_is_only_finished(of):
    dying = {**of.manifest["metadata"], "deletionTimestamp": "2026-08-08T11:59:00Z"}
    going = type(of)({**of.manifest, "metadata": dying}, of.external_secret)
    assert due(going, intact=False, remembered=None, now=NOON) == Finish()


TIMES = st.timedeltas(timedelta(0), timedelta(days=4000)).map(lambda age: NOON - age)


def test_objects_made_together_are_refreshed_apart():
    uids = (f"{UID}{i}" for i in range(200))
    times = (comes_back(synced(subject(metadata={"uid": uid})), NOON, NOON) for uid in uids)
    assert {int((time - NOON) / timedelta(minutes=6)) for time in times} == set(range(10))


@given(st.integers(1, 5_000), TIMES)
def test_an_external_secret_is_never_due_before_it_comes_back_and_always_then(minutes, refreshed):
    of = synced(subject(refreshInterval=f"{minutes}m"), refreshed)
    at = comes_back(of, of.refreshed_at, of.refreshed_at)
    assert asked(of, now=at) == "Fetch"
    assert asked(of, now=at - timedelta(microseconds=1)) == "Rest"


@pytest.mark.parametrize(("policy", "interval"), [("OnChange", "1h"), ("CreatedOnce", "1h"), ("Periodic", "0s")])
def test_nothing_comes_back_by_time_that_is_not_refreshed_by_time(policy, interval):
    of = synced(subject(refreshPolicy=policy, refreshInterval=interval))
    assert comes_back(of, NOON, NOON) is None
    assert due(of, intact=True, remembered=None, now=NOON) == Rest("it is not refreshed by time")


def test_every_fetch_says_why():
    whys = [
        due(subject(), intact=True, remembered=None, now=NOON),
        due(synced(subject(), syncedResourceVersion="0-x"), intact=True, remembered=None, now=NOON),
        due(synced(subject()), intact=False, remembered=None, now=NOON),
        due(synced(subject()), intact=True, remembered=None, now=NOON + HOUR),
        due(synced(subject(), NOON + HOUR), intact=True, remembered=None, now=NOON),
    ]
    assert all(isinstance(why, Fetch) for why in whys)
    assert len({why.why for why in whys}) == 5
