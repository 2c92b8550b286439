"""Carries out one fault on one request; used by the fault-injecting proxy (`tests.support.faults`)."""

import asyncio
import contextlib
import json
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http.client import responses
from typing import assert_never
from urllib.parse import SplitResult

from tests.support.fault_kinds import (
    END,
    MARKER,
    Answer,
    Cut,
    Drip,
    Fault,
    Forward,
    Hold,
    Huge,
    Reset,
    Rewrite,
    Stall,
    Stream,
    Truncate,
)  # fmt: skip
from tests.support.http1 import CHUNK, Head, Headers, encode_head, raw_body, read_head, unframed

MADE_UP = json.dumps({"data": {"value": MARKER}}).encode()


@dataclass(frozen=True)
class Upstream:
    """The real server behind the proxy."""

    url: SplitResult
    tls: ssl.SSLContext | None

    @contextlib.asynccontextmanager
    async def exchange(self, request: Head, raw: bytes) -> AsyncIterator[tuple[Head, AsyncIterator[bytes]]]:
        """Send the request on a connection of its own; gives the answer's head and its raw body."""
        tls = self.tls or ssl.create_default_context() if self.url.scheme == "https" else None
        reader, writer = await asyncio.open_connection(self.url.hostname, self.url.port, ssl=tls, limit=2**20)
        try:
            lines = [*request.headers.without("connection"), ("Connection", "close")]
            writer.write(Head(request.start, Headers(lines)).encode() + raw)
            await writer.drain()
            answer = await read_head(reader)
            if answer is None:
                raise ConnectionResetError
            bodiless = request.start[0] == "HEAD" or answer.start[1] in ("204", "304")
            headers = Headers([]) if bodiless else answer.headers
            yield answer, raw_body(reader, headers, until_closed=not bodiless)
        finally:
            # It was asked to close after its answer; stop() could cut short a wait for TLS to say goodbye.
            writer.transport.abort()


