"""What a request costs whoever does nothing but send it and find the end of its answer: `asyncio.Protocol` over TLS, 16
at once, against a server that answers at once. The yardstick R of `bench.controller`, taken beside the figure that it
is held against, so that figures of a slow machine tell as much as those of a fast one.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import statistics
import sys
import time
from pathlib import Path

from tests.support.processes import Server, free_port
from tests.support.tls import Authority

AT_ONCE, REQUESTS, ROUNDS = 16, 4_000, 3
CONTENT = b'{"data":"' + b"x" * 590 + b'"}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(CONTENT), CONTENT)
REQUEST = b"GET /api/v1/secrets HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + b"x" * 900 + b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)


class BareClient:
    """Has the server run in `folder` from construction to `stop`."""

    def __init__(self, folder: Path) -> None:
        authority = Authority(folder / "bare")
        pair = authority.issue("localhost")
        self._port, self._trust = free_port(), ssl.create_default_context(cafile=authority.ca_file)
        argv = [sys.executable, "-m", "bench.bare_client", str(self._port), str(pair.cert_file), str(pair.key_file)]
        self._server = Server("bare server", argv, log=folder / "bare-server.log")
        self._server.wait_until(lambda: asyncio.run(self._round(AT_ONCE)) > 0)

    def stop(self) -> None:
        self._server.stop()

    def request(self) -> float:
        """Seconds of CPU for one."""
        return statistics.median(asyncio.run(self._round(REQUESTS)) for _ in range(ROUNDS))

    async def _round(self, requests: int) -> float:
        loop = asyncio.get_running_loop()

        async def connected() -> _Client:
            return (await loop.create_connection(_Client, "localhost", self._port, ssl=self._trust))[1]

        async def many(client: _Client, times: int) -> None:
            for _ in range(times):
                await client.ask()

        clients = [await connected() for _ in range(AT_ONCE)]
        await asyncio.gather(*(many(each, 10) for each in clients))
        began = time.process_time()
        await asyncio.gather(*(many(each, requests // AT_ONCE) for each in clients))
        used = time.process_time() - began
        for each in clients:
            each.transport.close()
        return used / requests


class _Client(asyncio.Protocol):
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

    async def ask(self) -> None:
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(REQUEST)
        await self._answer


class _Answering(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._transport.write(ANSWER)


async def _serve(port: int, certificate: str, key: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = await asyncio.get_running_loop().create_server(_Answering, "localhost", port, ssl=context)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), *sys.argv[2:4]))
