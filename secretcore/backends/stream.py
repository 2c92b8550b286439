"""The bytes of one connection to a backend, TCP or TLS. `transport` makes HTTP of them.

A protocol of our own and no `asyncio.StreamReader`, because that can't say whether anything came in while the
connection was idle: what a server sends unasked must never be taken for the answer to the next request.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import cast

MOST_UNREAD = 256 * 1024
"""Bytes that wait to be read before the peer has to."""
MOST_READ = 64 * 1024
"""Bytes that are read at a time, so that who counts them can stop in time."""
SECOND_FAMILY_AFTER = 0.25
"""Seconds after which the next address is tried beside the one that doesn't answer (RFC 8305)."""


class Stream(asyncio.Protocol):
    """Opened by `open_stream`, used by one task at a time."""

    def __init__(self) -> None:
        self._unread = bytearray()
        self._ended = False
        self._error: Exception | None = None
        self._changed: asyncio.Future[None] | None = None
        self._full = False
        self._transport: asyncio.Transport
        self._lost = asyncio.get_running_loop().create_future()

    async def read(self) -> bytes:
        """What came, as soon as there is anything, at most `MOST_READ`; empty at the end. Raises OSError."""
        while not self._unread and not self._ended:
            await self._change()
        received = bytes(self._unread[:MOST_READ])
        del self._unread[:MOST_READ]
        if received:
            if len(self._unread) <= MOST_UNREAD:
                self._transport.resume_reading()
        elif self._error is not None:
            raise self._error
        return received

    async def write(self, content: bytes) -> None:
        """Returns when little of it is still to be sent. Raises OSError."""
        self._transport.write(content)
        while self._full and not self._ended:
            await self._change()
        if self._error is not None:
            raise self._error

    @property
    def is_quiet(self) -> bool:
        """Whether it stands, and nothing came that nobody has read."""
        return not (self._unread or self._ended or self._transport.is_closing())

    def abort(self) -> None:
        """Closes it at once."""
        self._transport.abort()

    async def lost(self) -> None:
        """Waits until its socket is closed."""
        await asyncio.shield(self._lost)

    async def _change(self) -> None:
        self._changed = asyncio.get_running_loop().create_future()
        try:
            await self._changed
        finally:
            self._changed = None

    def _tell(self) -> None:
        if self._changed is not None and not self._changed.done():
            self._changed.set_result(None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._unread += data
        if len(self._unread) > MOST_UNREAD:
            self._transport.pause_reading()
        self._tell()

    def eof_received(self) -> None:
        self._ended = True
        self._tell()

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended, self._error = True, exc
        self._tell()
        if not self._lost.done():
            self._lost.set_result(None)

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        self._tell()


async def open_stream(host: str, port: int, context: ssl.SSLContext | None) -> Stream:
    """A connection to a host; with a context TLS, in which the certificate is of that host. Raises OSError."""
    loop = asyncio.get_running_loop()
    _, stream = await loop.create_connection(
        Stream,
        host,
        port,
        ssl=context,
        server_hostname=host if context else None,
        happy_eyeballs_delay=SECOND_FAMILY_AFTER,
    )
    return stream
