"""Keeps a `kubecore.cache.Cache` like the server's collection: list, then watch, then watch again, whatever
breaks.

The server's answers come from a `kubecore.verbs.Client`; every change goes to the `handle` of whoever made
the reflector, mostly to put a key into a work queue. A watch resumes where it ended; only when the server
no longer knows that version (410), and from time to time to make good for events that got lost, everything
is listed anew.
"""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from typing import NoReturn, cast

from kubecore.cache import Cache, Change, compact
from kubecore.errors import ApiError, Gone
from kubecore.resources import Resource
from kubecore.verbs import Client
from kubecore.wire import ALL, Event, Manifest, Selector

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds
SHORTEST_WATCH = 1.0  # seconds: one that tells nothing and ends sooner counts as a failure
WATCH = 300  # seconds the server is asked to keep a watch open, and up to twice as long
IDLE = 150.0  # seconds of silence after which a stream is taken for dead; a bookmark comes each minute
RELIST = 3600.0  # seconds after which the end of a watch is followed by a new list


def pause_before_retry(failures: int, error: ApiError | None, spread: float) -> float:
    """Seconds to wait after `failures` (at least 1) in a row: doubling, spread over its upper half by
    `spread` in [0, 1), never less than what the server asked for.
    """
    longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(failures - 1, 10))
    wished = error.retry_after if error is not None and error.retry_after is not None else 0.0
    return max(wished, longest * (0.5 + spread / 2))


@dataclass(frozen=True)
class Collection:
    """What to keep a copy of: of all namespaces when `namespace` is "", without spec, data and status if
    `metadata_only`."""

    resource: Resource
    namespace: str = ""
    selector: Selector = ALL
    metadata_only: bool = False


class Reflector:
    """`cache` is the copy, `synced` is set once it has been whole, `error` says what is wrong now ("" if
    nothing).

    `shrink` makes of each manifest what is kept; the default drops managedFields and shares strings.
    `handle` is called for each change, on the event loop, in order."""

    def __init__(
        self,
        client: Client,
        collection: Collection,
        handle: Callable[[Change], None],
        *,
        shrink: Callable[[Manifest], Manifest] = compact,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        idle_seconds: float = IDLE,
        relist_seconds: float = RELIST,
    ) -> None:
        self.cache = Cache()
        self.synced = asyncio.Event()
        self.error = ""
        self._client = client
        self._collection = collection
        self._handle = handle
        self._shrink = shrink
        self._pause = pause
        self._idle_seconds = idle_seconds
        self._relist_seconds = relist_seconds
        self._version = ""
        self._listed_at = 0.0
        self._failures = 0

    async def run(self) -> NoReturn:
        """Keep the copy until cancelled; raises only what `handle` and `shrink` raise."""
        while True:
            try:
                await self._follow()
            except Gone as error:
                self._version = ""
                await self._failed(error)
            except ApiError as error:
                await self._failed(error)

    async def _follow(self) -> None:
        now = asyncio.get_running_loop().time
        if not self._version or now() - self._listed_at > self._relist_seconds:
            await self._list()
        began = now()
        if await self._watch() or now() - began > SHORTEST_WATCH:
            self._recovered()
        else:
            await self._failed(None)

    async def _failed(self, error: ApiError | None) -> None:
        self._failures += 1
        self.error = str(error or f"watch {self._collection.resource.plural}: ended at once without an event")
        seconds = pause_before_retry(self._failures, error, random.random())  # noqa: S311 - no secret
        log.log(
            logging.WARNING if self._failures > 1 else logging.INFO,
            "%s; again in %.1f s",
            self.error,
            seconds,
        )
        await self._pause(seconds)

    def _recovered(self) -> None:
        self._failures = 0
        self.error = ""

    async def _list(self) -> None:
        version, kept = "", []
        what = self._collection
        pages = self._client.pages(what.resource, what.namespace, what.selector, metadata_only=what.metadata_only)
        async for page in pages:
            version = page.resource_version
            kept += [self._shrink(item) for item in page.items]
        self._version, self._listed_at = version, asyncio.get_running_loop().time()
        self._tell(self.cache.replace(kept))
        self.synced.set()

    async def _watch(self) -> bool:
        """Follow the changes until the server ends the watch; returns whether it told anything."""
        told, what = False, self._collection
        events = self._client.watch(
            what.resource,
            what.namespace,
            what.selector,
            resource_version=self._version,
            metadata_only=what.metadata_only,
            seconds=int(WATCH * (1 + random.random())),  # noqa: S311 - spreads reconnects, no secret
            idle_seconds=self._idle_seconds,
        )
        try:
            async for event in events:
                told = True
                self._recovered()
                self._take(event)
        finally:
            await cast("AsyncGenerator[Event, None]", events).aclose()
        return told

    def _take(self, event: Event) -> None:
        version = event.object["metadata"]["resourceVersion"]
        if event.type != "BOOKMARK" and not self.cache.knows(event):
            self._tell(self.cache.apply(Event(event.type, self._shrink(event.object))))
        self._version = version

    def _tell(self, changes: list[Change]) -> None:
        for change in changes:
            self._handle(change)
