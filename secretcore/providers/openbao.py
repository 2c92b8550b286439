"""OpenBao, KV secrets engine versions 1 and 2: the provider `openBao`, with the schema that ESO gives it.

    apiVersion: external-secrets.io/v1
    kind: SecretStore
    metadata: {name: openbao}
    spec:
      provider:
        openBao:
          server: https://openbao.example.com:8200
          path: kv                      # where the engine is mounted; "kv" unless said
          version: v2
          namespace: team-a
          caProvider: {type: ConfigMap, name: openbao-ca, key: ca.crt}
          auth:                         # exactly one method; without auth, an agent or proxy adds the token
            appRole:
              path: approle
              roleRef: {name: openbao-login, key: role-id}
              secretRef: {name: openbao-login, key: secret-id}

It reads as the provider `vault` does, with these differences, which are ESO's: `remoteRef.key` is always below the
mount (a key that begins with the mount's name is a folder of that name), `version` must be a number and is refused with
KV version 1, and the store is checked by asking which engine is mounted. Gone further than ESO: gjson paths as
properties, `find` in nested folders and by tags, metadata, and the login's token is revoked at the end.

Can: find by name, find by tags, find by path, versions, metadata, use from a pod.
Logins: tokenSecretRef, appRole, userPass, none.
Valid: the login works and the engine is mounted.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from msgspec import Meta

from secretcore.backends.tls import TLS
from secretcore.backends.trust import check_ca, trust_needs, trusted
from secretcore.backends.vault import login
from secretcore.backends.vault.kv import KVClient
from secretcore.backends.vault.login import Login, StaticToken
from secretcore.backends.vault.paths import KV, KVVersion
from secretcore.backends.vault.refusals import CHECK_VERSION, document, refusal
from secretcore.backends.vault.session import Server, Session, check_headers, check_server, session
from secretcore.errors import InvalidSpec, Malformed
from secretcore.model.declaration import CEL, Model
from secretcore.model.selectors import CAProvider, SecretKeySelector
from secretcore.needs import Need, key_need
from secretcore.payload import JsonPayload
from secretcore.plan import RemoteRef
from secretcore.provider import Capabilities, Credentials, SecretsClient, StoreContext, Validation

DEFAULT_MOUNT = "kv"


def _chosen(*fields: str, exactly: bool) -> CEL:
    """ESO's rule for fields of which one, or at most one, is set."""
    amount, relation = ("exactly", "==") if exactly else ("at most", "<=")
    return CEL(
        f"[{','.join(f'has(self.{name})' for name in fields)}].filter(x,x==true).size() {relation} 1",
        f"{amount} one of the fields in [{' '.join(fields)}] {'must' if exactly else 'may'} be set",
    )


class OpenBaoAppRole(Model, frozen=True, kw_only=True):
    """An AppRole: the role's id, here or in a Secret, and its secret id."""

    cel = (_chosen("roleId", "roleRef", exactly=True),)

    path: Annotated[str, Meta(description="Where the auth method is mounted.")] = "approle"
    role_id: Annotated[str, Meta(description="The role's id.", min_length=1)] | None = None
    role_ref: Annotated[SecretKeySelector | None, Meta(description="The role's id in a Secret.")] = None
    secret_ref: Annotated[SecretKeySelector, Meta(description="The secret id.")]


class OpenBaoUserPassAuth(Model, frozen=True, kw_only=True):
    """A user of OpenBao's own."""

    path: Annotated[str, Meta(description="Where the auth method is mounted.")] = "userpass"
    username: Annotated[str, Meta(description="Who logs in.")]
    secret_ref: Annotated[SecretKeySelector | None, Meta(description="The password.")] = None


class OpenBaoAuth(Model, frozen=True, kw_only=True):
    """How to log in: exactly one method."""

    cel = (_chosen("appRole", "tokenSecretRef", "userPass", exactly=True),)

    namespace: Annotated[str | None, Meta(description="Namespace of the login, if another.")] = None
    token_secret_ref: Annotated[SecretKeySelector | None, Meta(description="A token.")] = None
    app_role: OpenBaoAppRole | None = None
    user_pass: OpenBaoUserPassAuth | None = None

    def check(self) -> None:
        """Raises `InvalidSpec` with a path below the provider's key."""
        if sum(method is not None for method in (self.token_secret_ref, self.app_role, self.user_pass)) != 1:
            raise InvalidSpec("auth", self.cel[0].message)
        role = self.app_role
        if role and ((role.role_id is None) == (role.role_ref is None)):
            raise InvalidSpec("auth.appRole", role.cel[0].message)
        if self.user_pass and self.user_pass.secret_ref is None:
            raise InvalidSpec("auth.userPass.secretRef", "is required")

    def needs(self) -> Sequence[Need]:
        """What `identity` asks for."""
        refs = [("auth.tokenSecretRef", self.token_secret_ref)]
        if self.app_role:
            role_ref = None if (self.app_role.role_id or "").strip() else self.app_role.role_ref
            refs += [("auth.appRole.roleRef", role_ref), ("auth.appRole.secretRef", self.app_role.secret_ref)]
        if self.user_pass:
            refs.append(("auth.userPass.secretRef", self.user_pass.secret_ref))
        return [key_need(path, ref) for path, ref in refs if ref is not None]

    async def identity(self, credentials: Credentials) -> Login | StaticToken:
        """What to log in with, read anew each time. Raises `StoreError`."""
        if self.token_secret_ref is not None:
            return await login.static_token(credentials, self.token_secret_ref)
        if (role := self.app_role) is not None:
            return await login.app_role(credentials, role.path, role.role_id or "", role.role_ref, role.secret_ref)
        if (user := self.user_pass) is not None:
            return await login.password(credentials, "userPass", user.path, user.username, user.secret_ref)
        raise InvalidSpec("auth", self.cel[0].message)


