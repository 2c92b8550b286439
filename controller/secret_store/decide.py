"""What the validation of a store means: condition, event, capabilities, when to come back. Pure; ESO's table.

`gather` says what happened as one of three values: no client could be made, the backend refused, or an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from controller.condition import Event, Ready, describe, shortened
from secretcore.durations import parse_duration
from secretcore.errors import SecretError, Throttled
from secretcore.names import IGNORE_MAINTENANCE_ANNOTATION
from secretcore.provider import Capabilities, Maintenance, Validation


@dataclass(frozen=True, slots=True)
class NoClient:
    """The manifest is wrong, or the login failed."""

    error: SecretError


@dataclass(frozen=True, slots=True)
class Unusable:
    """The client was made, and the backend said that the store can't be used."""

    error: SecretError


@dataclass(frozen=True, slots=True)
class Validated:
    """The backend was asked."""

    validation: Validation
    capabilities: Capabilities


_UPKEEP = {
    "NotMaintained": ("StoreUnmaintained", "isn't currently maintained"),
    "Deprecated": ("StoreDeprecated", "is deprecated and will stop working on the next major version"),
}
Outcome = NoClient | Unusable | Validated


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to say of a store."""

    ready: Ready
    event: Event
    capabilities: Capabilities | None = None
    """None leaves them as they are."""
    retry_after: float | None = None
    """Seconds for which the backend asked to be left alone."""

    @property
    def failed(self) -> bool:
        """Whether to come back by back-off."""
        return self.ready.status == "False"


def decide(outcome: Outcome) -> Verdict:
    """The verdict on what happened."""
    match outcome:
        case NoClient(error):
            return _invalid("unable to create client", error)
        case Unusable(error):
            return _invalid("unable to validate store", error)
        case Validated(Validation(known=False, reason=reason)) if reason:
            message = shortened(f"could not determine validation status: {reason}")
            return Verdict(
                Ready("True", "ValidationUnknown", message), Event("Warning", "ValidationUnknown", shortened(reason))
            )
        case Validated(_, capabilities):
            return Verdict(
                Ready("True", "Valid", "store validated"), Event("Normal", "Valid", "store validated"), capabilities
            )


def upkeep(manifest: Mapping[str, Any], maintenance: Maintenance) -> Event | None:
    """What to tell of a provider that nobody maintains, unless the store's annotation says that this is known."""
    annotations = manifest["metadata"].get("annotations") or {}
    if maintenance == "Maintained" or annotations.get(IGNORE_MAINTENANCE_ANNOTATION) == "true":
        return None
    reason, fact = _UPKEEP[maintenance]
    return Event("Warning", reason, f"store {fact}. Please plan and prepare accordingly.")


def interval(spec: dict[str, Any], default: timedelta) -> timedelta:
    """Between two validations: `spec.refreshInterval` in seconds or as a duration where it is one, else the default, of
    which 0 is never.
    """
    match spec.get("refreshInterval"):
        case int() as seconds if seconds > 0:
            return timedelta(seconds=seconds)
        case str() as text:
            try:
                length = timedelta(microseconds=parse_duration(text) / 1000)
            except ValueError:
                return default
            return length if length > timedelta(0) else default
        case _:
            return default


def _invalid(message: str, error: SecretError) -> Verdict:
    detail = describe(error)
    return Verdict(
        Ready("False", "InvalidProviderConfig", shortened(f"{message}: {detail}")),
        Event("Warning", "InvalidProviderConfig", shortened(detail)),
        retry_after=error.retry_after if isinstance(error, Throttled) else None,
    )
