"""`/healthz`, `/readyz` and `/metrics` over HTTP. `app` says what they answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

Answer = Callable[[], tuple[int, bytes]]
"""An HTTP status, and the text."""

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def judge(why_not: str) -> tuple[int, bytes]:
    """The answer of a probe: `why_not` is empty where all is well."""
    return (503, why_not.encode()) if why_not else (200, b"ok")


@asynccontextmanager
async def listening(address: str, answers: dict[str, Answer]) -> AsyncIterator[None]:
    """Serve these paths at `host:port` while inside; `0` is nowhere."""
    if address == "0":
        yield
        return
    host, _, port = address.rpartition(":")
    application = web.Application()
    for path, answer in answers.items():
        application.router.add_get(path, _handler(answer))
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host.strip("[]") or None, int(port)).start()
        yield
    finally:
        await runner.cleanup()


def _handler(answer: Answer) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(_: web.Request) -> web.StreamResponse:
        status, body = answer()
        return web.Response(status=status, body=body, headers={"Content-Type": PROMETHEUS})

    return handle
