"""What carries httpx's requests to a backend: HTTP/1.1 over asyncio, read and written by h11, connections kept between
requests. `http` gives it to every client, unless the environment names a proxy.

In place of httpx's own, which brings httpcore and anyio: a tenth of the agent's memory and of its start
(docs/design/0006-transport.md).
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial

import h11
import httpx

from secretcore.backends.stream import Stream, open_stream

KEEP_SECONDS = 5.0
"""How long a connection is kept that nobody uses, as in httpx: servers close them after a while, and a request that
crosses with that is lost.
"""
LONGEST_HEAD = 100 * 1024
"""Bytes of an answer's status line and headers."""
PORTS = {"http": 80, "https": 443}

Origin = tuple[str, str, int]
"""Scheme, host and port: what requests must share to share a connection."""


class Transport(httpx.AsyncBaseTransport):
    """Connections to any number of origins, of which `connections` are in use at a time; who comes later waits."""

    def __init__(self, context: ssl.SSLContext | None, connections: int, *, keep_seconds: float = KEEP_SECONDS) -> None:
        self._context, self._keep_seconds = context, keep_seconds
        self._slots = asyncio.Semaphore(connections)
        self._idle: dict[Origin, list[_Connection]] = {}
        self._is_open = True

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer, its body still to be read. Raises `httpx.TransportError`."""
        origin, body = _origin(request.url), await request.aread()
        seconds = request.extensions.get("timeout", {})
        async with _within(seconds.get("pool"), httpx.PoolTimeout):
            await self._slots.acquire()
        connection = None
        try:
            connection = self._kept(origin) or await self._opened(origin, seconds.get("connect"))
            head = await connection.exchange(request, body, seconds)
        except BaseException:
            self._done_with(origin, connection)
            raise
        return httpx.Response(
            head.status_code,
            headers=head.headers.raw_items(),
            stream=_Body(connection, partial(self._done_with, origin, connection)),
            extensions={"http_version": b"HTTP/" + head.http_version, "reason_phrase": head.reason},
        )

    async def aclose(self) -> None:
        """Closes the connections that nobody uses; the others close when they are given back."""
        self._is_open = False
        idle = [connection for kept in self._idle.values() for connection in kept]
        self._idle.clear()
        for connection in idle:
            connection.close()
        for connection in idle:
            await connection.stream.lost()

    def _kept(self, origin: Origin) -> _Connection | None:
        while kept := self._idle.get(origin):
            connection = kept.pop()  # the one that was used last: the others get old and close
            connection.stop_waiting()
            if connection.stream.is_quiet:
                return connection
            connection.close()
        return None

    async def _opened(self, origin: Origin, seconds: float | None) -> _Connection:
        scheme, host, port = origin
        context = self._context if scheme == "https" else None
        if scheme == "https" and context is None:
            raise httpx.UnsupportedProtocol("this transport was made without TLS")
        try:
            async with _within(seconds, httpx.ConnectTimeout):
                return _Connection(await open_stream(host, port, context))
        except OSError as error:
            raise httpx.ConnectError(_why(error)) from None

    def _done_with(self, origin: Origin, connection: _Connection | None) -> None:
        """Keeps a connection whose exchange is complete, closes any other, and lets the next one in."""
        self._slots.release()
        if connection is None:
            return
        if not self._is_open or not connection.is_ready_again():
            connection.close()
            return
        kept = self._idle.setdefault(origin, [])
        kept.append(connection)

        def forget() -> None:
            kept.remove(connection)
            connection.close()

        connection.wait(self._keep_seconds, forget)


class _Connection:
    """One connection, and where its exchange is."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=LONGEST_HEAD)
        self._read_seconds: float | None = None
        self._end: asyncio.TimerHandle | None = None

    async def exchange(self, request: httpx.Request, body: bytes, seconds: dict[str, float | None]) -> h11.Response:
        """Sends a request and returns the head of the answer. Raises `httpx.TransportError`."""
        self._read_seconds = seconds.get("read")
        with _translated(httpx.WriteError):
            sent = _written(self._http, request, body)
            async with _within(seconds.get("write"), httpx.WriteTimeout):
                await self.stream.write(sent)
        while True:
            event = await self._next()
            if isinstance(event, h11.Response):
                return event
            if not isinstance(event, h11.InformationalResponse):
                raise httpx.RemoteProtocolError("the server closed the connection without an answer")

    async def body(self) -> AsyncIterator[bytes]:
        """The rest of the answer, in pieces. Raises `httpx.TransportError`, also where it is cut off."""
        while isinstance(event := await self._next(), h11.Data):
            yield bytes(event.data)

    async def _next(self) -> h11.Event:
        with _translated(httpx.ReadError):
            while (event := self._http.next_event()) is h11.NEED_DATA:
                async with _within(self._read_seconds, httpx.ReadTimeout):
                    received = await self.stream.read()
                if not received and self._http.their_state is h11.SEND_RESPONSE:
                    raise httpx.RemoteProtocolError("the server closed the connection without an answer")
                self._http.receive_data(received)
        if not isinstance(event, h11.Event):  # paused: what follows, to a request for an upgrade, is another protocol
            raise httpx.RemoteProtocolError("the server went on to another protocol")
        return event

    def is_ready_again(self) -> bool:
        """Whether it can carry another request; then it is made ready for that."""
        done = self._http.our_state is h11.DONE and self._http.their_state is h11.DONE
        if not done or self._http.trailing_data != (b"", False) or not self.stream.is_quiet:
            return False
        self._http.start_next_cycle()
        return True

    def wait(self, seconds: float, end: Callable[[], None]) -> None:
        """Calls `end` unless it is used before."""
        self._end = asyncio.get_running_loop().call_later(seconds, end)

    def stop_waiting(self) -> None:
        if self._end is not None:
            self._end.cancel()
            self._end = None

    def close(self) -> None:
        self.stop_waiting()
        self.stream.abort()


