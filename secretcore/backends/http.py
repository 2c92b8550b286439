"""HTTP to a secret backend: one client, one exchange at a time, everything bounded, every failure a `StoreError`.

Providers say what to ask and what an odd status means to their backend; limits, retries, time-outs and the translation
of errors are here, once. No message carries a body, a header or a query.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

import httpx
import tenacity

from secretcore import gojson
from secretcore.backends.tls import TLS, context_for
from secretcore.backends.transport import Transport
from secretcore.durations import parse_duration
from secretcore.errors import AccessDenied, Malformed, SecretNotFound, StoreError, StoreUnavailable, Throttled
from secretcore.limits import Limits
from secretcore.model.store import RetrySettings

CONNECT_SECONDS = 5.0
DEFAULT_RETRIES = 2
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"(?:[!-~](?:[ -~\t]*[!-~])?)?")
PLAIN = {"accept-encoding": "identity"}
"""Nothing is decompressed: a KiB can be a GiB, in one piece, before anybody could count it."""
LONGEST_WAIT = 10.0
"""Seconds of a Retry-After that are waited out here; a longer one is the caller's to plan with."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a backend answered, read to its end."""

    status: int
    headers: httpx.Headers = field(repr=False)
    body: bytes = field(repr=False)

    def json(self, what: str, limits: Limits) -> Any:
        """The decoded body, numbers as `gojson.Number`. Raises `Malformed`, in whose message `what` is the subject."""
        return gojson.decode(
            self.body.decode("utf-8", "replace"), limit=limits.json_depth, what=f"the answer for {what}"
        )


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request. `what` is its subject in messages: `secret "db"`."""

    method: str
    url: str
    what: str
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)


Judge = Callable[[Answer], StoreError | None]
"""Finds the error in an answer, where a backend says it in the body: AWS throttles with status 400."""


def _accept(_answer: Answer) -> StoreError | None:
    return None


class HttpClient:
    """Sends exchanges. Opened by `http_client`."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        limits: Limits,
        retry: RetrySettings | None,
        explain: Callable[[Answer], str] | None = None,
    ) -> None:
        self._client = client
        self._limits = limits
        self._retry = retry
        self._explain = explain

    async def send(self, exchange: Exchange, judge: Judge = _accept) -> Answer:
        """The answer, whatever its status but 429 and 5xx, which are tried again and then raised. `judge` may find an
        error in any other answer; a transient one is tried again as well.

        Raises `Throttled`, `StoreUnavailable` (no URL, unreachable, too slow, 5xx, cut off), `AccessDenied` (a header
        that can't be sent), `Malformed` (too large) or what `judge` found.
        """
        retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception(_worth_another_try),
            stop=tenacity.stop_after_attempt(1 + _retries(self._retry)),
            wait=_wait(self._retry),
            reraise=True,
        )
        return await retrying(self._send_once, exchange, judge)

    async def _send_once(self, exchange: Exchange, judge: Judge) -> Answer:
        where = f"{exchange.what} at {urlsplit(exchange.url).netloc.rpartition('@')[2]}"
        try:
            async with asyncio.timeout(self._limits.timeout):
                answer = await self._exchange(exchange, where)
        except TimeoutError:
            raise StoreUnavailable(f"{where}: no whole answer within {self._limits.timeout:g} s") from None
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError):
            raise StoreUnavailable(
                f"{where}: the address is not a URL of http or https", remedy="correct the address in the store"
            ) from None
        except (httpx.HTTPError, OSError) as error:  # TLS alerts while reading come as they are
            raise StoreUnavailable(f"{where}: {_reason(error)}") from None
        if answer.status == 429:
            raise Throttled(f"{where}: asked to slow down (429)", retry_after=_retry_after(answer.headers))
        if answer.status >= 500:
            why = self._explain(answer) if self._explain else ""
            raise StoreUnavailable(f"{where}: {why or 'the backend failed'} ({answer.status})")
        if refusal := judge(answer):
            raise refusal
        return answer

    async def _exchange(self, exchange: Exchange, where: str) -> Answer:
        request = self._client.build_request(
            exchange.method,
            exchange.url,
            params=dict(exchange.params) or None,
            headers=_headers(exchange.headers, where),
            content=exchange.body,
        )
        response = await self._client.send(request, stream=True)
        try:
            if not _is_plain(response.headers):
                return _unread(response, where)
            body = bytearray()
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > self._limits.response_bytes:
                    raise Malformed(
                        f"{where}: the answer is larger than {self._limits.response_bytes} bytes",
                        remedy="check the store's address; a secret is never that large",
                    )
        finally:
            await response.aclose()
        return Answer(response.status_code, response.headers, bytes(body))


