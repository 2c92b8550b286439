"""The agent's own HTTP: what it answers probes with, and how it tells a container of new files."""

import asyncio
from contextlib import suppress
from itertools import chain, repeat

import pytest

from injector.agent.http_server import serving
from injector.agent.notify import Notifier
from injector.handoff import OnChange
from tests.backends.servers import peer
from tests.support.processes import free_port

ROUTES = {"/readyz": lambda: (200, "ok\n"), "/down": lambda: (503, "not yet\n")}


async def exchange(port, request):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


@pytest.mark.parametrize(
    ("request_", "status", "body"),
    [
        (b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n", b"200 OK", b"ok\n"),
        (b"GET /readyz?full=1 HTTP/1.0\r\n\r\n", b"200 OK", b"ok\n"),
        (b"HEAD /readyz HTTP/1.1\r\n\r\n", b"200 OK", b""),
        (b"GET /down HTTP/1.1\r\n\r\n", b"503 Service Unavailable", b"not yet\n"),
        (b"GET / HTTP/1.1\r\n\r\n", b"404 Not Found", b"not found\n"),
        (b"POST /readyz HTTP/1.1\r\n\r\n", b"405 Method Not Allowed", b"GET only\n"),
        (b"\xff\xfe\r\n\r\n", b"404 Not Found", b"not found\n"),
    ],
)
async def test_answers(request_, status, body):
    async with serving(port := free_port(), ROUTES):
        answer = await exchange(port, request_)
    head, _, text = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 " + status)
    assert b"Connection: close" in head
    assert text == body


@pytest.mark.parametrize("request_", [b"GET /readyz HTTP/1.1\r\nX: " + b"x" * 100_000 + b"\r\n\r\n"])
async def test_a_request_that_is_too_large_is_dropped_and_the_next_is_answered(request_):
    async with serving(port := free_port(), ROUTES):
        with suppress(ConnectionError):  # the rest of it was not wanted
            assert await exchange(port, request_) == b""
        assert (await exchange(port, b"GET /readyz HTTP/1.1\r\n\r\n")).endswith(b"ok\n")


async def test_a_client_that_says_nothing_holds_up_nobody():
    async with serving(port := free_port(), ROUTES):
        _, silent = await asyncio.open_connection("127.0.0.1", port)
        assert (await exchange(port, b"GET /readyz HTTP/1.1\r\n\r\n")).endswith(b"ok\n")
        silent.close()
        await silent.wait_closed()


class Listener:
    """A container that wants to be told; `statuses` are what it answers with first."""

    def __init__(self, *statuses):
        self.statuses = list(statuses)
        self.heard = asyncio.Queue()

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self._server.close()
        await self._server.wait_closed()

    async def _connected(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        status = self.statuses.pop(0) if self.statuses else 204
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()
        self.heard.put_nowait(head.partition(b" HTTP")[0])


async def told(notifier, listener, times):
    before, task = notifier.told.total(), asyncio.create_task(notifier.run())
    async with asyncio.timeout(60):
        heard = [await listener.heard.get() for _ in range(times)]
        while notifier.told.total() == before:  # noqa: ASYNC110  # it is counted after the answer was read
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return heard


async def test_changes_that_follow_one_another_are_told_once():
    async with Listener() as listener:
        notifier = Notifier(lambda: OnChange(port=listener.port, path="/-/reload"), debounce=0.05)
        for _ in range(5):
            notifier.poke()
        assert await told(notifier, listener, 1) == [b"POST /-/reload"]
        assert listener.heard.empty()
        assert notifier.told == {"success": 1}


async def test_a_refusal_is_tried_again_and_counted_once():
    async with Listener(500, 503) as listener:
        notifier = Notifier(lambda: OnChange(port=listener.port, path="/"), debounce=0)
        notifier.poke()
        assert await told(notifier, listener, 3) == [b"POST /"] * 3
        assert notifier.told == {"success": 1}


async def test_a_container_that_refuses_for_good_is_given_up_until_the_next_change():
    async with Listener(*[500] * 5) as listener:
        notifier = Notifier(lambda: OnChange(port=listener.port, path="/"), debounce=0)
        notifier.poke()
        await told(notifier, listener, 5)
        assert notifier.told == {"error": 1}
        notifier.poke()
        await told(notifier, listener, 1)
        assert notifier.told == {"error": 1, "success": 1}


async def settled(notifier):
    notifier.poke()
    task = asyncio.create_task(notifier.run())
    async with asyncio.timeout(60):
        while not notifier.told.total():  # noqa: ASYNC110  # nothing tells of it
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def endless(head, piece):
    """A container whose answer goes on for ever."""
    return peer(lambda _number: chain([head], repeat(piece)))


async def test_an_answer_without_end_is_not_waited_for():
    async with endless(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 1024) as container:
        notifier = Notifier(lambda: OnChange(port=container.port, path="/"), debounce=0)
        await settled(notifier)
        assert notifier.told == {"success": 1}


async def test_a_container_that_never_comes_to_its_answer_is_given_up_and_reported(caplog):
    async with endless(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n") as container:
        notifier = Notifier(lambda: OnChange(port=container.port, path="/"), debounce=0, timeout=0.2)
        await settled(notifier)
        assert len(container.requests) == 5
    assert notifier.told == {"error": 1}
    assert [record.facts["error"] for record in caplog.records] == ["TimeoutError"]


async def test_without_a_target_nobody_is_told():
    asked = asyncio.Event()
    notifier = Notifier(asked.set, debounce=0)
    notifier.poke()
    task = asyncio.create_task(notifier.run())
    await asked.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert notifier.told == {}
