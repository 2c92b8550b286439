"""The access key that a store starts from: kept in Secrets, or lent by the environment. `providers/aws` asks."""

from __future__ import annotations

from secretcore.backends.aws.session import is_key
from secretcore.backends.sigv4 import Keys
from secretcore.errors import AccessDenied, CredentialNotFound
from secretcore.model.selectors import SecretKeySelector
from secretcore.provider import Credentials

ACCESS_KEY, SECRET_KEY, SESSION_TOKEN = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"


async def kept_keys(
    credentials: Credentials,
    access_key: SecretKeySelector,
    secret_key: SecretKeySelector,
    session_token: SecretKeySelector | None,
) -> Keys:
    """The keys in the Secrets that a store names. Raises `AccessDenied` where one can't be part of an access key."""
    return Keys(
        await _part(credentials, access_key),
        await _part(credentials, secret_key),
        await _part(credentials, session_token) if session_token else "",
    )


def lent_keys(credentials: Credentials) -> Keys:
    """The keys of the shell's own identity. Raises `CredentialNotFound` where it lends none, and
    `AccessDenied` where one can't be part of an access key.
    """
    lent = {name: (credentials.ambient(name) or "").strip() for name in (ACCESS_KEY, SECRET_KEY, SESSION_TOKEN)}
    for name, value in lent.items():
        if value and not is_key(value):
            raise AccessDenied(f"{name} holds nothing that can be part of an AWS access key", remedy=f"correct {name}")
    if not lent[ACCESS_KEY] or not lent[SECRET_KEY]:
        raise CredentialNotFound(
            f"the store has no auth, and the environment lends it no {ACCESS_KEY} and {SECRET_KEY}",
            remedy="set auth.secretRef in the store, or run where the environment may lend these",
        )
    return Keys(lent[ACCESS_KEY], lent[SECRET_KEY], lent[SESSION_TOKEN])


async def _part(credentials: Credentials, selector: SecretKeySelector) -> str:
    """White space around it is nobody's intention, and no key has any."""
    text = (await credentials.secret(selector)).decode("utf-8", "replace").strip()
    if not is_key(text):
        raise AccessDenied(
            f'key "{selector.key}" of Secret "{selector.name}" holds nothing that can be part of an AWS access key',
            remedy="store it as AWS shows it",
        )
    return text
