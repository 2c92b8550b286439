"""A fault-injecting reverse proxy that speaks real HTTP/1.1, over TLS if asked.

It stands between a client and a real server, or answers by itself, and does to each request what the test
scripted (`on`, `always`); what no script matches is passed on. It records every request. It runs on a
thread with a loop of its own, so asynchronous tests, synchronous tests and other processes can all talk to
it. Whatever time a fault takes is decided by the client's own time-out or by the test, never here.
"""

import asyncio
import re
import ssl
import threading
import time
from collections import Counter, deque
from collections.abc import Coroutine
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import urlsplit

from tests.support.fault_exchange import Exchange, Upstream, reset
from tests.support.fault_kinds import Fault, Forward, status
from tests.support.http1 import Head, Headers, raw_body, read_head, unframed

T = TypeVar("T")


@dataclass(frozen=True)
class Recorded:
    """One request as it arrived; `path` is without the query, `body` without its framing, `at` is seconds of a clock
    that all proxies share.
    """

    method: str
    path: str
    query: str
    headers: Headers
    body: bytes
    at: float = field(default_factory=time.monotonic)

    @property
    def target(self) -> str:
        """Path and query, which is what the pattern of a script is looked for in."""
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass
class Script:
    """What is to happen to requests of this method whose path and query match the pattern."""

    method: str
    pattern: re.Pattern[str]
    faults: deque[Fault]
    repeat: bool = False
    met: int = 0
    """How many requests got a fault of it."""

    def next_for(self, method: str, target: str) -> Fault | None:
        if not self.faults or self.method not in ("*", method) or not self.pattern.search(target):
            return None
        self.met += 1
        return self.faults[0] if self.repeat else self.faults.popleft()


class FaultProxy:
    """Listens from construction to `stop()`; also a context manager.

    `upstream` is a base URL such as `http://127.0.0.1:8200`; without one, every request that no script
    matches is answered 404. `upstream_tls` verifies an https upstream; `tls` makes the proxy itself speak
    TLS.
    """

    def __init__(
        self,
        upstream: str | None = None,
        *,
        upstream_tls: ssl.SSLContext | None = None,
        tls: ssl.SSLContext | None = None,
        port: int = 0,
    ) -> None:
        self.requests: list[Recorded] = []
        self._scripts: list[Script] = []
        self._upstream = None if upstream is None else Upstream(urlsplit(upstream), upstream_tls)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault-proxy", daemon=True)
        self._thread.start()
        self._connections: set[asyncio.Task[None]] = set()
        self._listener = self._call(asyncio.start_server(self._connected, "127.0.0.1", port, ssl=tls, limit=2**20))
        self.port: int = self._listener.sockets[0].getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"

    def on(self, path: str, *faults: Fault, method: str = "*") -> Script:
        """The next requests whose path and query match the regular expression `path` get these faults, in
        order; what is returned tells whether they did.
        """
        return self._scripted(Script(method, re.compile(path), deque(faults)))

    def always(self, path: str, fault: Fault, *, method: str = "*") -> Script:
        """Every request that matches gets this fault, until `clear()`; scripts of `on` made earlier go
        first.
        """
        return self._scripted(Script(method, re.compile(path), deque([fault]), repeat=True))

    def _scripted(self, script: Script) -> Script:
        self._scripts.append(script)
        return script

    def clear(self) -> None:
        """Forget all scripts and what was recorded."""
        self._scripts.clear()
        self.requests.clear()

    @property
    def counts(self) -> Counter[tuple[str, str]]:
        """How many requests came, by (method, path)."""
        return Counter((request.method, request.path) for request in list(self.requests))

    def reset_connections(self) -> None:
        """Reset every open connection, as a broken network path would."""
        self._call(self._end_connections())

    def stop(self) -> None:
        if self._loop.is_closed():
            return
        self._call(self._close_listener())
        self._call(self._end_connections())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _call(self, work: Coroutine[None, None, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _close_listener(self) -> None:
        self._listener.close()

    async def _end_connections(self) -> None:
        tasks = list(self._connections)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for _ in range(3):  # what was aborted is closed in the loop's next rounds
            await asyncio.sleep(0)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            while (head := await read_head(reader)) is not None and await self._exchange(head, reader, writer):
                pass
        except asyncio.CancelledError:
            reset(writer)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass  # the client went away
        finally:
            self._connections.discard(task)
            writer.close()
            try:
                await writer.wait_closed()
            except (ConnectionError, ssl.SSLError):
                pass
            except asyncio.CancelledError:
                reset(writer)

    async def _exchange(self, head: Head, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Deal with one request; returns whether the connection can carry another."""
        method, target, _ = head.start
        raw = b"".join([part async for part in raw_body(reader, head.headers, until_closed=False)])
        path, _, query = target.partition("?")
        self.requests.append(Recorded(method, path, query, head.headers, unframed(raw, head.headers)))
        unscripted = status(404) if self._upstream is None else Forward()
        scripted = (script.next_for(method, target) for script in self._scripts)
        fault = next((fault for fault in scripted if fault is not None), unscripted)
        return await Exchange(self._upstream, head, raw, reader, writer).perform(fault)
