"""HashiCorp Vault, KV secrets engine versions 1 and 2. OpenBao speaks the same API and works here as well.

    apiVersion: external-secrets.io/v1
    kind: SecretStore
    metadata: {name: vault}
    spec:
      provider:
        vault:
          server: https://vault.example.com:8200
          path: secret                  # where the engine is mounted
          version: v2
          namespace: team-a             # Vault Enterprise and OpenBao
          caProvider: {type: ConfigMap, name: vault-ca, key: ca.crt}
          auth:                         # one method; without auth, an agent or proxy adds the token
            kubernetes:
              mountPath: kubernetes
              role: reader
              serviceAccountRef: {name: app, audiences: [vault]}

`remoteRef.key` is the path below the mount, `property` a key of the secret or a gjson path, `version` a version of KV
version 2; `metadataPolicy: Fetch` reads the metadata. A secret is its data as one JSON object. `find` lists folders to
their end, below `path`, by `name` or else by `tags` (custom metadata). What a login got is revoked at the end.

Auth methods: tokenSecretRef, appRole, kubernetes, ldap, userPass, jwt, cert; of several, the first in this order.
The model is that of ESO, whole; it is filled from `spec.provider.vault` and asked by `clients`.

Can: find by name, find by tags, find by path, versions, metadata, use from a pod.
Logins: tokenSecretRef, appRole, kubernetes, ldap, userPass, jwt, cert, none.
Valid: the login works and the token is known.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from msgspec import Meta, field

from secretcore.backends.tls import TLS
from secretcore.backends.trust import check_ca, trust_needs, trusted
from secretcore.backends.vault import login
from secretcore.backends.vault.auth import VaultAuth
from secretcore.backends.vault.kv import KVClient
from secretcore.backends.vault.paths import KV
from secretcore.backends.vault.refusals import refusal
from secretcore.backends.vault.session import Server, Session, check_headers, check_server, session
from secretcore.errors import InvalidSpec
from secretcore.model.declaration import Model
from secretcore.model.selectors import CAProvider, SecretKeySelector
from secretcore.needs import Need, key_need
from secretcore.provider import Capabilities, Credentials, MetricNames, SecretsClient, StoreContext, Validation


class VaultClientTLS(Model, frozen=True, kw_only=True):
    """The certificate that the connection shows: both fields or none."""

    cert_secret_ref: Annotated[SecretKeySelector | None, Meta(description="Certificate; key tls.crt unless said.")] = (
        None
    )
    key_secret_ref: Annotated[SecretKeySelector | None, Meta(description="Private key; key tls.key unless said.")] = (
        None
    )


class VaultCheckAndSet(Model, frozen=True, kw_only=True):
    """Only for writing."""

    required: Annotated[bool, Meta(description="Writes name the version they replace.")] = False


class VaultProvider(Model, frozen=True, kw_only=True):
    """A KV engine of a Vault server."""

    capabilities: ClassVar[Capabilities] = "ReadOnly"
    metric_names: ClassVar[MetricNames] = MetricNames(
        "HashiCorp/Vault",
        {"login": "Login", "get_secret": "ReadSecretData", "get_all_secrets": "ListSecrets", "validate": "LookupSelf"},
    )

    auth: Annotated[VaultAuth | None, Meta(description="How to log in; without it, no token is sent.")] = None
    server: Annotated[str, Meta(description="Address of the server.")]
    path: Annotated[str | None, Meta(description="Where the KV engine is mounted.")] = None
    version: Annotated[Literal["v1", "v2"], Meta(description="Version of the KV engine.")] = "v2"
    namespace: Annotated[str | None, Meta(description="Vault namespace.")] = None
    ca_bundle: Annotated[str, Meta(description="PEM certificates to trust.", extra_json_schema={"format": "byte"})] = ""
    tls: VaultClientTLS | None = None
    ca_provider: CAProvider | None = None
    read_your_writes: Annotated[bool, Meta(description="Read no older state than that of the login.")] = False
    forward_inconsistent: Annotated[bool, Meta(description="Let a lagging replica ask the active server.")] = False
    headers: Annotated[dict[str, str], Meta(description="Headers of every request.")] = field(default_factory=dict)
    check_and_set: VaultCheckAndSet | None = None

    def validate(self, context: StoreContext) -> Sequence[str]:
        """Checks addresses, references and what of the auth methods can't be used."""
        check_server(self.server)
        check_ca(self.ca_bundle, self.ca_provider, context.kind)
        check_headers(
            self.headers,
            {"namespace": self.namespace or "", "auth.namespace": (self.auth and self.auth.namespace) or ""},
        )
        if self.tls and (self.tls.cert_secret_ref is None) != (self.tls.key_secret_ref is None):
            raise InvalidSpec("tls", "certSecretRef and keySecretRef must be set together")
        if self.version == "v1" and self.check_and_set and self.check_and_set.required:
            raise InvalidSpec("checkAndSet", "is not supported with KV version v1")
        return self.auth.check() if self.auth else ()

    @asynccontextmanager
    async def connect(self, credentials: Credentials, context: StoreContext) -> AsyncIterator[SecretsClient]:
        """A client, logged in; its token is revoked on leaving."""
        namespace = self.namespace or ""
        login_namespace = self.auth.namespace if self.auth else None
        server = Server(
            url=self.server,
            namespace=namespace,
            login_namespace=namespace if login_namespace is None else login_namespace,
            headers=self.headers,
            forward_inconsistent=self.read_your_writes and self.forward_inconsistent,
            read_your_writes=self.read_your_writes or self.forward_inconsistent,
            tls=await self._tls(credentials),
        )
        identity = partial(self.auth.identity, credentials) if self.auth else None
        async with session(server, identity, context) as opened:
            yield KVClient(opened, KV(self.path, self.version), _check_token)

    def needs(self) -> Sequence[Need]:
        """Of the auth method that is used, and of the connection where it is encrypted."""
        shows_certificate = self.auth is not None and self.auth.certificate() is not None
        of_auth = self.auth.needs() if self.auth else ()
        if urlsplit(self.server).scheme != "https":
            return () if shows_certificate else of_auth
        of_tls = () if shows_certificate else [key_need(path, ref) for path, ref in self._client_certificate()]
        return (*trust_needs(self.ca_bundle, self.ca_provider), *of_auth, *of_tls)

    def _client_certificate(self) -> Sequence[tuple[str, SecretKeySelector]]:
        """Certificate and key of `tls`, with the paths that ask for them; empty without."""
        if not (self.tls and self.tls.cert_secret_ref and self.tls.key_secret_ref):
            return ()
        return (
            ("tls.certSecretRef", login.with_key(self.tls.cert_secret_ref, "tls.crt")),
            ("tls.keySecretRef", login.with_key(self.tls.key_secret_ref, "tls.key")),
        )

    async def _tls(self, credentials: Credentials) -> TLS:
        if urlsplit(self.server).scheme != "https":
            return TLS()
        ca = await trusted(self.ca_bundle, self.ca_provider, credentials)
        pair: Sequence[SecretKeySelector] | None = self.auth.certificate() if self.auth else None
        pair = pair or tuple(ref for _, ref in self._client_certificate())
        if not pair:
            return TLS(ca)
        return TLS(ca, await credentials.secret(pair[0]), await credentials.secret(pair[1]))


async def _check_token(opened: Session) -> Validation:
    """Whether the token is known: what every token may ask."""
    answer = await opened.get("auth/token/lookup-self", "the store's token")
    if error := refusal(answer, "the store's token"):
        raise error
    return Validation()
