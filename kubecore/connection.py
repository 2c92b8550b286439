"""One way to the API server that stays good while tokens, certificates and CAs are replaced under it.

`kubecore.client` says how to find the server (an `Endpoint`, loaded anew each minute and after a 401) and
which `Call`s to make; what comes back is decoded JSON, a stream of lines, or an error of `kubecore.errors`.
"""

import asyncio
import contextlib
import io
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec

from kubecore.errors import (
    ApiError,
    ConfigurationError,
    ServerUnavailable,
    Unauthorized,
    Unreachable,
    error_from,
)

log = logging.getLogger(__name__)

CONNECT_LIMIT = 10.0  # seconds for TCP and TLS
LARGE = 2**20  # bytes: a larger body is sent in pieces, as aiohttp wants it
BROKEN = (TimeoutError, aiohttp.ClientError, OSError)  # what aiohttp raises where there is no whole answer
REFRESH = 60.0  # seconds after which the token file, the CA and the rest are read again, as client-go does


@dataclass(frozen=True)
class Endpoint:
    """How to reach the server now. A changed `identity` (address, CA, client certificate) needs new
    connections.
    """

    url: str
    identity: bytes
    open_session: Callable[[], aiohttp.ClientSession] = field(repr=False)
    authorization: str = field(default="", repr=False)
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Call:
    """One request. `name` is for messages: `update secrets team/db`; `seconds` bounds it as a whole."""

    name: str
    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = field(default=None, repr=False)
    content_type: str = "application/json"
    accept: str = "application/json"
    seconds: float = 30.0


