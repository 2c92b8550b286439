"""The condition Ready and the events of stores and ExternalSecrets, as values. Pure; the `decide` modules make them,
the `status` modules place them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from controller.timestamps import print_time
from secretcore.errors import FetchFailed, SecretError

LONGEST = 1024
"""Bytes of a message: the API server refuses events with a longer note."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The condition Ready: status, reason and message."""

    status: Literal["True", "False"]
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Event:
    """An event to tell on the object."""

    type: Literal["Normal", "Warning"]
    reason: str
    message: str


def ready_of(status: Mapping[str, Any]) -> Ready | None:
    """The condition Ready of a status, if it has one."""
    for condition in status.get("conditions") or ():
        if condition.get("type") == "Ready":
            return Ready(condition.get("status"), condition.get("reason") or "", condition.get("message") or "")
    return None


def with_ready(conditions: Sequence[Mapping[str, Any]], ready: Ready, now: datetime) -> list[Mapping[str, Any]]:
    """The conditions with this one in its place. lastTransitionTime moves only when the status flips."""
    current = next((condition for condition in conditions if condition.get("type") == "Ready"), None)
    since = print_time(now)
    if current and current.get("status") == ready.status:
        since = current.get("lastTransitionTime") or since
    mine = {
        "type": "Ready",
        "status": ready.status,
        "reason": ready.reason,
        "message": ready.message,
        "lastTransitionTime": since,
    }
    if current is None:
        return [*conditions, mine]
    return [mine if condition is current else condition for condition in conditions]


def describe(error: SecretError) -> str:
    """An error as a sentence with what to do about it."""
    if isinstance(error, FetchFailed):
        remedies = dict.fromkeys(failure.error.remedy for failure in error.failures if failure.error.remedy)
        return " | ".join((str(error), *remedies))
    return f"{error} | {error.remedy}" if error.remedy else str(error)


def shortened(text: str) -> str:
    """At most as long as the API server takes it."""
    raw = text.encode()
    return text if len(raw) <= LONGEST else raw[: LONGEST - 3].decode(errors="ignore") + "…"
