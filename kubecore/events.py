"""Events on objects, as `kubectl describe` shows them: repeated ones are counted up, floods are cut off.

`Correlator` is the pure part and decides what to write; `Recorder` takes events from anywhere on the event
loop without making anyone wait, and writes them with a `kubecore.verbs.Client`. Events are best effort:
what cannot be written is dropped, counted in `dropped` and logged.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from typing import NamedTuple, NoReturn

from kubecore.errors import ApiError, NamespaceTerminating, NotFound
from kubecore.resources import EVENTS
from kubecore.verbs import Client
from kubecore.wire import Manifest

log = logging.getLogger(__name__)

LONGEST_MESSAGE = 1024  # characters, the API's limit
REMEMBERED = 4096  # events and objects, as in client-go
FORGOTTEN = 3600.0  # seconds: the API server keeps events for an hour
BURST, PER_SECOND = 25, 1 / 300  # events per object at once, and after that
PENDING = 1000  # different events that may wait to be written


class Told(NamedTuple):
    """What happened to which object. Two equal ones are the same event, counted."""

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str
    type: str
    reason: str
    message: str


@dataclass(frozen=True)
class Written:
    """An event that is on the server: its name, how often it happened, when first and last."""

    name: str
    count: int
    first: float
    last: float


class Correlator:
    """Remembers what was written. `now` is seconds since the epoch."""

    def __init__(self) -> None:
        self._made = count()  # two events of one moment need two names
        self._written: OrderedDict[Told, Written] = OrderedDict()
        self._tokens: OrderedDict[tuple[str, ...], tuple[float, float]] = OrderedDict()

    def allow(self, told: Told, now: float) -> bool:
        """Whether the object has events left: 25, and one more every five minutes."""
        of = told[:5]
        left, since = self._tokens.pop(of, (float(BURST), now))
        left = min(float(BURST), left + max(0.0, now - since) * PER_SECOND)
        self._tokens[of] = (left - 1 if left >= 1 else left, now)
        _trim(self._tokens)
        return left >= 1

    def next(self, told: Told, times: int, now: float) -> Written:
        """What the event becomes when it has happened `times` more: a new one unless the server still has
        it.
        """
        before = self._written.get(told)
        if before is None or now - before.last > FORGOTTEN:
            unique = f".{int(now * 1e9) + next(self._made):x}"
            return Written(told.name[: 253 - len(unique)] + unique, times, now, now)
        return replace(before, count=before.count + times, last=now)

    def wrote(self, told: Told, written: Written) -> None:
        self._written[told] = written
        self._written.move_to_end(told)
        _trim(self._written)

    def forget(self, told: Told) -> None:
        """The server does not have it any more."""
        self._written.pop(told, None)


def _trim(memory: "OrderedDict[Told, Written] | OrderedDict[tuple[str, ...], tuple[float, float]]") -> None:
    while len(memory) > REMEMBERED:
        memory.popitem(last=False)


def told_about(manifest: Manifest, type_: str, reason: str, message: str) -> Told:
    """The event of an object; `type_` is Normal or Warning, `reason` a word in CamelCase."""
    metadata = manifest["metadata"]
    return Told(
        manifest["apiVersion"],
        manifest["kind"],
        metadata.get("namespace", ""),
        metadata["name"],
        metadata.get("uid", ""),
        type_,
        reason,
        message[:LONGEST_MESSAGE],
    )


def event_manifest(told: Told, written: Written, component: str) -> Manifest:
    """The Event object, of the core group, as client-go's recorder writes it."""
    involved = {
        "apiVersion": told.api_version,
        "kind": told.kind,
        "namespace": told.namespace,
        "name": told.name,
        "uid": told.uid,
    }
    return {
        "metadata": {"name": written.name, "namespace": _namespace(told)},
        "involvedObject": {key: value for key, value in involved.items() if value},
        "type": told.type,
        "reason": told.reason,
        "message": told.message,
        "source": {"component": component},
        "reportingComponent": component,
        "count": written.count,
        "firstTimestamp": _timestamp(written.first),
        "lastTimestamp": _timestamp(written.last),
    }


def _namespace(told: Told) -> str:
    return told.namespace or "default"


def _timestamp(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Recorder:
    """Run `run` as a task; `component` is the name that events are reported under."""

    def __init__(self, client: Client, component: str, *, clock: Callable[[], float] = time.time) -> None:
        self.dropped = 0
        self._client = client
        self._component = component
        self._clock = clock
        self._correlator = Correlator()
        self._pending: OrderedDict[Told, int] = OrderedDict()
        self._news = asyncio.Event()

    def event(self, manifest: Manifest, type_: str, reason: str, message: str) -> None:
        """Have an event written on an object (its apiVersion, kind and metadata are read now)."""
        told = told_about(manifest, type_, reason, message)
        full = told not in self._pending and len(self._pending) >= PENDING
        if full or not self._correlator.allow(told, self._clock()):
            self.dropped += 1
            return
        self._pending[told] = self._pending.get(told, 0) + 1
        self._news.set()

    async def run(self) -> NoReturn:
        """Write what comes until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            await self.flush()

    async def flush(self) -> None:
        """Write what is waiting; for the end, after `run` was cancelled."""
        while self._pending:
            told, times = self._pending.popitem(last=False)
            try:
                await self._write(told, times)
            except NamespaceTerminating:
                continue
            except ApiError as error:
                self.dropped += 1
                log.info("event %s of %s %s/%s: %s", told.reason, told.kind, told.namespace, told.name, error)

    async def _write(self, told: Told, times: int) -> None:
        written = self._correlator.next(told, times, self._clock())
        if written.count > times:
            body = {"count": written.count, "lastTimestamp": _timestamp(written.last)}
            try:
                await self._client.patch(EVENTS, written.name, _namespace(told), body=body)
            except NotFound:
                self._correlator.forget(told)
                await self._write(told, times)
                return
        else:
            await self._client.create(EVENTS, event_manifest(told, written, self._component), _namespace(told))
        self._correlator.wrote(told, written)
