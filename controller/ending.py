"""How long a stop may take, as a whole and step by step. Pure: `app` begins an `Ending` at the signal, and each step of
`app` and `loop` asks it for what is left.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

GRACE = 10.0
"""Seconds that the process has to end in, by its own promise; Kubernetes gives 30 unless told otherwise."""


class Step(Enum):
    """By how many seconds after the signal it is over, whatever came before it took. What ends early leaves its time
    to the next; nobody takes that of who comes after.
    """

    WORK = 4.5
    """Reconciles under way end by themselves."""
    CANCELLED = 5.0
    """Those that did not are cancelled, and let go of what they hold."""
    LOGOUT = 6.5
    """The sessions with stores are closed."""
    RELEASE = 8.0
    """The lease is given back."""
    EVENTS = 8.5
    """The last events are told."""
    ALL = 9.0
    """Connections are closed; what still runs then is left behind."""


class Ending:
    """One stop, from now on. `monotonic` gives seconds."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._began = monotonic()

    def left(self, step: Step) -> float:
        """Seconds that a step has; 0 when its time is over."""
        return max(0.0, step.value - (self._monotonic() - self._began))