class OpenBaoProvider(Model, frozen=True, kw_only=True):
    """A KV engine of an OpenBao server."""

    capabilities: ClassVar[Capabilities] = "ReadOnly"
    cel = (_chosen("caBundle", "caProvider", exactly=False),)

    auth: Annotated[OpenBaoAuth | None, Meta(description="How to log in; without it, no token is sent.")] = None
    server: Annotated[str, Meta(description="Address of the server.")]
    path: Annotated[str | None, Meta(description="Where the KV engine is mounted; kv unless said.")] = None
    version: Annotated[Literal["v1", "v2"], Meta(description="Version of the KV engine.")] = "v2"
    namespace: Annotated[str | None, Meta(description="OpenBao namespace.")] = None
    ca_bundle: Annotated[str, Meta(description="PEM certificates to trust.", extra_json_schema={"format": "byte"})] = ""
    ca_provider: CAProvider | None = None

    def validate(self, context: StoreContext) -> Sequence[str]:
        """Checks addresses, references and that one auth method is chosen."""
        check_server(self.server)
        if self.ca_bundle and self.ca_provider:
            raise InvalidSpec("", self.cel[0].message)
        check_ca(self.ca_bundle, self.ca_provider, context.kind)
        check_headers(
            {},
            {"namespace": self.namespace or "", "auth.namespace": (self.auth and self.auth.namespace) or ""},
        )
        if self.auth:
            self.auth.check()
        return ()

    def needs(self) -> Sequence[Need]:
        """Of the certificates to trust, and of the auth method."""
        return (*trust_needs(self.ca_bundle, self.ca_provider), *(self.auth.needs() if self.auth else ()))

    @asynccontextmanager
    async def connect(self, credentials: Credentials, context: StoreContext) -> AsyncIterator[SecretsClient]:
        """A client, logged in; its token is revoked on leaving."""
        namespace = self.namespace or ""
        login_namespace = self.auth.namespace if self.auth else None
        tls = TLS(await trusted(self.ca_bundle, self.ca_provider, credentials))
        server = Server(
            url=self.server,
            namespace=namespace,
            login_namespace=namespace if login_namespace is None else login_namespace,
            tls=tls if urlsplit(self.server).scheme == "https" else TLS(),
        )
        identity = partial(self.auth.identity, credentials) if self.auth else None
        mount = DEFAULT_MOUNT if self.path is None else self.path
        async with session(server, identity, context) as opened:
            yield _OpenBaoClient(
                opened,
                KV(mount, self.version, may_repeat_mount=False),
                partial(_check_mount, mount, self.version),
            )


class _OpenBaoClient(KVClient):
    """Takes versions as OpenBao's own client does."""

    async def get_secret(self, ref: RemoteRef) -> JsonPayload:
        if ref.version and self.version == "v1":
            raise InvalidSpec(
                "", "KV version 1 keeps no versions, so none can be asked for", remedy="leave version out"
            )
        if ref.version and not ref.version.removeprefix("-").isdecimal():
            raise InvalidSpec("", f'version "{ref.version}" is not a number')
        return await super().get_secret(ref)


async def _check_mount(mount: str, version: KVVersion, opened: Session) -> Validation:
    """Whether a KV engine of this version is mounted, which a token that may read there may ask."""
    what = f'the engine mounted at "{mount}"'
    answer = await opened.get(f"sys/internal/ui/mounts/{mount}", what)
    if error := refusal(answer, what):
        raise error
    found = document(answer, what, opened.limits).get("data")
    kind, options = (found.get("type"), found.get("options")) if isinstance(found, dict) else (None, None)
    if kind != "kv":
        raise Malformed(f"{what} is not a KV engine", remedy="correct the store's path")
    actual = options.get("version", "1") if isinstance(options, dict) else "1"
    if f"v{actual}" != version:
        raise Malformed(f"{what} is not KV version {version[1:]}", remedy=CHECK_VERSION)
    return Validation()
