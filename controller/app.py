"""One process of the controller: connects to the cluster, answers probes, competes for the lease, works, stops in good
order. `__main__` calls it with settings.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import threading
import time
import uuid
from contextlib import AsyncExitStack, suppress
from importlib.metadata import version
from typing import Any

from controller.ending import Ending, Step
from controller.health import endpoints, listening
from controller.loop import Controller
from controller.settings import Settings
from controller.writer import always
from kubecore.client import SERVICE_ACCOUNT_FOLDER, from_kubeconfig, in_cluster
from kubecore.events import Recorder
from kubecore.lease import Elector, Timing
from kubecore.settings import WrongSettings
from kubecore.verbs import Client
from secretcore.registry import Registry

log = logging.getLogger(__name__)

COMPONENT = "external-secrets"
"""Under this name events are told, as ESO tells them."""


async def serve(
    settings: Settings, *, stopping: asyncio.Future[Ending] | None = None, registry: Registry | None = None
) -> None:
    """Work until `stopping` is done, without one until SIGTERM or SIGINT; with the providers of `registry`, without one
    with those that are installed. Raises `kubecore.lease.LeadershipLost` and `kubecore.errors.ConfigurationError`.
    """
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(await _client(settings))
        elector = _elector(client, settings)
        recorder = Recorder(client, COMPONENT)
        may_write = elector.may_write if elector else always
        controller = Controller(client, settings, recorder, registry=registry, may_write=may_write)
        client.observed_by(controller.metrics.runtime.requested)
        if elector:
            controller.metrics.runtime.lease(settings.leader_election_id, elector.may_write)
        for address, routes in endpoints(controller, settings.live_addr, settings.metrics_addr).items():
            await stack.enter_async_context(listening(address, routes))
        stopping = stopping or _on_signals()
        work = asyncio.ensure_future(elector.lead(controller.work) if elector else controller.work())
        others = [asyncio.ensure_future(controller.watch()), asyncio.ensure_future(recorder.run())]
        try:
            await _first_of(work, *others, stopping)
            if stopping.done():
                log.info("stopping")
                leads = elector is None or elector.may_write()
                await controller.stop(stopping.result())
                if leads:  # the lease is given back by whoever held it, which a cancellation would cut short
                    await asyncio.wait([work], timeout=stopping.result().left(Step.RELEASE))
        finally:
            ending = stopping.result() if stopping.done() else Ending(time.monotonic)
            await _end(ending.left(Step.RELEASE), work, *others, stopping)
            with suppress(TimeoutError):
                async with asyncio.timeout(ending.left(Step.EVENTS)):
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


def _on_signals() -> asyncio.Future[Ending]:
    """Done at the first SIGTERM or SIGINT; the second ends the process at once."""
    loop = asyncio.get_running_loop()
    asked: asyncio.Future[Ending] = loop.create_future()

    def ask() -> None:
        if asked.done():
            os._exit(130)
        asked.set_result(Ending(time.monotonic))
        _end_at_last(Step.ALL.value)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ask)
    return asked


def _end_at_last(seconds: float) -> None:
    """End the process then, whatever hangs: asyncio and the interpreter wait for threads without end."""

    def leave() -> None:
        log.warning("the end took longer than %.0f s: what still ran is left behind", seconds)
        logging.shutdown()
        os._exit(0)

    timer = threading.Timer(seconds, leave)
    timer.daemon = True
    timer.start()


async def _first_of(*futures: asyncio.Future[Any]) -> None:
    """Returns when one ends, and raises what it raised."""
    done, _ = await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
    for each in done:
        each.result()


async def _end(seconds: float, *futures: asyncio.Future[Any]) -> None:
    """Cancel them; who has not ended in that time is left to whoever closes the event loop."""
    for each in futures:
        each.cancel()
    ended, _ = await asyncio.wait(futures, timeout=seconds)
    for each in ended:
        _ = each.cancelled() or each.exception()  # was told, or is of no interest any more
