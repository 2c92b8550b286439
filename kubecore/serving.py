"""The HTTP servers of a process: health, metrics, and (over TLS) whatever routes its owner adds, such as a
webhook.

`Certificate` is a TLS context whose certificate can be replaced while connections go on; its files are
watched by the owner, who calls `reload`. `Server` listens from `start` to `stop`.
"""

import ssl
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Check = Callable[[], str]

BODY_LIMIT = 4 * 2**20  # bytes; the API server's own limit for an object is below it
GRACE = 5.0  # seconds that requests under way have at the end


class Certificate:
    """`context` is for a listening socket. A reload that fails leaves the last good certificate in use."""

    def __init__(self, cert_file: Path, key_file: Path) -> None:
        self._cert_file = cert_file
        self._key_file = key_file
        self._current = self._loaded()
        # A failed load would spoil a live context for good, so each certificate gets a context of its own,
        # and the one that listens only hands over to it as each handshake begins, with or without SNI.
        self.context = self._loaded()
        self.context.sni_callback = self._hand_over

    def reload(self) -> str:
        """Use what the files hold now, from the next handshake on. Returns "" or why the last one is kept."""
        try:
            self._current = self._loaded()
        except OSError as error:  # ssl.SSLError is one: certificate and key do not match, mostly
            return f"{self._cert_file}: the new certificate cannot be used, the last one is kept: {error}"
        return ""

    def _loaded(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self._cert_file, self._key_file)
        return context

    def _hand_over(self, handshake: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        handshake.context = self._current


def checks(named: Mapping[str, Check]) -> Handler:
    """A health endpoint: 200 `ok`, or 500 with a line per check that returned a reason instead of ""."""

    async def handle(request: web.Request) -> web.Response:
        reasons = {name: check() for name, check in named.items()}
        if any(reasons.values()):
            lines = [f"[-]{name} failed: {why}" if why else f"[+]{name} ok" for name, why in reasons.items()]
            return web.Response(status=500, text="\n".join([*lines, ""]))
        return web.Response(text="ok")

    return handle


def metrics(registry: CollectorRegistry) -> Handler:
    """The metrics endpoint, in the format that the scraper asks for."""

    async def handle(request: web.Request) -> web.Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(registry), headers={"Content-Type": content_type})

    return handle


class Server:
    """Serves `routes`, keyed by method and path (`("GET", "/healthz")`), on `host`:`port` (0: a free one)."""

    def __init__(
        self,
        routes: Mapping[tuple[str, str], Handler],
        *,
        host: str = "",
        port: int = 0,
        certificate: Certificate | None = None,
        body_limit: int = BODY_LIMIT,
    ) -> None:
        application = web.Application(client_max_size=body_limit)
        for (method, path), handler in routes.items():
            application.router.add_route(method, path, handler)
        self.port = port
        self._host = host or None
        self._context = None if certificate is None else certificate.context
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=GRACE)

    async def start(self) -> None:
        """Listen; OSError when the port is taken. `port` is then the one it listens on."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self.port, ssl_context=self._context)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Accept no more, let requests under way end for some seconds, close."""
        await self._runner.cleanup()
