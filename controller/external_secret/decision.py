"""What a reconcile decides, as values: the change to make, and what to say once it is made. `decide` builds them,
`apply` carries them out, `status` tells the user.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from controller.condition import Event, Ready
from secretcore.target.secret import Secret


@dataclass(frozen=True, slots=True)
class Create:
    """Make the Secret; there is none."""

    secret: Secret
    why: str


@dataclass(frozen=True, slots=True)
class Update:
    """Replace the Secret, if it is still the one that was read."""

    secret: Secret
    why: str


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete the Secret, if it is still the one that was read (metadata suffice)."""

    secret: Secret
    why: str


@dataclass(frozen=True, slots=True)
class Keep:
    """Leave things as they are."""

    why: str


Change = Create | Update | Delete | Keep


class Retry(Enum):
    """When to come back after all is done."""

    DUE = "when the next refresh is due"
    POLL = "after the refreshInterval, whatever the refreshPolicy is"
    BACK_OFF = "soon, later with every failure"
    CHANGE = "when the ExternalSecret or the Secret changes"


@dataclass(frozen=True, slots=True)
class Decision:
    """A change with everything that goes with it."""

    change: Change
    ready: Ready | None
    """None leaves the condition as it is."""
    events: tuple[Event, ...] = ()
    strays: tuple[Delete, ...] = ()
    """Secrets of earlier target names, to be deleted once the change is made."""
    binds: bool = False
    """Whether `status.binding` names the Secret from now on."""
    retry: Retry = Retry.DUE
    retry_after: float | None = None
    """Seconds that a store asked to be left alone."""

    @property
    def synced(self) -> bool:
        """Whether refreshTime and syncedResourceVersion may follow."""
        return self.ready is not None and self.ready.status == "True"

    def telling(self, event: Event) -> Decision:
        """The same, with one more event."""
        return replace(self, events=(*self.events, event))
