"""`spec.provider.vault.auth`: which auth method a store means, and the login that it makes. Part of the model of the
provider `vault`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

from msgspec import Meta

from secretcore.backends.vault import login
from secretcore.backends.vault.auth_models import (
    VaultAppRole,
    VaultCertAuth,
    VaultGCPAuth,
    VaultIamAuth,
    VaultJwtAuth,
    VaultKubernetesAuth,
    VaultLdapAuth,
    VaultUserPassAuth,
)
from secretcore.backends.vault.login import Login, StaticToken
from secretcore.errors import InvalidSpec
from secretcore.model.declaration import Model
from secretcore.model.selectors import SecretKeySelector, ServiceAccountSelector
from secretcore.needs import Need, TokenNeed, key_need
from secretcore.provider import Credentials

_DEFAULT_AUDIENCES = ("vault",)


class VaultAuth(Model, frozen=True, kw_only=True):
    """How to log in: one method. Of several the first counts, in ESO's order, which is that of `methods`."""

    namespace: Annotated[str | None, Meta(description="Vault namespace of the login, if another.")] = None
    token_secret_ref: Annotated[SecretKeySelector | None, Meta(description="A token.")] = None
    app_role: VaultAppRole | None = None
    kubernetes: VaultKubernetesAuth | None = None
    ldap: VaultLdapAuth | None = None
    jwt: VaultJwtAuth | None = None
    cert: VaultCertAuth | None = None
    iam: VaultIamAuth | None = None
    user_pass: VaultUserPassAuth | None = None
    gcp: VaultGCPAuth | None = None

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that are configured, by their field, in the order of their precedence."""
        by_field = {
            "tokenSecretRef": self.token_secret_ref,
            "appRole": self.app_role,
            "kubernetes": self.kubernetes,
            "ldap": self.ldap,
            "userPass": self.user_pass,
            "jwt": self.jwt,
            "cert": self.cert,
            "iam": self.iam,
            "gcp": self.gcp,
        }
        return tuple(name for name, configured in by_field.items() if configured is not None)

    def check(self) -> Sequence[str]:
        """Warnings. Raises `InvalidSpec` with a path below the provider's key."""
        if not self.methods:
            raise InvalidSpec(
                "auth",
                "no valid auth method specified",
                remedy="name one, or leave auth out where an agent logs in",
            )
        first, *others = self.methods
        if first in ("iam", "gcp"):
            raise InvalidSpec(
                f"auth.{first}",
                "this auth method is not supported yet",
                remedy="use tokenSecretRef, appRole, kubernetes, ldap, userPass, jwt or cert",
            )
        for path, reason in self._missing():
            raise InvalidSpec(path, reason)
        return (f"auth: of several methods {first} is used, {', '.join(others)} are not",) if others else ()

    async def identity(self, credentials: Credentials) -> Login | StaticToken:
        """What to log in with, read anew each time. Raises `StoreError`."""
        if self.token_secret_ref is not None:
            return await login.static_token(credentials, self.token_secret_ref)
        if (role := self.app_role) is not None:
            return await login.app_role(credentials, role.path, role.role_id, role.role_ref, role.secret_ref)
        if (pod := self.kubernetes) is not None:
            return await login.kubernetes(
                credentials, pod.mount_path, pod.role, pod.service_account_ref, pod.secret_ref
            )
        if (ldap := self.ldap) is not None:
            return await login.password(credentials, "ldap", ldap.path, ldap.username, ldap.secret_ref)
        if (user := self.user_pass) is not None:
            return await login.password(credentials, "userPass", user.path, user.username, user.secret_ref)
        if (signed := self.jwt) is not None:
            return await _jwt(credentials, signed)
        if (shown := self.cert) is not None:
            return login.certificate(shown.path, shown.vault_role)
        raise InvalidSpec("auth", "no valid auth method specified")

    def needs(self) -> Sequence[Need]:
        """What `identity` asks for, and `certificate`."""
        first = self.methods[0] if self.methods else ""
        match first:
            case "tokenSecretRef":
                return _keys(("auth.tokenSecretRef", self.token_secret_ref))
            case "appRole" if role := self.app_role:
                role_ref = None if role.role_id.strip() else role.role_ref
                return _keys(("auth.appRole.roleRef", role_ref), ("auth.appRole.secretRef", role.secret_ref))
            case "kubernetes" if pod := self.kubernetes:
                return _kubernetes_needs(pod)
            case "ldap" if ldap := self.ldap:
                return _keys(("auth.ldap.secretRef", ldap.secret_ref))
            case "userPass" if user := self.user_pass:
                return _keys(("auth.userPass.secretRef", user.secret_ref))
            case "jwt" if signed := self.jwt:
                return _jwt_needs(signed)
            case "cert" if shown := self.cert:
                return _keys(("auth.cert.clientCert", shown.client_cert), ("auth.cert.secretRef", shown.secret_ref))
        return ()

    def certificate(self) -> tuple[SecretKeySelector, SecretKeySelector] | None:
        """Certificate and key that the connection must show for the login, where the method is `cert`."""
        if self.methods[0] != "cert" or not (self.cert and self.cert.client_cert and self.cert.secret_ref):
            return None
        return self.cert.client_cert, self.cert.secret_ref

    def _missing(self) -> Iterator[tuple[str, str]]:
        if self.app_role and not self.app_role.role_id and self.app_role.role_ref is None:
            yield "auth.appRole", "neither roleId nor roleRef was supplied"
        if self.ldap and self.ldap.secret_ref is None:
            yield "auth.ldap.secretRef", "is required"
        if self.user_pass and self.user_pass.secret_ref is None:
            yield "auth.userPass.secretRef", "is required"
        if self.jwt and self.jwt.secret_ref is None and self.jwt.kubernetes_service_account_token is None:
            yield "auth.jwt", "neither secretRef nor kubernetesServiceAccountToken was supplied"
        if self.cert and (self.cert.client_cert is None or self.cert.secret_ref is None):
            yield "auth.cert", "clientCert and secretRef are both required"


def _keys(*refs: tuple[str, SecretKeySelector | None]) -> tuple[Need, ...]:
    return tuple(key_need(path, ref) for path, ref in refs if ref is not None)


def _kubernetes_needs(configured: VaultKubernetesAuth) -> tuple[Need, ...]:
    path = "auth.kubernetes"
    if (account := configured.service_account_ref) is not None:
        return (TokenNeed(f"{path}.serviceAccountRef", account, account.audiences),)
    if configured.secret_ref is not None:
        return (key_need(f"{path}.secretRef", configured.secret_ref, "token"),)
    return (TokenNeed(path, None),)


def _jwt_needs(configured: VaultJwtAuth) -> tuple[Need, ...]:
    if configured.secret_ref is not None:
        return _keys(("auth.jwt.secretRef", configured.secret_ref))
    source = _jwt_source(configured)
    if source is None:
        return ()
    account, audiences = source
    path = "auth.jwt.kubernetesServiceAccountToken"
    return (TokenNeed(path, account, (*account.audiences, *audiences)),)


def _jwt_source(configured: VaultJwtAuth) -> tuple[ServiceAccountSelector, Sequence[str]] | None:
    """The ServiceAccount, and audiences beside those of the reference."""
    account = configured.kubernetes_service_account_token
    if account is None:
        return None
    more = _DEFAULT_AUDIENCES if account.audiences is None else account.audiences
    return account.service_account_ref, more


async def _jwt(credentials: Credentials, configured: VaultJwtAuth) -> Login:
    source = _jwt_source(configured)
    return await login.jwt(credentials, configured.path, configured.role, configured.secret_ref, source)
