"""Answers what a store refers to: from manifests among the files, from the environment and from a cluster, in this
order, the last two only when a flag says so. The namespace rules are here, for all of them.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from injector.local.manifests import Manifests
from secretcore.errors import CredentialNotFound
from secretcore.model.selectors import SecretKeySelector, ServiceAccountSelector
from secretcore.store import Store


class CredentialSource(Protocol):
    """One place to look. None means that it is not there; the next source is asked then."""

    @property
    def where(self) -> str:
        """For messages: "among the files"."""

    async def value(self, kind: str, namespace: str, name: str, key: str) -> bytes | None:
        """A key of a Secret or ConfigMap."""

    async def token(self, namespace: str, name: str, audiences: Sequence[str]) -> str | None:
        """A token of a ServiceAccount."""

    def ambient(self, name: str) -> str | None:
        """An environment variable of the caller's own identity."""


@dataclass(frozen=True, slots=True)
class LocalCredentials:
    """What a store's references mean for an ExternalSecret of a namespace."""

    store: Store
    namespace: str
    sources: tuple[CredentialSource, ...]

    @property
    def identity(self) -> str:
        return ""  # nothing changes while one command runs

    async def secret(self, selector: SecretKeySelector) -> bytes:
        return await self._value("Secret", selector)

    async def config_map(self, selector: SecretKeySelector) -> bytes:
        return await self._value("ConfigMap", selector)

    async def token(self, selector: ServiceAccountSelector | None, audiences: Sequence[str]) -> str:
        if selector is None:
            raise CredentialNotFound(
                "the store logs in as the workload it runs in, and local mode runs in none",
                remedy="name a serviceAccountRef or a secretRef in the store",
            )
        namespace = self._namespace(selector.namespace)
        for source in self.sources:
            found = await source.token(namespace, selector.name, audiences)
            if found is not None:
                return found
        raise CredentialNotFound(
            f'no token of ServiceAccount "{namespace}/{selector.name}" {self._places()}',
            remedy=f"pass --kubeconfig, or --from-environment with {token_variable(selector.name)}",
        )

    def ambient(self, name: str) -> str | None:
        return next((value for source in self.sources if (value := source.ambient(name)) is not None), None)

    async def _value(self, kind: str, selector: SecretKeySelector) -> bytes:
        if not selector.name or not selector.key:
            raise CredentialNotFound(f"a reference to a {kind} lacks {'key' if selector.name else 'name'}")
        namespace = self._namespace(selector.namespace)
        for source in self.sources:
            found = await source.value(kind, namespace, selector.name, selector.key)
            if found is not None:
                return found
        raise CredentialNotFound(
            f'{kind} "{namespace}/{selector.name}" with key "{selector.key}" is not {self._places()}',
            remedy=f"add its manifest, pass --kubeconfig, or --from-environment with "
            f"{variable(kind, selector.name, selector.key)}",
        )

    def _namespace(self, named: str | None) -> str:
        if self.store.kind == "SecretStore":
            return self.store.namespace
        return named or self.namespace

    def _places(self) -> str:
        return " or ".join(source.where for source in self.sources)


@dataclass(frozen=True, slots=True)
class ManifestSource:
    """Secret and ConfigMap manifests."""

    manifests: Manifests
    where: str = "among the files"

    async def value(self, kind: str, namespace: str, name: str, key: str) -> bytes | None:
        manifest = self.manifests.get(kind, namespace, name)
        return None if manifest is None else value_in(manifest, key)

    async def token(self, namespace: str, name: str, audiences: Sequence[str]) -> str | None:
        return None

    def ambient(self, name: str) -> str | None:
        return None


@dataclass(frozen=True, slots=True)
class EnvironmentSource:
    """Variables named after what they stand for: `SECRET_<NAME>_<KEY>`, `TOKEN_<SERVICEACCOUNT>`."""

    environment: Mapping[str, str]
    where: str = "in the environment"

    @classmethod
    def of_process(cls) -> EnvironmentSource:
        """The variables that this process was started with."""
        return cls(dict(os.environ))

    async def value(self, kind: str, namespace: str, name: str, key: str) -> bytes | None:
        found = self.environment.get(variable(kind, name, key))
        return None if found is None else os.fsencode(found)

    async def token(self, namespace: str, name: str, audiences: Sequence[str]) -> str | None:
        return self.environment.get(token_variable(name))

    def ambient(self, name: str) -> str | None:
        return self.environment.get(name)


def variable(kind: str, name: str, key: str) -> str:
    """The variable that stands for a key of a Secret or ConfigMap: `SECRET_AWS_CREDS_ACCESS_KEY`."""
    return re.sub(r"[^A-Z0-9]", "_", f"{kind}_{name}_{key}".upper())


def token_variable(name: str) -> str:
    """The variable that holds a token of a ServiceAccount."""
    return re.sub(r"[^A-Z0-9]", "_", f"TOKEN_{name}".upper())


def value_in(manifest: Mapping[str, Any], key: str) -> bytes | None:
    """A key of a Secret or ConfigMap manifest: stringData and text as they are, data and binaryData from Base64."""
    secret = manifest.get("kind") == "Secret"
    text = _string(manifest, "stringData" if secret else "data", key)
    if text is not None:
        return text.encode("utf-8", "surrogateescape")
    encoded = _string(manifest, "data" if secret else "binaryData", key)
    if encoded is None:
        return None
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise CredentialNotFound(
            f'key "{key}" of {_named(manifest)} is not Base64', remedy="encode it, or use stringData"
        ) from None


def _string(manifest: Mapping[str, Any], field: str, key: str) -> str | None:
    """A member of a map of strings; an API server refuses anything else."""
    members = manifest.get(field) or {}
    if not isinstance(members, dict):
        raise CredentialNotFound(f"{field} of {_named(manifest)} is not a map", remedy="correct the manifest")
    value = members.get(key)
    if value is not None and not isinstance(value, str):
        raise CredentialNotFound(f'key "{key}" of {_named(manifest)} is not a string', remedy="quote it")
    return value


def _named(manifest: Mapping[str, Any]) -> str:
    return f'{manifest.get("kind")} "{(manifest.get("metadata") or {}).get("name")}"'
