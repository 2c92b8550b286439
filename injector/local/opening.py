"""Opens what the commands over manifests resolve with: the sources of credentials, the stores, the clients."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
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
    from injector.local.cluster import ClusterSource
    from injector.local.references import Read


@dataclass(frozen=True, slots=True)
class Local:
    """Everything that an ExternalSecret is resolved with."""

    manifests: Manifests
    stores: LocalStores
    clients: Clients


@asynccontextmanager
async def opened(
    manifests: Manifests, *, from_environment: bool, cluster: ClusterSource | None = None, read: Read | None = None
) -> AsyncIterator[Local]:
    """Credentials come from the manifests, then from the environment and from the cluster where they are given.
    `read` is what the cluster had of the objects that the manifests refer to.
    """
    sources: list[CredentialSource] = [ManifestSource(manifests)]
    if from_environment:
        sources.append(EnvironmentSource.of_process())
    if cluster:
        sources.append(cluster)
    if read is None:
        stores = LocalStores(manifests, Registry.installed(), tuple(sources))
    else:
        manifests = read.manifests
        where = "neither among the files nor in the cluster"
        stores = LocalStores(manifests, Registry.installed(), tuple(sources), where, read.unread)
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
