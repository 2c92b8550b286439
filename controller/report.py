"""Tells what a reconcile did: events on the object, series in `/metrics`, one line in the log. Never a value."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, Protocol

from controller.condition import Event, Ready, ready_of
from controller.metrics import Metrics
from kubecore.cache import Key, key_of
from kubecore.wire import Manifest

log = logging.getLogger("controller.reconcile")


class Recorder(Protocol):
    """Where events go: `kubecore.events.Recorder`."""

    def event(self, manifest: Manifest, type_: str, reason: str, message: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Report:
    """For objects of one kind."""

    kind: str
    metrics: Metrics
    recorder: Recorder

    def event(self, manifest: Manifest, event: Event) -> None:
        self.recorder.event(manifest, event.type, event.reason, event.message)

    def ready(self, manifest: Manifest, ready: Ready) -> None:
        """What the condition says from now on."""
        self.metrics.ready(self.kind, key_of(manifest), ready, manifest["metadata"].get("labels") or {})

    def state(self, manifest: Manifest) -> None:
        """What the condition says anyhow: the series begin anew with every process."""
        ready = ready_of(manifest.get("status") or {})
        if ready is not None:
            self.ready(manifest, ready)

    def gone(self, key: Key) -> None:
        """The object is no more."""
        self.metrics.gone(self.kind, key)

    def line(self, manifest: Manifest, why: str, **facts: Any) -> None:
        """One line per reconcile that did something."""
        key = key_of(manifest)
        log.info("%s", why, extra={"facts": _named(self.kind, key) | facts})


def _named(kind: str, key: Key) -> dict[str, Any]:
    return {"kind": kind, **({"namespace": key.namespace} if key.namespace else {}), "name": key.name}
