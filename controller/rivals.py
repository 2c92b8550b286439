"""Notices that ESO's controller works on what this one works on: both at once undo each other's work, in turns.

`view` shows it every object of a kind that both serve, whole, as watches and our own writes bring it; it tells an event
on the object, a line in the log and a number in `/metrics`. Nothing is asked for: who wrote a status, and when, is in
`metadata.managedFields`, which the view drops only after this. An ESO that serves other stores (by class) writes no
status of ours and is no rival.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from controller.condition import Event
from controller.report import Recorder
from kubecore.cache import Key, key_of
from kubecore.wire import Manifest
from secretcore.field_managers import written_at
from secretcore.names import OPERATOR

log = logging.getLogger(__name__)

QUIET = 600.0
"""Seconds for which a namespace is told of a rival once."""
TOLD = Event(
    "Warning",
    "OtherController",
    "the External Secrets Operator writes the status of this object too: two controllers at once undo each other's "
    "work | stop one of them, or let them serve stores of different classes (docs/migration.md)",
)


class Rivals:
    """Remembers what ESO wrote before; what it writes while `at_work` says so is a rival's."""

    def __init__(
        self,
        at_work: Callable[[], bool],
        monotonic: Callable[[], float],
        recorder: Recorder,
        count: Callable[[], None],
    ) -> None:
        self._at_work = at_work
        self._monotonic = monotonic
        self._recorder = recorder
        self._count = count
        self._written: dict[tuple[str, Key], tuple[str, str]] = {}
        """UID, and when ESO wrote last, of the objects that it ever wrote to."""
        self._told: dict[str, float] = {}
        """When a namespace was told."""

    def seen(self, manifest: Manifest) -> None:
        """To be called with every object as it is listed, watched or written."""
        at = written_at(manifest, OPERATOR)
        if not at:
            return
        metadata, key = manifest["metadata"], key_of(manifest)
        uid, before = self._written.get((manifest["kind"], key), ("", ""))
        if uid != metadata["uid"]:
            before = ""
        if at <= before:
            return
        self._written[manifest["kind"], key] = (metadata["uid"], at)
        # A backup brings managedFields along, from before the object was made.
        if self._at_work() and at >= metadata["creationTimestamp"]:
            self._tell(manifest, key)

    def gone(self, kind: str, key: Key) -> None:
        """The object is no more."""
        self._written.pop((kind, key), None)

    def _tell(self, manifest: Manifest, key: Key) -> None:
        self._count()
        now = self._monotonic()
        if now - self._told.get(key.namespace, now - QUIET) < QUIET:
            return
        self._told[key.namespace] = now
        self._recorder.event(manifest, TOLD.type, TOLD.reason, TOLD.message)
        facts = {"kind": manifest["kind"], "namespace": key.namespace, "name": key.name}
        log.warning("%s", TOLD.message, extra={"facts": {name: value for name, value in facts.items() if value}})