class Exchange:
    """One request that has been read whole, and the connection on which it is to be answered."""

    def __init__(
        self,
        upstream: Upstream | None,
        request: Head,
        raw: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._upstream = upstream
        self._request = request
        self._raw = raw
        self._reader = reader
        self._writer = writer

    async def perform(self, fault: Fault) -> bool:
        """Answer as `fault` says; returns whether the connection can carry another request."""
        match fault:
            case Forward():
                return await self._forward()
            case Answer():
                return await self._answer(fault)
            case Hold():
                return await self._hold(fault)
            case Huge(size):
                return await self._huge(size)
            case Stream():
                return await self._stream(fault)
            case Drip():
                return await self._drip(fault)
            case Rewrite():
                return await self._rewrite(fault)
            case Stall():
                await self._stall(fault)
            case Reset(after):
                await self._reset(after)
            case Truncate(keep):
                await self._truncate(keep)
            case Cut(lines):
                await self._cut(lines)
            case _:
                assert_never(fault)
        return False

    async def _send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def _forward(self) -> bool:
        assert self._upstream is not None
        async with self._upstream.exchange(self._request, self._raw) as (head, body):
            framed = bool(head.headers.get("content-length") or head.headers.get("transfer-encoding"))
            lines = head.headers.without("connection")
            if not framed and head.start[1] not in ("204", "304"):
                lines.append(("Connection", "close"))
            await self._send(Head(head.start, Headers(lines)).encode())
            async for part in body:
                await self._send(part)
            return ("Connection", "close") not in lines

    async def _answer(self, answer: Answer) -> bool:
        body = answer.body.encode() if isinstance(answer.body, str) else answer.body
        lines = [*answer.headers.items(), ("Content-Length", str(len(body)))]
        start = f"HTTP/1.1 {answer.status} {responses.get(answer.status, 'Unnamed')}"
        await self._send(encode_head(start, lines) + (b"" if self._request.start[0] == "HEAD" else body))
        return True

    async def _hold(self, hold: Hold) -> bool:
        hold.arrived.set()
        while not hold.released.is_set():  # noqa: ASYNC110 - it is set from another thread
            await asyncio.sleep(0.005)
        return await self.perform(Forward() if self._upstream else Answer(200, MADE_UP))

    async def _huge(self, size: int) -> bool:
        await self._send(encode_head("HTTP/1.1 200 OK", [*JSON, ("Content-Length", str(size))]) + b'"')
        left = size - 2
        while left:
            part = min(left, CHUNK)
            await self._send(b"x" * part)
            left -= part
        await self._send(b'"')
        return True

    async def _stream(self, stream: Stream) -> bool:
        await self._send(encode_head("HTTP/1.1 200 OK", [*JSON, ("Transfer-Encoding", "chunked")]))
        for line in stream.lines:
            content = line.encode() + b"\n"
            await self._send(f"{len(content):x}\r\n".encode() + content + b"\r\n")
        if stream.then == "close":
            await self._send(b"0\r\n\r\n")
            return True
        if stream.then == "reset":
            reset(self._writer)
        else:
            await self._until_client_leaves()
        return False

    async def _drip(self, drip: Drip) -> bool:
        head, body = await self._whole_answer()
        await self._send(head)
        for start in range(0, len(body), drip.piece):
            await self._send(body[start : start + drip.piece])
            await asyncio.sleep(drip.pause)
        return True

    async def _stall(self, stall: Stall) -> None:
        if stall.after == "committed":
            await self._whole_answer()
        stall.reached.set()
        await self._until_client_leaves()

    async def _reset(self, after: str) -> None:
        if after == "committed":
            await self._whole_answer()
        if after == "headers":
            head, _ = await self._whole_answer()
            await self._send(head)
        reset(self._writer)

    async def _truncate(self, keep: int) -> None:
        head, body = await self._whole_answer()
        if keep >= len(body):
            raise AssertionError(f"the body of {self._request.start[1]} has only {len(body)} bytes, nothing to cut")
        await self._send(head + body[:keep])

    async def _cut(self, lines: int) -> None:
        assert self._upstream is not None
        async with self._upstream.exchange(self._request, self._raw) as (head, body):
            await self._send(Head(head.start, Headers(head.headers.without("connection"))).encode())
            chunked = bool(head.headers.get("transfer-encoding"))
            left = lines
            async for part in body:
                whole = unframed(part, head.headers).splitlines(keepends=True)
                content = b"".join(whole[:left])
                await self._send(b"%x\r\n%b\r\n" % (len(content), content) if chunked else content)
                left -= min(left, len(whole))
                if not left:
                    break
        reset(self._writer)

    async def _rewrite(self, rewrite: Rewrite) -> bool:
        assert self._upstream is not None
        async with self._upstream.exchange(self._request, self._raw) as (head, body):
            headers = head.headers.without("connection", "content-length", "transfer-encoding")
            await self._send(Head(head.start, Headers([*headers, CHUNKED])).encode())
            async for lines in _together(_lines(body, head.headers), rewrite.window):
                instead = rewrite.change(lines)
                if content := b"".join(instead):
                    await self._send(_chunk(content))
                if END in instead:
                    break
        await self._send(_chunk(b""))
        return True

    async def _whole_answer(self) -> tuple[bytes, bytes]:
        """The upstream's answer (or a made-up one), framed by Content-Length: its head and its body."""
        if self._upstream is None:
            lines, body, start = JSON, MADE_UP, "HTTP/1.1 200 OK"
        else:
            async with self._upstream.exchange(self._request, self._raw) as (head, parts):
                body = unframed(b"".join([part async for part in parts]), head.headers)
                lines = head.headers.without("connection", "content-length", "transfer-encoding")
                start = " ".join(head.start)
        return encode_head(start, [*lines, ("Content-Length", str(len(body)))]), body

    async def _until_client_leaves(self) -> None:
        while await self._reader.read(CHUNK):
            pass


async def _lines(body: AsyncIterator[bytes], headers: Headers) -> AsyncIterator[bytes]:
    rest = b""
    async for part in body:
        *whole, rest = (rest + unframed(part, headers)).split(b"\n")
        for line in whole:
            yield line + b"\n"


async def _together(lines: AsyncIterator[bytes], window: float) -> AsyncIterator[list[bytes]]:
    """The lines in batches: with one go those that come within `window` seconds after it, if any."""
    coming = asyncio.ensure_future(_next(lines))
    try:
        while line := await coming:
            batch = [line]
            coming = asyncio.ensure_future(_next(lines))
            until = asyncio.get_running_loop().time() + window
            while window and (await _done_by(coming, until)) and (line := coming.result()):
                batch.append(line)
                coming = asyncio.ensure_future(_next(lines))
            yield batch
    finally:
        coming.cancel()


async def _next(lines: AsyncIterator[bytes]) -> bytes:
    return await anext(lines, b"")


async def _done_by(coming: "asyncio.Future[bytes]", until: float) -> bool:
    done, _ = await asyncio.wait([coming], timeout=max(0.0, until - asyncio.get_running_loop().time()))
    return bool(done)


def _chunk(content: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(content), content)


JSON = [("Content-Type", "application/json")]
CHUNKED = ("Transfer-Encoding", "chunked")


def reset(writer: asyncio.StreamWriter) -> None:
    """End a connection with RST instead of FIN."""
    connection = writer.get_extra_info("socket")
    if connection is not None and connection.fileno() >= 0:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
