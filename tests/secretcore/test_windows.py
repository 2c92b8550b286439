"""Sync windows: when a periodic refresh may happen, and when it is worth asking again."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretcore.model.external_secret import SyncWindow, SyncWindows
from secretcore.windows import next_change, permits


def windows(kind, *pairs):
    return SyncWindows(kind=kind, windows=tuple(SyncWindow(schedule=s, duration=d) for s, d in pairs))


def at(text):
    return datetime.fromisoformat(f"2026-08-{text}+00:00")  # 2026-08-08 is a Saturday


@pytest.mark.parametrize(
    ("schedule", "duration", "now", "is_open"),
    [
        ("0 9 * * *", "1h", "08T08:59:59", False),
        ("0 9 * * *", "1h", "08T09:00:00", True),
        ("0 9 * * *", "1h", "08T10:00:00", True),  # both ends included
        ("0 9 * * *", "1h", "08T10:00:01", False),
        ("0 22 * * *", "8h", "08T03:00:00", True),  # since yesterday
        ("0 9 * * 1-5", "1h", "08T09:30:00", False),
        ("0 9 * * SAT", "1h", "08T09:30:00", True),
        ("0 9 1 * *", "240h", "08T09:30:00", True),
        ("0 9 1 * 6", "1h", "08T09:30:00", True),  # day of month or day of week
        ("*/15 * * * *", "1m", "08T09:31:00", True),
        ("*/15 * * * *", "1m", "08T09:32:00", False),
        ("0 9 ? * ?", "1h", "08T09:30:00", True),
        ("@daily", "1h", "08T00:30:00", True),
        ("@midnight", "1h", "08T01:30:00", False),
        ("@hourly", "5m", "08T09:05:00", True),
        ("@weekly", "1h", "09T00:30:00", True),
        ("@monthly", "1h", "01T00:30:00", True),
        ("@yearly", "6000h", "01T00:30:00", True),
        ("@annually", "1h", "01T00:30:00", False),
        ("@every 6h", "1h", "08T06:30:00", True),
        ("@every 6h", "1h", "08T07:30:00", False),
        ("@every 0.1s", "1s", "08T07:30:00", True),
        ("@every nonsense", "1h", "08T00:00:00", False),
        ("0 9 * *", "1h", "08T09:30:00", False),
        ("99 9 * * *", "1h", "08T09:30:00", False),
        ("0 0 30 2 *", "1h", "08T09:30:00", False),
        ("a b c d e", "1h", "08T09:30:00", False),
        ("@reboot", "1h", "08T09:30:00", False),
        ("0 9 * * *", "an hour", "08T09:30:00", False),
    ],
)
def test_a_window_is_open_from_an_occurrence_for_its_duration(schedule, duration, now, is_open):
    assert permits(windows("allow", (schedule, duration)), at(now)) is is_open
    assert permits(windows("deny", (schedule, duration)), at(now)) is not is_open


def test_without_windows_everything_is_permitted():
    assert permits(None, at("08T09:00:00"))
    assert permits(SyncWindows(kind="allow", windows=()), at("08T09:00:00"))


def test_any_open_window_counts():
    pair = (("0 9 * * *", "1h"), ("0 12 * * *", "1h"))
    assert [permits(windows("allow", *pair), at(f"08T{hour}:30:00")) for hour in ("09", "11", "12")] == [
        True,
        False,
        True,
    ]


def test_schedules_are_utc_whatever_the_zone_of_now():
    now = datetime(2026, 8, 8, 11, 30, tzinfo=timezone(timedelta(hours=2)))
    assert permits(windows("allow", ("0 9 * * *", "1h")), now)


@pytest.mark.parametrize(
    ("kind", "pairs", "expected"),
    [
        ("allow", [("0 9 * * *", "1h")], "09T09:00:00"),
        ("allow", [("0 9 * * *", "1h"), ("0 18 * * *", "1h")], "08T18:00:00"),
        ("allow", [("@every 1h", "1s")], "08T13:00:00"),
        ("allow", [("nonsense", "1h")], None),
        ("deny", [("0 12 * * *", "1h")], "08T13:00:01"),
        ("deny", [("0 12 * * *", "1h"), ("30 11 * * *", "2h")], "08T13:30:01"),
        ("deny", [("nonsense", "1h")], None),
    ],
)
def test_when_to_ask_again(kind, pairs, expected):
    now = at("08T12:00:01")
    assert next_change(windows(kind, *pairs), now) == (at(expected) if expected else None)


@given(
    st.sampled_from(["allow", "deny"]),
    st.integers(0, 59),
    st.integers(0, 23),
    st.integers(1, 86_398),
    st.timedeltas(timedelta(0), timedelta(days=700)),
)
def test_who_is_held_back_may_refresh_when_told_to_ask_again(kind, minute, hour, seconds, later):
    now = datetime(2026, 1, 1, tzinfo=UTC) + later
    these = windows(kind, (f"{minute} {hour} * * *", f"{seconds}s"))
    if not permits(these, now):
        assert permits(these, next_change(these, now))
