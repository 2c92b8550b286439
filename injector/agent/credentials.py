"""Answers what a store refers to from mounted files, as the pod: its own token, what is in its namespace.

The rules of the controller hold, and one more: a pod has one identity. A ServiceAccount that isn't the pod's own is
refused, unless the owner of the store lets pods use their own.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from msgspec import Struct

from injector.agent.mounted import Mounted
from injector.handoff import config_map_path, secret_path, token_path
from secretcore.errors import AccessDenied, CredentialNotFound
from secretcore.model.selectors import CAProvider, SecretKeySelector, Selector, ServiceAccountSelector
from secretcore.store import Store

IDENTITY_ANNOTATION = "injector.external-secrets.io/identity"
OWN_IDENTITY = "pod"
"""Value of that annotation on a store: pods log in with their own ServiceAccount, whichever the store names."""
_API_SERVER = ""


class Pod(Struct, frozen=True):
    """Who the agent is."""

    namespace: str
    service_account: str
    tokens: Mapping[str, str]
    """Audience to file name, as the hand-off has it."""


class PodCredentials(Struct, frozen=True):
    """What a store's references mean for a pod."""

    store: Store
    pod: Pod
    mounted: Mounted
    own_identity: bool = False
    """Whether the store's owner lets pods use their own ServiceAccount."""

    @property
    def identity(self) -> str:
        """The versions of the files that the store names."""
        return ",".join(f"{path}={self._version(selector)}" for path, selector in self.store.selectors)

    async def secret(self, selector: SecretKeySelector) -> bytes:
        return self._value("Secret", selector)

    async def config_map(self, selector: SecretKeySelector) -> bytes:
        return self._value("ConfigMap", selector)

    async def token(self, selector: ServiceAccountSelector | None, audiences: Sequence[str]) -> str:
        if selector is not None and not self.own_identity:
            self._check_account(selector)
        wanted = tuple(audiences) or (_API_SERVER,)
        for audience in wanted:
            if audience in self.pod.tokens:
                found = self.mounted.token(self.pod.tokens[audience])
                if found:
                    return found
        raise CredentialNotFound(
            f"no token of the pod's ServiceAccount for {_audiences(wanted)} is mounted",
            remedy="create the pod again, so that the webhook mounts what the store asks for",
        )

    def ambient(self, name: str) -> str | None:
        return os.environ.get(name)

    def _value(self, kind: str, selector: SecretKeySelector) -> bytes:
        if not selector.name or not selector.key:
            raise CredentialNotFound(
                f"a reference of {self.store.ref} to a {kind} lacks {'key' if selector.name else 'name'}"
            )
        namespace = self._namespace(selector.namespace)
        where = f'{kind} "{namespace}/{selector.name}"'
        if namespace != self.pod.namespace:
            raise AccessDenied(
                f'{where}: a pod of namespace "{self.pod.namespace}" can\'t have what is in another',
                remedy="keep the credential in the pod's namespace, or let the controller deliver a Secret",
            )
        found = self.mounted.value(kind, selector.name, selector.key)
        if found is None:
            raise CredentialNotFound(
                f'{where} with key "{selector.key}" is not mounted',
                remedy="create it; a pod that is older than the store's reference has to be created again",
            )
        return found

    def _check_account(self, selector: ServiceAccountSelector) -> None:
        asked = self._namespace(selector.namespace), selector.name
        if asked != (self.pod.namespace, self.pod.service_account):
            raise AccessDenied(
                f'{self.store.ref} logs in as ServiceAccount "{asked[0]}/{asked[1]}", and the pod is '
                f'"{self.pod.namespace}/{self.pod.service_account}"',
                remedy=f"run the pod as that account, or annotate the store with {IDENTITY_ANNOTATION}: {OWN_IDENTITY}",
            )

    def _namespace(self, named: str | None) -> str:
        if self.store.kind == "SecretStore":
            return self.store.namespace
        return named or self.pod.namespace

    def _version(self, selector: Selector) -> str:
        match selector:
            case ServiceAccountSelector():
                return ".".join(self.mounted.version(token_path(name)) for name in self.pod.tokens.values())
            case CAProvider(type="ConfigMap"):
                return self.mounted.version(config_map_path(selector.name, selector.key or ""))
            case _:
                return self.mounted.version(secret_path(selector.name or "", selector.key or ""))


def _audiences(wanted: Sequence[str]) -> str:
    if wanted == (_API_SERVER,):
        return "the API server"
    return "audience " + " or ".join(f'"{audience}"' for audience in wanted)
