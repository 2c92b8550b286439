"""Opens what the commands over manifests resolve with: the sources of credentials, the stores, the clients."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from random import SystemRandom
from typing import TYPE_CHECKING, Any

from injector.local.credentials import CredentialSource, EnvironmentSource, ManifestSource
from injector.local.manifests import Manifests
from injector.local.stores import LocalStores
from secretcore.clients import Clients
from secretcore.errors import InvalidSpec
from secretcore.model.external_secret import ExternalSecret
from secretcore.parse import parse_external_secret
from secretcore.registry import Registry
from secretcore.rendering import Rendering

if TYPE_CHECKING:  # 25 MiB that only a cluster needs
    from injector.local.references import Read


@dataclass(frozen=True, slots=True)
class Local:
    """Everything that an ExternalSecret is resolved with."""

    manifests: Manifests
    stores: LocalStores
    clients: Clients


async def other_sources(arguments: Namespace, stack: AsyncExitStack) -> tuple[CredentialSource, ...]:
    """The environment and a cluster, as far as the flags say so. Raises `WrongCall`."""
    if not arguments.kubeconfig:
        return environment(arguments)
    from injector.local.cluster import cluster_source  # noqa: PLC0415  # 25 MiB that only this flag needs

    cluster = await stack.enter_async_context(cluster_source(arguments.kubeconfig, arguments.context))
    return (*environment(arguments), cluster)


def environment(arguments: Namespace) -> tuple[CredentialSource, ...]:
    """The environment, if the flag says so."""
    return (EnvironmentSource.of_process(),) if arguments.from_environment else ()


@asynccontextmanager
async def opened(
    manifests: Manifests, others: Sequence[CredentialSource], read: Read | None = None
) -> AsyncIterator[Local]:
    """Credentials come from the manifests, then from the others. `read` is what a cluster had of the objects that the
    manifests refer to.
    """
    sources = (ManifestSource(manifests), *others)
    if read is None:
        stores = LocalStores(manifests, Registry.installed(), sources)
    else:
        manifests = read.manifests
        where = "neither among the files nor in the cluster"
        stores = LocalStores(manifests, Registry.installed(), sources, where, read.unread)
    async with Clients(stores) as clients:
        yield Local(manifests, stores, clients)


def parse(manifest: Mapping[str, Any]) -> ExternalSecret:
    """An ExternalSecret that makes a Secret. Raises `InvalidSpec`."""
    external_secret = parse_external_secret(manifest)
    if external_secret.spec.target.manifest:
        raise InvalidSpec("spec.target.manifest", "only Secrets are delivered", remedy="remove it")
    return external_secret


def rendering() -> Rendering:
    """The clock and the randomness of this process, for the templates of one ExternalSecret."""
    return Rendering(datetime.now(UTC), SystemRandom())