class _Body(httpx.AsyncByteStream):
    """The body of an answer. Whoever has it has the connection, until it is closed."""

    def __init__(self, connection: _Connection, done: Callable[[], None]) -> None:
        self._connection: _Connection | None = connection
        self._done: Callable[[], None] | None = done

    async def __aiter__(self) -> AsyncIterator[bytes]:
        assert self._connection is not None, "httpx reads no answer that is closed"
        async for piece in self._connection.body():
            yield piece

    async def aclose(self) -> None:
        done = self._done
        # httpx's answers are cycles: what they hold, such as 256 KiB of TLS buffer, would wait for the collector.
        self._connection = self._done = None
        if done is not None:
            done()


@asynccontextmanager
async def _within(seconds: float | None, late: type[httpx.TimeoutException]) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise late("") from None


def _why(error: OSError) -> str:
    """Why nobody answers, without addresses: the message that it gets into names the host."""
    if isinstance(error, ssl.SSLError):
        return str(error)
    if isinstance(error, socket.gaierror):
        return error.strerror or "the name has no address"
    return os.strerror(error.errno) if error.errno else "no address of the host answers"


def _origin(url: httpx.URL) -> Origin:
    host = url.raw_host.decode("ascii")
    if url.scheme not in PORTS or not host:
        raise httpx.UnsupportedProtocol("the address is not one of http or https")
    return url.scheme, host, PORTS[url.scheme] if url.port is None else url.port


def _written(http: h11.Connection, request: httpx.Request, body: bytes) -> bytes:
    """The bytes of a request, in one piece: a packet where it is small."""
    events = [
        h11.Request(method=request.method.encode("ascii"), target=request.url.raw_path, headers=request.headers.raw),
        h11.Data(body),
        h11.EndOfMessage(),
    ]
    return b"".join(filter(None, map(http.send, events)))


@contextmanager
def _translated(broken: type[httpx.NetworkError]) -> Iterator[None]:
    """Turns what h11 and the system raise into httpx's words, without the bytes that they quote."""
    try:
        yield
    except h11.RemoteProtocolError:
        raise httpx.RemoteProtocolError("the answer is not HTTP/1.1") from None
    except h11.LocalProtocolError:
        raise httpx.LocalProtocolError("the request is not HTTP/1.1") from None
    except ssl.SSLError:
        raise
    except OSError as error:
        raise broken(error.strerror or type(error).__name__) from None
