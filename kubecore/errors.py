"""What can go wrong with the API server, and the one place where its answers become these errors.

`kubecore.connection` raises them, everything above catches them by class. A message says which call on
which object and what the server's Status says about it; it never holds a body that is not a Status, a
header, an object, or a field's value that a Status quotes.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

PHRASES = {status.value: status.phrase for status in HTTPStatus}
LONGEST_PAUSE = 3600.0  # seconds: who asks for a longer one is asked again after this one
LONGEST = 1_000  # characters of the server's own words in a message
QUOTED = re.compile(r'((?:Invalid|Unsupported|Duplicate) value|Not found): "(?:[^"\\]|\\.)*"')
"""How a Status quotes the value of a field, which may have come from a secret: a label, say."""


class ConfigurationError(Exception):
    """No way to the API server could be made out: no kubeconfig, not in a cluster, an unreadable CA or
    token.
    """


class ApiError(Exception):
    """The API server refused or failed. `status` is the HTTP status (0 without an answer), `reason`
    Kubernetes' own.

    `transient` says whether the same call may succeed later with nothing changed; `retry_after` is the
    server's wish in seconds, at most LONGEST_PAUSE, None if it has none.
    """

    transient = False

    def __init__(self, message: str, *, status: int = 0, reason: str = "", retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.retry_after = retry_after


class Unreachable(ApiError):
    """No answer, or only part of one: refused, reset, timed out, TLS failure. The call may have been
    carried out.
    """

    transient = True


class ServerUnavailable(ApiError):
    """A 5xx, or an answer that is not Kubernetes' (a proxy's HTML). The call may have been carried out."""

    transient = True


class TooManyRequests(ApiError):
    """429: the server sheds load. Nothing was done; `retry_after` is usually given."""

    transient = True


class Unauthorized(ApiError):
    """401, also after the credentials were read anew."""

    transient = True


class Forbidden(ApiError):
    """403: RBAC or admission does not allow it."""


class NamespaceTerminating(Forbidden):
    """403: the namespace is being deleted, nothing can be created in it. Not a fault."""


class NotFound(ApiError):
    """404: no such object (or collection, when its kind is not served)."""


class KindNotServed(NotFound):
    """404: the server does not know the path at all, because the CustomResourceDefinition is missing."""


class AlreadyExists(ApiError):
    """409 on creation: an object of this name is there."""


class Conflict(ApiError):
    """409: the object changed or was replaced since it was read, or another manager owns a field."""

    transient = True


class Gone(ApiError):
    """410: the resource version or continue token is too old; list anew."""

    transient = True


class Invalid(ApiError):
    """400, 413, 415, 422: the server does not accept this object or request, now or later."""


BY_STATUS: Mapping[int, type[ApiError]] = {
    400: Invalid,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Gone,
    413: Invalid,
    415: Invalid,
    422: Invalid,
    429: TooManyRequests,
}


def error_from(call: str, code: int, answer: object, retry_after: str | None = None) -> ApiError:
    """The error for an answer to `call` (such as `get secrets team/db`).

    `answer` is the decoded body, looked at only if it is a Status; `retry_after` is that header.
    """
    status = answer if isinstance(answer, dict) and answer.get("kind") == "Status" else None
    words = _words(status, code)
    reason = str((status or {}).get("reason", ""))
    return _class_of(code, reason, status)(
        f"{call}: {words}", status=code, reason=reason, retry_after=_seconds(retry_after, status)
    )


def _words(status: Mapping[str, Any] | None, code: int) -> str:
    if status is None or not status.get("message"):
        name = PHRASES.get(code, "unknown status")
        return f"answered {code} {name} without saying why"
    return QUOTED.sub(r"\1", str(status["message"]))[:LONGEST]


def _class_of(code: int, reason: str, status: Mapping[str, Any] | None) -> type[ApiError]:
    if code == 409 and reason == "AlreadyExists":
        return AlreadyExists
    if code == 422 and any(cause.get("field") == "metadata.uid" for cause in _causes(status)):
        return Conflict
    if code == 404 and (status is None or not _details(status).get("name")):
        return KindNotServed
    if code == 403 and any(cause.get("reason") == "NamespaceTerminating" for cause in _causes(status)):
        return NamespaceTerminating
    return BY_STATUS.get(code, ServerUnavailable if code >= 500 or code < 300 else ApiError)


def _details(status: Mapping[str, Any] | None) -> Mapping[str, Any]:
    details = (status or {}).get("details")
    return details if isinstance(details, dict) else {}


def _causes(status: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    causes = _details(status).get("causes")
    return [cause for cause in causes if isinstance(cause, dict)] if isinstance(causes, list) else []


def _seconds(header: str | None, status: Mapping[str, Any] | None) -> float | None:
    """The header holds whole seconds; Kubernetes repeats them in its Status."""
    given = header if header is not None else _details(status).get("retryAfterSeconds")
    try:
        seconds = float(given) if given is not None else None
    except ValueError:  # an HTTP date, which Kubernetes never sends
        return None
    return min(seconds, LONGEST_PAUSE) if seconds is not None and seconds >= 0 else None
