"""One process of the controller: connects to the cluster, answers probes, competes for the lease, works, stops in good
order. `__main__` calls it with settings.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import uuid
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from importlib.metadata import version

from controller.health import Answer, judge, listening
from controller.loop import Controller
from controller.settings import Settings, WrongSettings
from kubecore.client import SERVICE_ACCOUNT_FOLDER, from_kubeconfig, in_cluster
from kubecore.events import Recorder
from kubecore.lease import Elector, Timing
from kubecore.verbs import Client

log = logging.getLogger(__name__)

COMPONENT = "external-secrets"
"""Under this name events are told, as ESO tells them."""
STUCK = 600.0
"""Seconds without progress after which `/healthz` asks to be restarted."""
FLUSH = 1.0
"""Seconds for the last events."""


async def serve(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT. Raises `kubecore.lease.LeadershipLost` and `kubecore.errors.ConfigurationError`."""
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(await _client(settings))
        elector = _elector(client, settings)
        recorder = Recorder(client, COMPONENT)
        controller = Controller(client, settings, recorder, may_write=elector.may_write if elector else _always)
        for address, answers in _endpoints(settings, controller):
            await stack.enter_async_context(listening(address, answers))
        stopping = _on_signals()
        work = asyncio.ensure_future(elector.lead(controller.work) if elector else controller.work())
        others = [asyncio.ensure_future(controller.watch()), asyncio.ensure_future(recorder.run())]
        try:
            await _first_of(work, *others, stopping)
            if stopping.done():
                log.info("stopping")
                await controller.stop()
        finally:
            await _end(work, *others, stopping)
            with suppress(TimeoutError):
                async with asyncio.timeout(FLUSH):
                    await recorder.flush()


async def _client(settings: Settings) -> Client:
    agent = f"external-secrets-injector-controller/{version('external-secrets-injector')}"
    return await (from_kubeconfig(agent, settings.kubeconfig) if settings.kubeconfig else in_cluster(agent))


def _elector(client: Client, settings: Settings) -> Elector | None:
    if not settings.enable_leader_election:
        return None
    timing = Timing(
        settings.leader_election_lease_duration.total_seconds(),
        settings.request_seconds,
        settings.leader_election_retry_period.total_seconds(),
    )
    identity = f"{socket.gethostname()}_{uuid.uuid4()}"
    return Elector(client, _lease_namespace(settings), settings.leader_election_id, identity, timing)


def _lease_namespace(settings: Settings) -> str:
    own = SERVICE_ACCOUNT_FOLDER / "namespace"
    namespace = settings.leader_election_namespace or (own.read_text().strip() if own.exists() else "")
    if not namespace:
        raise WrongSettings("leader-election-namespace: is required outside a cluster")
    return namespace


def _endpoints(settings: Settings, controller: Controller) -> Iterator[tuple[str, dict[str, Answer]]]:
    answers: dict[str, Answer] = {
        "/healthz": lambda: judge("no progress" if controller.stuck_for() > STUCK else ""),
        "/readyz": lambda: judge("" if controller.view.is_whole else "the watches are not through yet"),
        "/metrics": lambda: (200, controller.metrics.text()),
    }
    metrics = {"/metrics": answers.pop("/metrics")}
    if settings.live_addr == settings.metrics_addr:
        yield settings.live_addr, answers | metrics
    else:
        yield settings.live_addr, answers
        yield settings.metrics_addr, metrics


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


async def _first_of(*futures: asyncio.Future[None]) -> None:
    """Returns when one ends, and raises what it raised."""
    done, _ = await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
    for each in done:
        each.result()


async def _end(*futures: asyncio.Future[None]) -> None:
    for each in futures:
        each.cancel()
    await asyncio.gather(*futures, return_exceptions=True)


def _always() -> bool:
    return True
