"""A server whose bytes a test writes itself: for what no HTTP server would say. Runs in the test's own loop."""

import asyncio
from contextlib import asynccontextmanager


class Peer:
    """Answers each request with what `answer` returns: pieces of bytes, each sent as one; None ends the connection."""

    def __init__(self, answer):
        self.answer = answer
        self.connections = 0
        self.requests = []
        self.asked = asyncio.Event()
        self.writers = []

    async def connected(self, reader, writer):
        self.connections += 1
        self.writers.append(writer)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
                body = await reader.readexactly(int(length[0].partition(b":")[2])) if length else b""
                self.requests.append(head + body)
                self.asked.set()
                for piece in self.answer(len(self.requests)):
                    if piece is None:
                        return
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(0)
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def peer(answer, *, tls=None):
    """A peer, its address in `url`."""
    made = Peer(answer)
    server = await asyncio.start_server(made.connected, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    made.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}/"
    made.port = port
    try:
        yield made
    finally:
        server.close()
        for writer in made.writers:
            writer.transport.abort()
        await asyncio.sleep(0)
