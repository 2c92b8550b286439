"""When `spec.syncWindows` lets periodic refreshes happen. Pure; the shells ask before they refresh.

A window is open from an occurrence of its schedule until its duration has passed, both ends included. Schedules are
cron in UTC, or `@every 6h`, which counts from midnight of 1970-01-01. One that can't be read never opens.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cronsim import CronSim, CronSimError

from secretcore.durations import parse_duration
from secretcore.model.external_secret import SyncWindow, SyncWindows

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DESCRIPTORS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


def permits(windows: SyncWindows | None, now: datetime) -> bool:
    """Whether a periodic refresh may happen now."""
    if windows is None or not windows.windows:
        return True
    is_open = any(_closes(window, now) is not None for window in windows.windows)
    return is_open if windows.kind == "allow" else not is_open


def next_change(windows: SyncWindows, now: datetime) -> datetime | None:
    """When it is worth asking again while a refresh is not permitted; None where it never will be."""
    if windows.kind == "allow":
        openings = [_next(window.schedule, now) for window in windows.windows]
        return min((opening for opening in openings if opening), default=None)
    closings = [_closes(window, now) for window in windows.windows]
    closing = max((closing for closing in closings if closing), default=None)
    return closing + timedelta(seconds=1) if closing else None


def _closes(window: SyncWindow, now: datetime) -> datetime | None:
    """When a window that is open closes."""
    opened = _last(window.schedule, now)
    try:
        length = timedelta(microseconds=parse_duration(window.duration) / 1000)
    except ValueError:
        return None
    return opened + length if opened and now <= opened + length else None


def _last(schedule: str, now: datetime) -> datetime | None:
    """The last occurrence that is not after now."""
    if period := _period(schedule):
        return now - (now - _EPOCH) % period
    return _occurrence(schedule, now + timedelta(seconds=1), reverse=True)


def _next(schedule: str, now: datetime) -> datetime | None:
    """The first occurrence after now."""
    if period := _period(schedule):
        return now - (now - _EPOCH) % period + period
    return _occurrence(schedule, now, reverse=False)


def _period(schedule: str) -> timedelta | None:
    """Of `@every`: whole seconds, one at least, as ESO's cron library has it."""
    keyword, _, text = schedule.partition(" ")
    if keyword != "@every":
        return None
    try:
        return timedelta(seconds=max(1, parse_duration(text.strip()) // 1_000_000_000))
    except (ValueError, OverflowError):
        return None


def _occurrence(schedule: str, start: datetime, *, reverse: bool) -> datetime | None:
    fields = _DESCRIPTORS.get(schedule, schedule).replace("?", "*")
    if len(fields.split()) != 5:
        return None
    try:
        return next(CronSim(fields, start.astimezone(UTC), reverse=reverse))
    except (CronSimError, StopIteration, OverflowError):
        return None
