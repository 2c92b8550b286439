"""AWS Signature Version 4: the headers that prove who sends a request. Pure: the time is an argument.

`aws` signs every call with it. The bytes are those that AWS's own SDK for Python makes; the tests compare them.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import SplitResult, quote, urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = frozenset((
    "baggage", "connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "traceparent",
    "tracestate", "trailer", "transfer-encoding", "upgrade", "user-agent", "x-amzn-trace-id",
))  # fmt: skip
"""Headers that proxies and HTTP clients change on the way, so no signature covers them."""
_OURS = frozenset(("authorization", "x-amz-date", "x-amz-security-token"))
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Keys:
    """An access key, and the session token that belongs to it where it is a temporary one."""

    access_key: str
    secret_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a signature is good for."""

    service: str
    region: str


def signed_headers(
    method: str,
    url: str,
    headers: Mapping[str, str] | Sequence[tuple[str, str]],
    body: bytes,
    keys: Keys,
    scope: Scope,
    now: datetime,
) -> dict[str, str]:
    """The headers to add to the request: X-Amz-Date, X-Amz-Security-Token where there is one, and Authorization.

    The URL is what will be sent, already percent-encoded (`encoded_query` makes its query); of the headers, those of
    one name count as one with several values, and those of an earlier signature are replaced. `now` is an aware time.
    """
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    given = [(name, value) for name, value in pairs if name.lower() not in _OURS]
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    added = {"X-Amz-Date": stamp}
    if keys.session_token:
        added["X-Amz-Security-Token"] = keys.session_token
    target = urlsplit(url)
    values = _canonical_headers([*given, *added.items()], target)
    names = ";".join(sorted(values))
    request = "\n".join(
        (
            method.upper(),
            quote(_without_dots(target.path), safe="/~"),
            canonical_query(target.query),
            *(f"{name}:{values[name]}" for name in sorted(values)),
            "",
            names,
            values.get("x-amz-content-sha256") or hashlib.sha256(body).hexdigest(),
        )
    )
    credential = f"{stamp[:8]}/{scope.region}/{scope.service}/aws4_request"
    to_sign = "\n".join((ALGORITHM, stamp, credential, hashlib.sha256(request.encode()).hexdigest()))
    signature = hmac.new(_signing_key(keys, credential), to_sign.encode(), hashlib.sha256).hexdigest()
    authorization = (
        f"{ALGORITHM} Credential={keys.access_key}/{credential}, SignedHeaders={names}, Signature={signature}"
    )
    return {**added, "Authorization": authorization}


def encoded_query(parameters: Iterable[tuple[str, str]]) -> str:
    """A query, or the body of a form, in the one encoding that both sides sign: only unreserved characters stay."""
    return "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in parameters)


def canonical_query(query: str) -> str:
    """The parameters of an encoded query in the order in which they are signed."""
    if not query:
        return ""
    pairs = sorted(pair.partition("=")[::2] for pair in query.split("&"))
    return "&".join(f"{name}={value}" for name, value in pairs)


def host_header(target: SplitResult) -> str:
    """What an HTTP client sends as Host: the port only where it is not the scheme's own."""
    host = target.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    port = target.port
    return host if port is None or port == _DEFAULT_PORTS.get(target.scheme) else f"{host}:{port}"


def _canonical_headers(headers: Iterable[tuple[str, str]], target: SplitResult) -> dict[str, str]:
    """By lower-case name: runs of white space are one space, several values are joined by commas."""
    gathered: dict[str, list[str]] = {}
    for name, value in headers:
        lowered = name.lower()
        if lowered not in UNSIGNED:
            gathered.setdefault(lowered, []).append(" ".join(value.split()))
    gathered.setdefault("host", [host_header(target)])
    return {name: ",".join(values) for name, values in gathered.items()}


def _without_dots(path: str) -> str:
    """The path with `.`, `..` and empty segments resolved, as RFC 3986 has it."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    if not kept:
        return "/"
    return f"/{'/'.join(kept)}" + ("/" if path.endswith("/") else "")


def _signing_key(keys: Keys, credential: str) -> bytes:
    key = f"AWS4{keys.secret_key}".encode()
    for part in credential.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
