"""What the status of a store says after a validation. Pure; `apply` writes it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from controller.condition import Event, ready_of, with_ready
from controller.secret_store.decide import Verdict

Status = Mapping[str, Any]


def next_status(manifest: Mapping[str, Any], verdict: Verdict, now: datetime) -> Status | None:
    """The whole new status; None where it stays as it is."""
    current: Status = manifest.get("status") or {}
    status = dict(current)
    if ready_of(current) != verdict.ready:
        status["conditions"] = with_ready(current.get("conditions") or (), verdict.ready, now)
    if verdict.capabilities:
        status["capabilities"] = verdict.capabilities
    return status if status != current else None


def news(manifest: Mapping[str, Any], verdict: Verdict) -> Event | None:
    """The event, where it says what the status did not say before, or something is wrong."""
    if verdict.event.type == "Normal" and ready_of(manifest.get("status") or {}) == verdict.ready:
        return None
    return verdict.event
