"""Answers what a store refers to from the API server, live: Secrets, ConfigMaps and tokens of ServiceAccounts.

The namespace rules of every reference are here: a SecretStore reads its own namespace whatever a reference says; a
ClusterSecretStore reads the namespace that a reference names, or else that of the ExternalSecret.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from controller.index import TemplateKey
from controller.view import View
from kubecore.cache import Key
from kubecore.errors import ApiError, Forbidden, NotFound
from kubecore.resources import CONFIG_MAPS, SECRETS, Resource
from kubecore.verbs import Client
from secretcore.errors import AccessDenied, CredentialNotFound, StoreUnavailable
from secretcore.model.selectors import CAProvider, SecretKeySelector, ServiceAccountSelector
from secretcore.store import Store


@dataclass(frozen=True, slots=True)
class Lent:
    """What the controller lends of its own identity to stores that name none: environment variables, and the token of
    the ServiceAccount that it runs as (None for neither).
    """

    environment: Mapping[str, str]
    token_file: Path | None = None

    def token(self) -> str:
        """The token as it is now. Raises `CredentialNotFound`."""
        if self.token_file is not None and self.token_file.exists():
            return self.token_file.read_text().strip()
        raise CredentialNotFound(
            "the store names no ServiceAccount, and the controller lends none of its own",
            remedy="name a serviceAccountRef in the store",
        )

    def account(self) -> tuple[str, str]:
        """Namespace and name of the ServiceAccount, as its token says."""
        try:
            payload = self.token().split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["kubernetes.io"]
            return claims["namespace"], claims["serviceaccount"]["name"]
        except (IndexError, KeyError, TypeError, ValueError):
            raise CredentialNotFound("the controller's own token is not that of a ServiceAccount") from None


@dataclass(frozen=True, slots=True)
class ClusterCredentials:
    """What a store's references mean for an ExternalSecret of a namespace."""

    client: Client
    view: View
    store: Store
    namespace: str
    lent: Lent

    @property
    def identity(self) -> str:
        """The versions of the Secrets and ConfigMaps that the store names."""
        return ",".join(f"{path}={self._version(selector)}" for path, selector in self.store.selectors)

    async def secret(self, selector: SecretKeySelector) -> bytes:
        manifest, key = await self._read(SECRETS, selector)
        encoded = (manifest.get("data") or {}).get(key)
        if encoded is None:
            raise self._no_key("Secret", selector)
        return base64.b64decode(encoded)

    async def config_map(self, selector: SecretKeySelector) -> bytes:
        manifest, key = await self._read(CONFIG_MAPS, selector)
        text = (manifest.get("data") or {}).get(key)
        if text is not None:
            return str(text).encode()
        try:
            return base64.b64decode((manifest.get("binaryData") or {})[key])
        except (KeyError, binascii.Error):
            raise self._no_key("ConfigMap", selector) from None

    async def token(self, selector: ServiceAccountSelector | None, audiences: Sequence[str]) -> str:
        if selector is not None:
            namespace, name = self._namespace(selector.namespace), selector.name
        elif not audiences:
            return self.lent.token()
        else:
            namespace, name = self.lent.account()
        try:
            return (await self.client.create_token(name, namespace, audiences)).value
        except ApiError as error:
            raise _translated(error, f'no token of ServiceAccount "{namespace}/{name}"') from None

    def ambient(self, name: str) -> str | None:
        return self.lent.environment.get(name)

    async def _read(self, resource: Resource, selector: SecretKeySelector) -> tuple[Mapping[str, Any], str]:
        if not selector.name or not selector.key:
            raise CredentialNotFound(
                f"a reference of {self.store.ref} to a {resource.kind} lacks {'key' if selector.name else 'name'}"
            )
        namespace = self._namespace(selector.namespace)
        if not namespace:
            raise CredentialNotFound(
                f"a reference of {self.store.ref} to {resource.kind} {selector.name!r} names no namespace, so that "
                "only the ExternalSecrets that use the store can tell which is meant"
            )
        try:
            return await self.client.get(resource, selector.name, namespace), selector.key
        except ApiError as error:
            raise _translated(error, f'{resource.kind} "{namespace}/{selector.name}" can\'t be read') from None

    def _no_key(self, kind: str, selector: SecretKeySelector) -> CredentialNotFound:
        where = f'{kind} "{self._namespace(selector.namespace)}/{selector.name}"'
        return CredentialNotFound(f'{where} has no key "{selector.key}"')

    def _namespace(self, named: str | None) -> str:
        if self.store.kind == "SecretStore":
            return self.store.namespace
        return named or self.namespace

    def _version(self, selector: SecretKeySelector | ServiceAccountSelector | CAProvider) -> str:
        """Of both kinds by the name: which of them it is, only the provider knows."""
        if isinstance(selector, ServiceAccountSelector):
            return ""
        key = Key(self._namespace(selector.namespace), selector.name or "")
        return "/".join(self.view.version(TemplateKey(resource, key))[1] for resource in (SECRETS, CONFIG_MAPS))


def _translated(error: ApiError, what: str) -> AccessDenied | CredentialNotFound | StoreUnavailable:
    if isinstance(error, NotFound):
        return CredentialNotFound(f"{what}: it does not exist")
    if isinstance(error, Forbidden):
        return AccessDenied(f"{what}: {error}", remedy="let the controller's role read it")
    return StoreUnavailable(f"{what}: {error}", remedy="the API server must answer first")