@asynccontextmanager
async def http_client(
    *,
    limits: Limits,
    retry: RetrySettings | None,
    tls: TLS | None = None,
    headers: Mapping[str, str] | None = None,
    explain: Callable[[Answer], str] | None = None,
) -> AsyncIterator[HttpClient]:
    """A client that keeps its connections while the context is open. No redirects: credentials stay where they were
    sent. Proxies come from the environment, which the operator sets. `explain` says in words of the caller's what a 5xx
    answer means ("the server is sealed"), or nothing.

    Raises `StoreUnavailable` for a proxy that can't be used, `AccessDenied` for headers that can't be sent, `Malformed`
    for certificates.
    """
    context, always = context_for(tls or TLS()), _headers({**PLAIN, **(headers or {})}, "the store")
    # Only httpx's own transport goes through proxies.
    transport = None if {"all", "http", "https"} & set(getproxies()) else Transport(context, limits.concurrent_reads)
    pool = httpx.Limits(max_connections=limits.concurrent_reads, max_keepalive_connections=limits.concurrent_reads)
    try:
        unopened = httpx.AsyncClient(
            verify=context,
            headers=always,
            timeout=httpx.Timeout(limits.timeout, connect=min(CONNECT_SECONDS, limits.timeout)),
            limits=pool,
            transport=transport,
            follow_redirects=False,
        )
    except (ImportError, ValueError, httpx.InvalidURL):
        raise StoreUnavailable(
            "the environment names a proxy that can't be used",
            remedy="set HTTP_PROXY, HTTPS_PROXY and ALL_PROXY to URLs of http or https (no socks), or unset them",
        ) from None
    async with unopened as client:
        yield HttpClient(client, limits, retry, explain)


def refused(answer: Answer, what: str) -> StoreError | None:
    """The error that a status means where a backend has no words of its own; None for 2xx."""
    match answer.status:
        case status if 200 <= status < 300:
            return None
        case 401 | 403:
            return AccessDenied(f"{what}: access denied ({answer.status})")
        case 404:
            return SecretNotFound(f"{what} does not exist")
        case status:
            return Malformed(f"{what}: unexpected answer ({status})")


def _headers(headers: Mapping[str, str], where: str) -> dict[str, str]:
    """Checked before anything connects. Raises `AccessDenied`: what comes from outside is the credential."""
    for name, value in headers.items():
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise AccessDenied(
                f"{where}: a header, such as the credential, has characters that can't be sent",
                remedy="store the credential as printable ASCII, without line breaks and white space around it",
            )
    return dict(headers)


def _is_plain(headers: httpx.Headers) -> bool:
    encodings = headers.get("content-encoding", "").split(",")
    return all(each.strip().lower() in ("", "identity") for each in encodings)


def _unread(response: httpx.Response, where: str) -> Answer:
    """An answer whose body can't be used. Raises `Malformed`, unless the status alone says enough, and to try again."""
    if response.status_code == 429 or response.status_code >= 500:
        return Answer(response.status_code, response.headers, b"")
    raise Malformed(
        f"{where}: the answer is compressed (Content-Encoding), which was not asked for",
        remedy="switch compression off in the backend, or in the proxy before it",
    )


def _worth_another_try(error: BaseException) -> bool:
    if isinstance(error, Throttled):
        return error.retry_after is None or error.retry_after <= LONGEST_WAIT
    return isinstance(error, StoreError) and error.transient


def _retries(retry: RetrySettings | None) -> int:
    return DEFAULT_RETRIES if retry is None else max(0, retry.max_retries or 0)


def _wait(retry: RetrySettings | None) -> tenacity.wait.WaitBaseT:
    pause: tenacity.wait.WaitBaseT = tenacity.wait_random_exponential(multiplier=0.2, max=2)
    if retry and retry.retry_interval:
        pause = tenacity.wait_fixed(parse_duration(retry.retry_interval) / 1e9)

    def wait(state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, Throttled) else None
        return asked if asked is not None else float(pause(state))

    return wait


def _retry_after(headers: httpx.Headers) -> float | None:
    """Seconds, from a number or from a date against the answer's own Date."""
    text = headers.get("retry-after", "")
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        until = parsedate_to_datetime(text) - parsedate_to_datetime(headers["date"])
    except (KeyError, ValueError, TypeError):
        return None
    return max(0.0, until.total_seconds())


def _reason(error: Exception) -> str:
    """What a person can act on, from the class: the texts of these errors may quote what was received."""
    match error:
        case httpx.ConnectError():
            cause = str(error)
            return f"can't connect ({cause})" if cause else "can't connect"
        case httpx.TimeoutException():
            return "too slow"
        case httpx.RemoteProtocolError() | httpx.ReadError() | httpx.WriteError() | httpx.CloseError():
            return "the connection broke off"
        case ssl.SSLError():
            return f"TLS failed ({error.reason or 'no reason given'})"
        case _:
            return type(error).__name__
