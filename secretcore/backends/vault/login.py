"""The auth methods: from what a store refers to, to the one request that logs in. `session` sends it.

Providers choose the method and hand over fields of their configuration; the shell's `Credentials` answer the rest. A
method's function returns a `Login`; a token that is there already is a `StaticToken`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from secretcore.errors import InvalidSpec, Malformed
from secretcore.model.selectors import SecretKeySelector, ServiceAccountSelector
from secretcore.provider import Credentials


@dataclass(frozen=True, slots=True)
class Login:
    """A request to `auth/<mount>/login`, or to `auth/<mount>/login/<user>`."""

    method: str
    """The field of the store that asks for it, for messages."""
    mount: str
    body: Mapping[str, str] = field(repr=False)
    user: str = ""

    @property
    def path(self) -> str:
        """Below `/v1/`."""
        return f"auth/{self.mount}/login" + (f"/{self.user}" if self.user else "")


@dataclass(frozen=True, slots=True)
class StaticToken:
    """A token that somebody else made, and keeps."""

    token: str = field(repr=False)


Identity = Callable[[], Awaitable[Login | StaticToken]]
"""Reads the credentials anew, each time it is called."""


async def static_token(credentials: Credentials, ref: SecretKeySelector) -> StaticToken:
    """The token itself. White space around it, as files have it, is no part of it."""
    token = (await _text(credentials, ref, "auth.tokenSecretRef")).strip()
    if not token or not token.isascii() or not token.isprintable():
        raise Malformed(
            "auth.tokenSecretRef: what it refers to is no token, it is empty or has characters that can't be sent",
            remedy="store the token and nothing else",
        )
    return StaticToken(token)


async def app_role(
    credentials: Credentials,
    mount: str,
    role_id: str,
    role_ref: SecretKeySelector | None,
    secret_ref: SecretKeySelector,
) -> Login:
    """The role's id, from the store or else from a Secret, with its secret id."""
    role = role_id.strip()
    if not role and role_ref is not None:
        role = await _text(credentials, role_ref, "auth.appRole.roleRef")
    secret = await _text(credentials, secret_ref, "auth.appRole.secretRef")
    return Login("appRole", mount, {"role_id": role, "secret_id": secret})


async def password(
    credentials: Credentials, method: str, mount: str, username: str, secret_ref: SecretKeySelector | None
) -> Login:
    """A user's password: `userPass` and `ldap` have the same request."""
    secret = await _text(credentials, secret_ref, f"auth.{method}.secretRef")
    return Login(method, mount, {"password": secret}, username.strip())


async def kubernetes(
    credentials: Credentials,
    mount: str,
    role: str,
    account: ServiceAccountSelector | None,
    secret_ref: SecretKeySelector | None,
) -> Login:
    """A ServiceAccount's token: a new one of the account that is named, else one from a Secret (key `token` unless
    said), else that of the shell itself.
    """
    if account is not None:
        token = await credentials.token(account, account.audiences)
    elif secret_ref is not None:
        ref = with_key(secret_ref, "token")
        token = await _text(credentials, ref, "auth.kubernetes.secretRef")
    else:
        token = await credentials.token(None, ())
    return Login("kubernetes", mount, {"role": role, "jwt": token.strip()})


async def jwt(
    credentials: Credentials,
    mount: str,
    role: str,
    secret_ref: SecretKeySelector | None,
    account: tuple[ServiceAccountSelector, Sequence[str]] | None,
) -> Login:
    """A signed token from a Secret, or else a new one of a ServiceAccount for its audiences and these."""
    token = ""
    if secret_ref is not None:
        token = await _text(credentials, secret_ref, "auth.jwt.secretRef")
    elif account is not None:
        selector, audiences = account
        token = await credentials.token(selector, (*selector.audiences, *audiences))
    return Login("jwt", mount, {"role": role.strip(), "jwt": token.strip()})


def certificate(mount: str, role: str) -> Login:
    """The certificate that the connection shows, and the role to match it with, if one is named."""
    return Login("cert", mount, {"name": role} if role else {})


def with_key(ref: SecretKeySelector, key: str) -> SecretKeySelector:
    """The reference with this key where it names none."""
    return ref if ref.key else msgspec.structs.replace(ref, key=key)


async def _text(credentials: Credentials, ref: SecretKeySelector | None, field_name: str) -> str:
    if ref is None:
        raise InvalidSpec(field_name, "is required")
    try:
        return (await credentials.secret(ref)).decode()
    except UnicodeDecodeError:
        raise Malformed(f"{field_name}: what it refers to is not text", remedy="store it as UTF-8") from None
