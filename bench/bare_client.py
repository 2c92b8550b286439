"""What a request costs whoever does nothing but send it and find the end of its answer: `asyncio.Protocol`, TLS, the
real API server. The yardstick R of `bench.controller`, taken in the same run, so that figures of a slow machine tell
as much as those of a fast one.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import time
from urllib.parse import urlsplit

from tests.support.controlplane import ControlPlane

AT_ONCE, REQUESTS = 16, 4_000
CONTENT = "x" * 450
"""Of the ConfigMap that is asked for; with its metadata about 600 bytes."""
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)


class _Connection(asyncio.Protocol):
    """One request at a time."""

    def __init__(self) -> None:
        self._got = b""
        self._answer: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, end, body = self._got.partition(b"\r\n\r\n")
        length = _LENGTH.search(head + b"\r\n") if end else None
        if length and len(body) >= int(length[1]) and self._answer:
            self._got = b""
            self._answer.set_result(None)

    async def ask(self, request: bytes) -> None:
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        await self._answer


def cost_of_a_request(plane: ControlPlane) -> float:
    """Seconds of CPU."""
    path = "/api/v1/namespaces/default/configmaps"
    plane.request("POST", path, {"metadata": {"name": "bare-client"}, "data": {"content": CONTENT}})
    return asyncio.run(_measured(plane, f"{path}/bare-client"))


async def _measured(plane: ControlPlane, path: str) -> float:
    place = urlsplit(plane.url)
    head = [f"GET {path} HTTP/1.1", f"Host: {place.netloc}", f"Authorization: Bearer {plane.token}"]
    request = "\r\n".join([*head, "Accept: application/json", "", ""]).encode()
    trust, loop = ssl.create_default_context(cafile=plane.ca_file), asyncio.get_running_loop()

    async def connected() -> _Connection:
        return (await loop.create_connection(_Connection, place.hostname, place.port, ssl=trust))[1]

    async def many(connection: _Connection, times: int) -> None:
        for _ in range(times):
            await connection.ask(request)

    connections = [await connected() for _ in range(AT_ONCE)]
    await asyncio.gather(*(many(each, 10) for each in connections))
    began = time.process_time()
    await asyncio.gather(*(many(each, REQUESTS // AT_ONCE) for each in connections))
    used = time.process_time() - began
    for each in connections:
        each.transport.close()
    return used / REQUESTS
