"""Reads the stores for some ExternalSecrets in one session, so that those of one store share a login and its answers.
What comes of each is a value; `refresh` publishes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from random import SystemRandom

from injector.agent.mounted import digest
from injector.agent.record import Fetched, Record
from injector.agent.subject import digest_of
from secretcore.clients import Clients, Stores
from secretcore.errors import InvalidSpec, ProviderBroken, SecretError
from secretcore.plan import sources_of
from secretcore.rendering import Rendering
from secretcore.resolve import resolve

Settled = Callable[[Record, "Fetched | SecretError"], None]


async def fetch_all(records: Iterable[Record], stores: Stores, settled: Settled) -> None:
    """Reads for each record, and says what came of it as soon as it is known."""
    async with Clients(stores) as clients, asyncio.TaskGroup() as tasks:
        for record in records:
            tasks.create_task(_settle(record, clients, settled))


async def template_sources(record: Record, clients: Clients | Stores) -> str:
    """A digest of what the template of a record reads; empty without any. Raises `SecretError`."""
    template, namespace = record.subject.spec.target.template, record.subject.namespace
    found = [digest(await clients.template_source(source, namespace)) for source in sources_of(template)]
    return digest_of(found) if found else ""


async def _settle(record: Record, clients: Clients, settled: Settled) -> None:
    outcome: Fetched | SecretError
    try:
        outcome = await _fetch(record, clients)
    except SecretError as error:
        outcome = error
    except Exception as error:  # noqa: BLE001  # one that breaks must not take the others along
        outcome = ProviderBroken.by(error)
    settled(record, outcome)


async def _fetch(record: Record, clients: Clients) -> Fetched:
    subject, started = record.subject, datetime.now(UTC)
    sources = await template_sources(record, clients)
    rendered = await resolve(subject.spec, subject.namespace, clients, Rendering(started, SystemRandom()))
    files = subject.files(rendered, has_files=record.is_delivered)
    return Fetched(files, subject.version, sources, started.timestamp())


def can_change(error: SecretError) -> bool:
    """Whether trying again may help while the hand-off stays as it is: credentials come late, secrets are made, stores
    come back. What the manifests themselves get wrong stays wrong, but for objects that templates read.
    """
    failures = getattr(error, "failures", ())
    if failures:
        return all(can_change(failure.error) for failure in failures)
    return not isinstance(error, InvalidSpec) or error.path.startswith("spec.target.template")
