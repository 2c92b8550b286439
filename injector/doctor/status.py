"""Reads parts of manifests that all judges ask for: conditions, times, events. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any


def last_warning(events: Sequence[Mapping[str, Any]]) -> str:
    """The message of the newest event that is a warning."""
    warnings = [event for event in events if event.get("type") == "Warning"]
    newest = max(warnings, key=last_seen, default={})
    return " ".join(str(newest.get("message") or "").split())


def last_seen(event: Mapping[str, Any]) -> str:
    """When it happened last, as the API writes it: later is greater."""
    return str(event.get("lastTimestamp") or event.get("eventTime") or "")


def condition(manifest: Mapping[str, Any], kind: str) -> Mapping[str, Any] | None:
    """The condition of this type, if the status has one."""
    conditions = (manifest.get("status") or {}).get("conditions") or ()
    return next((each for each in conditions if each.get("type") == kind), None)


def age(manifest: Mapping[str, Any], now: datetime) -> timedelta:
    """Since it was created."""
    created = moment((manifest.get("metadata") or {}).get("creationTimestamp"))
    return now - created if created else timedelta.max


def moment(text: Any) -> datetime | None:
    """A time as the API writes it; None where it is none."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else None


def words(length: timedelta) -> str:
    """`3 h 20 min`."""
    minutes = int(length.total_seconds() // 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
