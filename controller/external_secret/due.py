"""The first question of a reconcile: is there anything to do? Pure: an ExternalSecret, whether its Secret is intact and
the time in, one of four answers out. `reconciler` obeys.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from controller.external_secret.subject import Subject
from kubecore.workqueue import next_refresh
from secretcore.windows import next_change, permits


@dataclass(frozen=True, slots=True)
class Fetch:
    """Read the stores and bring the Secret up to date."""

    why: str


@dataclass(frozen=True, slots=True)
class Rest:
    """Nothing to do until then, or, with None, until something changes."""

    why: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Finish:
    """The ExternalSecret is being deleted."""

    why: str = "the ExternalSecret is being deleted"


Due = Fetch | Rest | Finish


def due(
    subject: Subject, *, intact: bool, remembered: datetime | None, now: datetime, templates_changed: bool = False
) -> Due:
    """What an ExternalSecret asks for now.

    `templates_changed` is whether a ConfigMap or Secret that its template reads is another than the one rendered last.
    `intact` is `Secret.is_intact` of its target, False where there is none. `remembered` is when this process last
    refreshed it, which may be later than `status.refreshTime` says: that one is written less often.
    """
    if subject.being_deleted:
        return Finish()
    if why := _changed(subject, now):
        return Fetch(why)
    if templates_changed and subject.spec.refresh_policy != "CreatedOnce":
        return Fetch("what its template reads changed")
    if not _is_valid(subject, intact=intact):
        return Fetch("the Secret is missing or was changed")
    return _by_time(subject, remembered, now)


def comes_back(subject: Subject, refreshed_at: datetime, now: datetime) -> datetime | None:
    """When an ExternalSecret is due by time alone, after a refresh. Never before now; None for never."""
    if subject.spec.refresh_policy in ("CreatedOnce", "OnChange") or not subject.interval:
        return None
    at = next_refresh(subject.uid, subject.interval.total_seconds(), refreshed_at.timestamp())
    return max(now, datetime.fromtimestamp(at, UTC))


def _changed(subject: Subject, now: datetime) -> str:
    """Why it must be read again whatever the time is; empty where it need not."""
    refreshed_at = subject.refreshed_at
    if not subject.synced_version or refreshed_at is None:
        return "it was never synced"
    if subject.spec.refresh_policy == "CreatedOnce":
        return ""
    if subject.synced_version != subject.version:
        return "its spec, labels or annotations changed"
    if subject.spec.refresh_policy != "OnChange" and subject.interval and refreshed_at > now:
        return "its refreshTime is in the future"
    return ""


def _is_valid(subject: Subject, *, intact: bool) -> bool:
    """Whether the Secret may stay as it is. Nobody repairs an Orphan, and None has no Secret."""
    return intact or subject.spec.target.creation_policy in ("Orphan", "None")


def _by_time(subject: Subject, remembered: datetime | None, now: datetime) -> Due:
    known = [time for time in (subject.refreshed_at, remembered) if time and time <= now]
    last = max(known, default=datetime(1970, 1, 1, tzinfo=UTC))
    at = comes_back(subject, last, last)
    if at is None:
        return Rest("it is not refreshed by time")
    if now < at:
        return Rest("it is not due yet", at)
    windows = subject.spec.sync_windows
    if windows and not permits(windows, now):
        return Rest("its sync windows do not permit it now", next_change(windows, now))
    return Fetch("its refreshInterval has passed")