class _Route:
    """The session for one endpoint. Once retired, it closes when the last call that uses it has ended."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.host = urlsplit(endpoint.url).netloc
        self._session = endpoint.open_session()
        self._users = 0
        self._retired = False

    def entered(self) -> aiohttp.ClientSession:
        """For one call, which says when it has `left`."""
        self._users += 1
        return self._session

    async def left(self) -> None:
        self._users -= 1
        await self._close_if_unused()

    async def replaced_by(self, endpoint: Endpoint) -> "_Route":
        """The route to use from now on: this one if only the token changed."""
        if endpoint.identity == self.endpoint.identity:
            self.endpoint = endpoint
            return self
        fresh = _Route(endpoint)
        await self.retire()
        return fresh

    async def retire(self) -> None:
        self._retired = True
        await self._close_if_unused()

    async def _close_if_unused(self) -> None:
        if self._retired and not self._users:
            await self._session.close()

    async def close(self) -> None:
        await self._session.close()


def _unobserved(_method: str, _code: str, _host: str) -> None:
    """Nobody counts."""


class Connection:
    """Sends calls. Made by `open_connection`; close it.

    `observe` is told method, code (`<error>` where there was no answer) and host of every request.
    """

    def __init__(self, load: Callable[[], Awaitable[Endpoint]], first: Endpoint, user_agent: str) -> None:
        self._load = load
        self._route = _Route(first)
        self._loaded_at = asyncio.get_running_loop().time()
        self._loading = asyncio.Lock()
        self._user_agent = user_agent
        self.observe: Callable[[str, str, str], None] = _unobserved

    async def close(self) -> None:
        await self._route.close()

    async def send(self, call: Call) -> Any:
        """The decoded answer. Tried a second time only when the server did nothing and reading anew
        helped.
        """
        async with self._answer(call, aiohttp.ClientTimeout(call.seconds, sock_connect=CONNECT_LIMIT)) as answer:
            return _decoded(call, await answer.read())

    async def lines(self, call: Call, *, idle_seconds: float) -> AsyncIterator[bytes]:
        """The lines of an endless answer as they come; Unreachable when none came for `idle_seconds`."""
        limits = aiohttp.ClientTimeout(None, sock_connect=CONNECT_LIMIT, sock_read=idle_seconds)
        async with self._answer(call, limits) as answer:
            rest = b""
            async for part in answer.content.iter_any():
                *whole, rest = (rest + part).split(b"\n")
                for line in whole:
                    yield line

    @contextlib.asynccontextmanager
    async def _answer(self, call: Call, limits: aiohttp.ClientTimeout) -> AsyncIterator[aiohttp.ClientResponse]:
        if asyncio.get_running_loop().time() - self._loaded_at > REFRESH:
            await self._reload(self._route.endpoint)
        used = self._route.endpoint
        try:
            route, answer = await self._begun(call, limits)
        except (Unauthorized, _Untrusted) as refusal:
            if not await self._reload(used):
                raise refusal from None
            route, answer = await self._begun(call, limits)
        try:
            async with answer:
                yield answer
        except BROKEN as error:
            raise _unreachable(call, error) from None
        finally:
            await route.left()

    async def _begun(self, call: Call, limits: aiohttp.ClientTimeout) -> tuple[_Route, aiohttp.ClientResponse]:
        """The answer's head, and the route to leave when its body was read; whatever is no success is raised."""
        route, code = self._route, "<error>"
        session = route.entered()
        try:
            answer = await session.request(
                call.method,
                route.endpoint.url + call.path,
                params=call.query,
                data=_encoded(call.body),
                headers=self._headers(call, route.endpoint),
                timeout=limits,
                allow_redirects=False,
                **route.endpoint.options,
            )
            code = str(answer.status)
            if 200 <= answer.status < 300:
                return route, answer
            async with answer:
                raise await _refusal(call, answer)
        except BaseException as error:
            await route.left()
            if isinstance(error, BROKEN):
                raise _unreachable(call, error) from None
            raise
        finally:
            self.observe(call.method, code, route.host)

    def _headers(self, call: Call, endpoint: Endpoint) -> dict[str, str]:
        headers = {"Accept": call.accept, "User-Agent": self._user_agent}
        if call.body is not None:
            headers["Content-Type"] = call.content_type
        if endpoint.authorization:
            headers["Authorization"] = endpoint.authorization
        return headers

    async def _reload(self, used: Endpoint) -> bool:
        """Read the way to the server anew; returns whether it now differs from `used`. Keeps the old one on
        failure.
        """
        async with self._loading:
            if self._route.endpoint is used:
                self._loaded_at = asyncio.get_running_loop().time()
                try:
                    self._route = await self._route.replaced_by(await self._load())
                except ConfigurationError as error:
                    log.warning("the way to the API server could not be read anew, the last one is kept: %s", error)
            now = self._route.endpoint
            return (now.authorization, now.identity) != (used.authorization, used.identity)


class _Untrusted(Unreachable):
    """The server's certificate does not match our CA: perhaps the CA was replaced."""


async def open_connection(load: Callable[[], Awaitable[Endpoint]], user_agent: str) -> Connection:
    """Load the endpoint for the first time; raises ConfigurationError if there is none."""
    return Connection(load, await load(), user_agent)


def _encoded(body: Any) -> bytes | io.BytesIO | None:
    if body is None:
        return None
    data = msgspec.json.encode(body)
    return io.BytesIO(data) if len(data) > LARGE else data


async def _refusal(call: Call, answer: aiohttp.ClientResponse) -> ApiError:
    raw = await answer.read()
    decoded: object = None
    with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
        decoded = msgspec.json.decode(raw)
    return error_from(call.name, answer.status, decoded, answer.headers.get("Retry-After"))


def _decoded(call: Call, raw: bytes) -> Any:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ServerUnavailable(f"{call.name}: the answer is not JSON; is a proxy in the way?") from None


def _unreachable(call: Call, error: BaseException) -> Unreachable:
    """Only the kind of failure: the error's own text may hold the request's headers."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return _Untrusted(f"{call.name}: the server's certificate is not trusted: {error}")
    if isinstance(error, TimeoutError):
        return Unreachable(f"{call.name}: no answer from the API server in time")
    return Unreachable(f"{call.name}: {_cause(error)}")


def _cause(error: BaseException) -> str:
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"no connection to the API server ({type(error.os_error).__name__})"
    return f"the connection to the API server broke ({type(error).__name__})"
