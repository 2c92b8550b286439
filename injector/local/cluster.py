"""Credentials from a cluster: what a store refers to is read there, when `--kubeconfig` says so. Only this module of
local mode talks to a cluster, and only reads and asks for tokens.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from injector.local.credentials import value_in
from injector.local.manifests import WrongCall
from kubecore.client import context_namespace, from_kubeconfig
from kubecore.errors import ApiError, ConfigurationError, Forbidden, NotFound, Unauthorized
from kubecore.resources import CONFIG_MAPS, SECRETS
from kubecore.verbs import Client
from secretcore.errors import AccessDenied, StoreError, StoreUnavailable

KINDS = {"Secret": SECRETS, "ConfigMap": CONFIG_MAPS}
USER_AGENT = "external-secrets-injector/local"


@dataclass(frozen=True, slots=True)
class ClusterSource:
    """Secrets, ConfigMaps and tokens of the cluster, as the kubeconfig's user."""

    client: Client
    where: str = "in the cluster"

    async def value(self, kind: str, namespace: str, name: str, key: str) -> bytes | None:
        try:
            found = await self.client.get(KINDS[kind], name, namespace)
        except NotFound:
            return None
        except ApiError as error:
            raise _store_error(error) from None
        return value_in(found, key)

    async def token(self, namespace: str, name: str, audiences: Sequence[str]) -> str | None:
        try:
            return (await self.client.create_token(name, namespace, audiences)).value
        except NotFound:
            return None
        except ApiError as error:
            raise _store_error(error) from None

    def ambient(self, name: str) -> str | None:
        return None


@asynccontextmanager
async def cluster_source(kubeconfig: str | None, context: str | None) -> AsyncIterator[ClusterSource]:
    """A source for a kubeconfig file (default: KUBECONFIG, else ~/.kube/config). Raises `WrongCall` when the file
    can't be used.
    """
    try:
        client = await from_kubeconfig(USER_AGENT, Path(kubeconfig) if kubeconfig else None, context)
    except ConfigurationError as error:
        raise WrongCall(str(error)) from None
    async with client:
        yield ClusterSource(client)


def namespace_of(kubeconfig: str | None, context: str | None) -> str:
    """The namespace of a context. Raises `WrongCall` when the file can't be used."""
    try:
        return context_namespace(Path(kubeconfig) if kubeconfig else None, context)
    except ConfigurationError as error:
        raise WrongCall(str(error)) from None


def _store_error(error: ApiError) -> StoreError:
    if isinstance(error, Forbidden | Unauthorized):
        return AccessDenied(str(error), remedy="let the kubeconfig's user read what the store refers to")
    return StoreUnavailable(str(error), remedy="check that the cluster can be reached")
