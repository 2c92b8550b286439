"""When this process was told of the ExternalSecrets as they are now: no answer of a store that was asked for earlier is
good enough for them. `loop` has it told what the watch tells; `external_secret.gather` asks.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from kubecore.cache import Change, Key
from kubecore.wire import Manifest

FRESH = 10.0
"""Seconds that an answer may be old at most."""


class Told:
    """Times are of the clock that it is given. One that is `FRESH` seconds ago is as good as none, and dropped."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._at: dict[Key, float] = {}

    def changed(self, change: Change) -> None:
        """To be called with every change of an ExternalSecret, as it arrives."""
        if change.new is None:
            self._at.pop(change.key, None)
        elif change.old is None or _wants(change.old) != _wants(change.new):
            self._at[change.key] = self._monotonic()

    def not_before(self, key: Key, interval: float) -> float:
        """When a read must have begun at the earliest to serve this ExternalSecret, whose `refreshInterval` is this
        many seconds, 0 for none.
        """
        window = min(interval / 4, FRESH) if interval > 0 else FRESH
        return max(self._at.get(key, -math.inf), self._monotonic() - window)

    def sweep(self) -> None:
        """Drop what makes no difference any more."""
        before = self._monotonic() - FRESH
        for key in [key for key, at in self._at.items() if at < before]:
            del self._at[key]


def _wants(manifest: Manifest) -> tuple[Any, ...]:
    """What of an ExternalSecret makes it another: spec, labels, annotations."""
    metadata = manifest["metadata"]
    return metadata.get("generation"), metadata.get("labels"), metadata.get("annotations")
