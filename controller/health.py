"""`/healthz`, `/readyz` and `/metrics` of one replica, at the addresses that the settings give. `app` runs them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from controller.loop import Controller
from kubecore.serving import Handler, Server, checks, metrics

STUCK = 600.0
"""Seconds after which `/healthz` asks to be restarted, if a key has waited or been worked on for so long, and nothing
was finished meanwhile. No single call lasts half as long.
"""

Routes = dict[tuple[str, str], Handler]


def endpoints(controller: Controller, live: str, scraped: str) -> dict[str, Routes]:
    """What to serve, by address: probes at `live`, metrics at `scraped`, which may be the same."""

    def progress() -> str:
        seconds = controller.stuck_for(asyncio.get_running_loop().time())
        return f"nothing was finished for {seconds:.0f} s, and there is work to do" if seconds > STUCK else ""

    def watches() -> str:
        return "" if controller.view.is_whole else "the watches are not through yet"

    routes: dict[str, Routes] = {live: {}, scraped: {}}
    routes[live]["GET", "/healthz"] = checks({"progress": progress})
    routes[live]["GET", "/readyz"] = checks({"watches": watches})
    routes[scraped]["GET", "/metrics"] = metrics(controller.metrics.registry)
    return routes


@asynccontextmanager
async def listening(address: str, routes: Routes) -> AsyncIterator[None]:
    """Serve at `host:port` while inside; `0` is nowhere. Raises OSError, with the flag, when the port is taken."""
    if address == "0":
        yield
        return
    host, _, port = address.rpartition(":")
    server = Server(routes, host=host.strip("[]"), port=int(port))
    try:
        await server.start()
    except OSError as error:
        await server.stop()
        flag = "--metrics-addr" if ("GET", "/metrics") in routes else "--live-addr"
        raise OSError(f"{flag}: {error.strerror or error}. Give it another port, or 0 to serve this nowhere") from None
    try:
        yield
    finally:
        await server.stop()
