"""What the status of an ExternalSecret says after a reconcile, and when to come back. Pure: a decision that was carried
out in, a status or None out; `apply` writes it.

`refreshTime` is a heartbeat, not a log: where nothing else changed it is written at most once per
max(refreshInterval, 10 min). It is late enough to be cheap and early enough that a restart reads little anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from controller.condition import Ready, ready_of, with_ready
from controller.external_secret.decision import Decision, Keep, Retry
from controller.external_secret.due import comes_back
from controller.external_secret.subject import Subject
from controller.timestamps import print_time

HEARTBEAT = timedelta(minutes=10)
EARLY = timedelta(seconds=5)
"""Reconciles don't start at the same fraction of a second; a heartbeat that is this little early is on time."""

Status = Mapping[str, Any]


def next_status(subject: Subject, decision: Decision, now: datetime) -> Status | None:
    """The whole new status; None where it stays as it is. `now` is when the reconcile began."""
    current: Status = subject.manifest.get("status") or {}
    status = dict(failed_status(subject.manifest, decision.ready, now) or current)
    if decision.binds:
        status["binding"] = {"name": subject.target_name}
    if decision.synced and (status != current or _beats(subject, decision, now)):
        status |= {"refreshTime": print_time(now), "syncedResourceVersion": subject.version}
    return status if status != current else None


def failed_status(manifest: Mapping[str, Any], ready: Ready | None, now: datetime) -> Status | None:
    """The status of a manifest with this condition, and nothing else changed; None where it has it already. Serves
    those that can't be parsed, too.
    """
    current: Status = manifest.get("status") or {}
    if ready is None or ready_of(current) == ready:
        return None
    return {**current, "conditions": with_ready(current.get("conditions") or (), ready, now)}


def return_at(subject: Subject, decision: Decision, now: datetime) -> datetime | None:
    """When the ExternalSecret is due again; None where that is never, or the queue's back-off decides."""
    match decision.retry:
        case Retry.DUE:
            return comes_back(subject, now, now)
        case Retry.POLL:
            return now + subject.interval if subject.interval else None
        case Retry.BACK_OFF | Retry.CHANGE:
            return None


def _beats(subject: Subject, decision: Decision, now: datetime) -> bool:
    last = subject.refreshed_at
    if last is None or last > now or subject.synced_version != subject.version:
        return True
    if not isinstance(decision.change, Keep) or decision.strays:
        return True
    return now - last + EARLY >= max(subject.interval, HEARTBEAT)
