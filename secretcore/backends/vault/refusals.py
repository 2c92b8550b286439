"""What Vault's and OpenBao's refusals mean, as errors: the one place that knows their statuses and words. Pure.

`session` and `kv` ask for what is no 2xx. The words of an answer tell cases apart and never get into a message. 429 and
5xx are raised by `backends.http` before they come here; `explain` gives it the words for a sealed server.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from secretcore.backends.http import Answer, refused
from secretcore.errors import AccessDenied, Malformed, SecretNotFound, StoreError, StoreUnavailable
from secretcore.limits import Limits

CHECK_VERSION = "check the store's version (v1 or v2) and path: which version an engine has, its mount options say"

_REPLICA = {
    412: "the replica that answered does not have the latest state yet",
    472: "the server that answered is a disaster recovery secondary, which serves no reads",
    473: "the server that answered is a standby that serves no reads",
}


def refusal(answer: Answer, what: str) -> StoreError | None:
    """The error that an answer to a read means; None for 2xx."""
    match answer.status:
        case 400 if _says(answer, "missing client token"):
            return AccessDenied(
                f"{what}: access denied (400), no token was sent",
                remedy="configure auth in the store, or point server at an agent that adds a token",
            )
        case 400:
            return Malformed(
                f"{what}: the request was refused as wrong (400)",
                remedy="correct the key and version; in KV version 2 a version is a number",
            )
        case 404 if not _is_ours(answer):
            return Malformed(f"{what}: the answer is none of Vault's API (404)")
        case 404 if _says(answer, "no handler for route"):
            return SecretNotFound(
                f"{what} does not exist: no secrets engine is mounted there",
                remedy="correct the store's path, its namespace, or the key",
            )
        case 404 if _is_versioned_hint(answer):
            return Malformed(
                f"{what}: the secrets engine is KV version 2, and this is not a path of version 2",
                remedy=CHECK_VERSION,
            )
        case 405:
            return Malformed(f"{what}: this is not a secret of a KV engine (405)", remedy=CHECK_VERSION)
        case status if status in _REPLICA:
            return StoreUnavailable(f"{what}: {_REPLICA[status]} ({status})")
        case _:
            return refused(answer, what)


def login_refusal(answer: Answer, what: str) -> StoreError | None:
    """The error that an answer to a login means; None for 2xx. Vault refuses wrong credentials with 400 or 403, a
    method that isn't mounted with 403 or 404: all of it is about who we are.
    """
    if 400 <= answer.status < 500 and answer.status not in _REPLICA:
        return AccessDenied(
            f"{what} was refused ({answer.status})",
            remedy="check the credentials, the role, and where the auth method is mounted (and in which namespace)",
        )
    return refusal(answer, what)


def explain(answer: Answer) -> str:
    """Words for a 5xx answer."""
    return "the server is sealed" if _says(answer, "sealed") else ""


def _is_versioned_hint(answer: Answer) -> bool:
    """Whether the server warns that a path is not one of KV version 2: it does so where the engine is of version 2."""
    return any("versioned" in text for text in _texts(answer, "warnings"))


def document(answer: Answer, what: str, limits: Limits) -> Mapping[str, Any]:
    """The JSON object that the answer is. Raises `Malformed`."""
    body = answer.json(what, limits)
    if not isinstance(body, dict):
        raise Malformed(f"the answer for {what} is not a JSON object")
    return body


def _says(answer: Answer, words: str) -> bool:
    return any(words in text.lower() for text in _texts(answer, "errors"))


def _is_ours(answer: Answer) -> bool:
    """Whether the server itself says this, and not something before it that knows nothing of secrets."""
    return not {"errors", "warnings", "data"}.isdisjoint(_found(answer))


def _found(answer: Answer) -> Mapping[str, Any]:
    try:
        return document(answer, "", Limits())
    except Malformed:
        return {}


def _texts(answer: Answer, field: str) -> tuple[str, ...]:
    found = _found(answer).get(field)
    return tuple(text for text in found if isinstance(text, str)) if isinstance(found, list) else ()
