"""What an AWS service means when it refuses: its error code as one of our errors. The one place that translates.

`calls` asks it for every answer. A message names the code only where it is known here: everything else in an answer
was written by the backend, and is not repeated.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from secretcore.backends.aws.xml import elements
from secretcore.backends.http import Answer
from secretcore.errors import AccessDenied, Malformed, SecretNotFound, StoreError, StoreUnavailable, Throttled


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code says, in our words; `remedy` where the class's own does not fit."""

    kind: type[StoreError]
    sentence: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error as AWS words it. `message` is read, never shown."""

    code: str
    message: str = field(default="", repr=False)


_NOT_FOUND = Meaning(SecretNotFound, "does not exist")
_DELETED = Meaning(SecretNotFound, "is marked for deletion", "restore it at the backend, or correct the key")
_UNKNOWN_KEY = Meaning(AccessDenied, "AWS does not know the access key", "check the access key of the store")
_EXPIRED = Meaning(AccessDenied, "the session token has expired", "renew the store's credentials")
_SIGNATURE = Meaning(
    AccessDenied,
    "AWS does not accept the signature",
    "check the secret access key, and the clock of this machine",
)
_UNDECRYPTABLE = Meaning(
    AccessDenied,
    "AWS can't decrypt it with its KMS key",
    "check that the key is enabled, and that the identity may use it (kms:Decrypt)",
)
_INVALID = Meaning(Malformed, "AWS refuses the request as invalid", "correct the key, the version or the criteria")
_SLOW_DOWN = Meaning(Throttled, "AWS asks to slow down")
_FAILED = Meaning(StoreUnavailable, "AWS failed")

_MEANINGS = {
    "ResourceNotFoundException": _NOT_FOUND,
    "AccessDenied": Meaning(AccessDenied, "AWS denies access"),
    "AccessDeniedException": Meaning(AccessDenied, "AWS denies access"),
    "UnauthorizedOperation": Meaning(AccessDenied, "AWS denies access"),
    "UnrecognizedClientException": _UNKNOWN_KEY,
    "InvalidClientTokenId": _UNKNOWN_KEY,
    "InvalidAccessKeyId": _UNKNOWN_KEY,
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "InvalidSignatureException": _SIGNATURE,
    "SignatureDoesNotMatch": _SIGNATURE,
    "IncompleteSignature": _SIGNATURE,
    "IncompleteSignatureException": _SIGNATURE,
    "RequestExpired": _SIGNATURE,
    "MissingAuthenticationToken": _SIGNATURE,
    "MissingAuthenticationTokenException": _SIGNATURE,
    "OptInRequired": Meaning(AccessDenied, "the account may not use this", "enable the service or region in AWS"),
    "RegionDisabledException": Meaning(AccessDenied, "the account may not use STS there", "enable the region in AWS"),
    "DecryptionFailure": _UNDECRYPTABLE,
    "InvalidRequestException": Meaning(Malformed, "the secret can't be read in its present state", "look at it in AWS"),
    "InvalidParameterException": _INVALID,
    "ValidationException": _INVALID,
    "ValidationError": _INVALID,
    "InvalidNextTokenException": Meaning(Malformed, "AWS does not know its own page any more", "try again"),
    "PackedPolicyTooLarge": Meaning(Malformed, "the session tags are too large together", "use fewer session tags"),
    "InternalServiceError": _FAILED,
    "InternalServiceErrorException": _FAILED,
    "InternalFailure": _FAILED,
    "InternalServerError": _FAILED,
    "ServiceUnavailable": _FAILED,
    "ServiceUnavailableException": _FAILED,
    "RequestTimeout": _FAILED,
    "RequestTimeoutException": _FAILED,
    "Throttling": _SLOW_DOWN,
    "ThrottlingException": _SLOW_DOWN,
    "ThrottledException": _SLOW_DOWN,
    "RequestThrottled": _SLOW_DOWN,
    "RequestThrottledException": _SLOW_DOWN,
    "RequestLimitExceeded": _SLOW_DOWN,
    "TooManyRequestsException": _SLOW_DOWN,
    "SlowDown": _SLOW_DOWN,
}


def refusal(answer: Answer) -> Refusal:
    """The error in an answer that is none of success; its code is empty where there is none to be read."""
    body = _error_of(answer.body)
    code = str(body.get("__type") or body.get("code") or body.get("Code") or "")
    code = code or answer.headers.get("x-amzn-errortype", "").partition(":")[0]
    message = body.get("message") or body.get("Message") or ""
    return Refusal(code.rpartition("#")[2], str(message))


def error_for(refused: Refusal, what: str, action: str, status: int | None = None) -> StoreError:
    """Our error for it. `what` begins the sentence, `action` is what a policy has to allow."""
    meaning = _meaning(refused)
    if meaning is None:
        return _unknown(what, status)
    if meaning.kind is SecretNotFound:
        return SecretNotFound(f"{what} {meaning.sentence}", remedy=meaning.remedy)
    remedy = meaning.remedy
    if refused.code.startswith("AccessDenied") and not remedy:
        remedy = f"let a policy of the store's identity allow {action}"
    return meaning.kind(f"{what}: {meaning.sentence} ({refused.code})", remedy=remedy)


def _meaning(refused: Refusal) -> Meaning | None:
    if refused.code in ("InvalidRequestException", "InvalidParameterException") and (
        "marked for deletion" in refused.message or "marked deleted" in refused.message
    ):
        return _DELETED
    if refused.code == "AccessDeniedException" and "Access to KMS is not allowed" in refused.message:
        return _UNDECRYPTABLE
    return _MEANINGS.get(refused.code)


def _unknown(what: str, status: int | None) -> StoreError:
    """A refusal without a code that we know. A bare 404 is a wrong address: AWS says in words that a secret is gone."""
    if status in (401, 403):
        return AccessDenied(f"{what}: access denied ({status})")
    return Malformed(f"{what}: unexpected answer" + (f" ({status})" if status else ""))


def _error_of(body: bytes) -> dict[str, Any]:
    if body.lstrip()[:1] == b"<":
        return dict(elements(body) or {})
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {}
