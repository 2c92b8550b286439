"""The smallest HTTP server that answers probes and a scrape: one request a connection, GET only. `health` says what."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus

PATIENCE = 5.0
"""Seconds that a client has for its request, and to take the answer."""
LONGEST = 8192

Routes = Mapping[str, Callable[[], tuple[int, str]]]
"""By path: status and text."""


@asynccontextmanager
async def serving(port: int, routes: Routes) -> AsyncIterator[None]:
    """Answers at all addresses while inside. Raises OSError."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            async with asyncio.timeout(PATIENCE):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(_answer(head, routes))
                await writer.drain()
        with suppress(OSError, TimeoutError):
            writer.close()
            async with asyncio.timeout(PATIENCE):
                await writer.wait_closed()

    server = await asyncio.start_server(connected, port=port, limit=LONGEST)
    try:
        yield
    finally:
        server.close()


def _answer(head: bytes, routes: Routes) -> bytes:
    method, _, rest = head.partition(b"\r\n")[0].decode("latin-1").partition(" ")
    path = rest.partition(" ")[0].partition("?")[0]
    if path not in routes:
        status, text = 404, "not found\n"
    elif method not in ("GET", "HEAD"):
        status, text = 405, "GET only\n"
    else:
        status, text = routes[path]()
    body = text.encode()
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        "Content-Type: text/plain; version=0.0.4; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Connection: close",
        "",
        "",
    ]
    return "\r\n".join(lines).encode() + (b"" if method == "HEAD" else body)
