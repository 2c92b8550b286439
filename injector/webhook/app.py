"""One process of the webhook: connects to the cluster, watches, gets a certificate, answers the API server, stops in
good order. `command_line` calls it with settings.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import socket
import tempfile
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from pathlib import Path

from injector.webhook.certificates import OwnCertificates, Places
from injector.webhook.endpoint import PATH, Endpoint
from injector.webhook.metrics import Metrics
from injector.webhook.mounted import MountedCertificate
from injector.webhook.options import Options
from injector.webhook.served import Served, Source
from injector.webhook.settings import Settings
from injector.webhook.view import View
from kubecore.client import SERVICE_ACCOUNT_FOLDER, from_kubeconfig, in_cluster
from kubecore.errors import ApiError
from kubecore.lease import Elector
from kubecore.serving import Handler, Server, checks, metrics
from kubecore.settings import WrongSettings
from kubecore.verbs import Client
from secretcore.errors import InvalidSpec
from secretcore.registry import Registry

log = logging.getLogger(__name__)

Routes = dict[tuple[str, str], Handler]
NATIVE = (1, 29)
"""Since then sidecars among init containers are on."""
AGAIN = 2.0
"""Seconds until the API server is asked for its version again."""


async def serve(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT. Raises `WrongSettings` and `kubecore.errors.ConfigurationError`."""
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(await _client(settings))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="webhook-")))
        webhook = Webhook(client, settings, folder)
        for address, routes in webhook.endpoints().items():
            await stack.enter_async_context(_listening(address, routes))
        stopping = _on_signals()
        work = asyncio.ensure_future(webhook.work())
        try:
            await asyncio.wait([work, stopping], return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
            log.info("stopping", extra={"facts": {"drain": settings.drain.total_seconds()}})
            webhook.drain()
            await asyncio.wait([work], timeout=settings.drain.total_seconds())
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)


class Webhook:
    """One replica."""

    def __init__(self, client: Client, settings: Settings, folder: Path) -> None:
        self.metrics = Metrics()
        self._client = client
        self._settings = settings
        self._served = Served(self.metrics)
        self._source = self._make_source(folder)
        self._registry = Registry.installed()
        self._view = View(client, self._registry, settings.controller_class)
        self._endpoint: Endpoint | None = None
        self._answering = False
        self._draining = False

    def endpoints(self) -> dict[str, Routes]:
        """Probes and metrics, by address, which may be the same."""
        live, scraped = self._settings.live_addr, self._settings.metrics_addr
        routes: dict[str, Routes] = {live: {}, scraped: {}}
        routes[live]["GET", "/healthz"] = checks({})
        routes[live]["GET", "/readyz"] = checks(
            {
                "draining": lambda: "the process stops" if self._draining else "",
                "certificate": self._source.problem,
                "watches": self._view.missing,
                "answering": lambda: "" if self._answering else "the webhook does not listen yet",
            }
        )
        routes[scraped]["GET", "/metrics"] = metrics(self.metrics.registry)
        return routes

    async def work(self) -> None:
        """Watch, and answer as soon as there is a certificate and everything was seen once."""
        async with asyncio.TaskGroup() as tasks:
            for watch in self._view.watches():
                tasks.create_task(watch)
            tasks.create_task(self._source.run())
            options = await self._options()
            self._import_providers()
            await self._view.whole()
            await self._served.loaded.wait()
            gc.collect()
            gc.freeze()  # providers and the first copies live on: no admission waits while they are looked through
            self._endpoint = Endpoint(self._view, options, self.metrics)
            routes: Routes = {("POST", PATH): self._endpoint.admit}
            async with _listening(self._settings.webhook_addr, routes, self._served):
                self._answering = True
                log.info("answering", extra={"facts": {"address": self._settings.webhook_addr}})
                await asyncio.get_running_loop().create_future()

    def drain(self) -> None:
        """Not ready from now on, and no connection is kept."""
        self._draining = True
        if self._endpoint:
            self._endpoint.draining = True

    def _make_source(self, folder: Path) -> Source:
        settings = self._settings
        if settings.certificate_folder is not None:
            return MountedCertificate(settings.certificate_folder, self._served)
        namespace = _namespace(settings)
        places = Places(
            namespace, settings.certificate_secret, settings.webhook_configuration, settings.host_names, folder
        )
        identity = f"{socket.gethostname()}_{uuid.uuid4()}"
        elector = Elector(self._client, namespace, settings.leader_election_id, identity)
        return OwnCertificates(self._client, places, self._served, elector)

    def _import_providers(self) -> None:
        """Before anybody waits for an answer: the first pod would pay for it, and all others with it."""
        for key in self._registry.keys:
            try:
                self._registry.provider(key)
            except InvalidSpec as error:
                log.warning("%s", error)

    async def _options(self) -> Options:
        native = self._settings.native_sidecars
        while native == "auto":
            try:
                native = "true" if await self._client.version() >= NATIVE else "false"
            except ApiError as error:
                log.warning("%s", error)
                await asyncio.sleep(AGAIN)
        return self._settings.options(native=native == "true")


@asynccontextmanager
async def _listening(address: str, routes: Routes, served: Served | None = None) -> AsyncIterator[None]:
    if address == "0":
        yield
        return
    host, _, port = address.rpartition(":")
    certificate = served.certificate if served else None
    server = Server(routes, host=host.strip("[]"), port=int(port), certificate=certificate)
    await server.start()
    try:
        yield
    finally:
        await server.stop()


async def _client(settings: Settings) -> Client:
    agent = f"external-secrets-injector-webhook/{version('external-secrets-injector')}"
    return await (from_kubeconfig(agent, settings.kubeconfig) if settings.kubeconfig else in_cluster(agent))


def _namespace(settings: Settings) -> str:
    own = SERVICE_ACCOUNT_FOLDER / "namespace"
    namespace = settings.namespace or (own.read_text().strip() if own.exists() else "")
    if not namespace:
        raise WrongSettings("namespace: is required outside a cluster")
    return namespace


def _on_signals() -> asyncio.Future[None]:
    """Done at the first SIGTERM or SIGINT; the second ends the process at once."""
    loop = asyncio.get_running_loop()
    asked: asyncio.Future[None] = loop.create_future()

    def ask() -> None:
        if asked.done():
            os._exit(130)
        asked.set_result(None)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ask)
    return asked
