"""HTTP/1.1 messages as they are on the wire, read from asyncio streams; used by the fault-injecting proxy.

Bodies are passed on as raw bytes, framing included, so that a proxy changes nothing it was not told to.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

CHUNK = 64 * 1024


class Headers:
    """Header lines in order; look-ups ignore case and return the first value, "" if there is none."""

    def __init__(self, lines: list[tuple[str, str]]) -> None:
        self.lines = lines

    def get(self, name: str) -> str:
        return next((value for key, value in self.lines if key.lower() == name.lower()), "")

    def without(self, *names: str) -> list[tuple[str, str]]:
        return [(key, value) for key, value in self.lines if key.lower() not in names]


@dataclass(frozen=True)
class Head:
    """A start line and its headers. `start` is the three words of the line."""

    start: tuple[str, str, str]
    headers: Headers

    def encode(self) -> bytes:
        return encode_head(" ".join(self.start), self.headers.lines)


def encode_head(start: str, lines: list[tuple[str, str]]) -> bytes:
    fields = "".join(f"{key}: {value}\r\n" for key, value in lines)
    return f"{start}\r\n{fields}\r\n".encode("latin-1")


async def read_head(reader: asyncio.StreamReader) -> Head | None:
    """The head of the next message; None when the peer has closed the connection instead."""
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    first, *rest = raw.decode("latin-1").split("\r\n")
    words = [*first.split(" ", 2), "", ""][:3]
    pairs = [line.partition(":") for line in rest if line]
    return Head((words[0], words[1], words[2]), Headers([(key, value.strip()) for key, _, value in pairs]))


async def raw_body(reader: asyncio.StreamReader, headers: Headers, *, until_closed: bool) -> AsyncIterator[bytes]:
    """The bytes after a head as they arrive; `until_closed` is for answers without a length."""
    if headers.get("transfer-encoding").lower() == "chunked":
        async for part in _raw_chunks(reader):
            yield part
    elif headers.get("content-length"):
        left = int(headers.get("content-length"))
        while left and (part := await reader.read(min(left, CHUNK))):
            left -= len(part)
            yield part
    elif until_closed:
        while part := await reader.read(CHUNK):
            yield part


async def _raw_chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    size = -1
    while size:
        line = await reader.readuntil(b"\r\n")
        size = int(line.split(b";")[0], 16)
        yield line + await reader.readexactly(size + 2)


def unframed(raw: bytes, headers: Headers) -> bytes:
    """The content of a body that `raw_body` gave."""
    if headers.get("transfer-encoding").lower() != "chunked":
        return raw
    content, rest = b"", raw
    while rest:
        line, _, rest = rest.partition(b"\r\n")
        size = int(line.split(b";")[0], 16)
        content, rest = content + rest[:size], rest[size + 2 :]
    return content
