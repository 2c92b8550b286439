"""One Vault or OpenBao server with one identity: logs in, asks, follows a standby's hint once, logs in again when the
token has ended, gives the token up at the end. `kv` reads through it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from urllib.parse import SplitResult, urljoin, urlsplit

import msgspec

from secretcore.backends.http import Answer, Exchange, HttpClient, http_client
from secretcore.backends.tls import TLS
from secretcore.backends.vault import paths
from secretcore.backends.vault.login import Identity, Login, StaticToken
from secretcore.backends.vault.refusals import document, explain, login_refusal
from secretcore.errors import AccessDenied, InvalidSpec, Malformed, StoreError
from secretcore.limits import Limits
from secretcore.provider import StoreContext

REVOKE_SECONDS = 5.0
"""How long the end of a session may wait for the server to take the token back; it ends by itself otherwise."""
_REDIRECTS = (301, 302, 307, 308)
_INDEX = "x-vault-index"


@dataclass(frozen=True, slots=True)
class Server:
    """Where to ask and what goes with each request."""

    url: str
    namespace: str = ""
    login_namespace: str = ""
    """Where logging in happens, and giving up what it got."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    forward_inconsistent: bool = False
    """A replica that lags behind passes a request on to the active server."""
    read_your_writes: bool = False
    """Answers are at least as new as our own login."""
    tls: TLS = field(default_factory=TLS)


class Session:
    """Asks a server. Opened by `session`; used by many tasks at once."""

    def __init__(self, http: HttpClient, server: Server, identity: Identity | None, limits: Limits) -> None:
        self._http = http
        self._server = server
        self._identity = identity
        self._token = ""
        self._granted = self._revocable = False
        self._index = ""
        self._logging_in = asyncio.Lock()
        self.limits = limits

    async def get(self, path: str, what: str, params: Mapping[str, str] | None = None) -> Answer:
        """Reads `/v1/<path>`. The answer may have any status below 500 but 429; `what` is its subject in messages.

        Raises `StoreError`, and `InvalidSpec` for a path that can't be asked for.
        """
        token = self._token
        answer = await self._send("GET", path, what, params=params, token=token)
        if answer.status == 403 and await self._renewed(token, what):
            answer = await self._send("GET", path, what, params=params, token=self._token)
        return answer

    async def log_in(self) -> None:
        """Gets a token, where the store says how. Raises `StoreError`."""
        match await self._identity() if self._identity else None:
            case StaticToken(token):
                self._token = token
            case Login() as login:
                await self._log_in(login)
            case None:
                pass

    async def log_out(self) -> None:
        """Revokes the token that a login got. What can't be revoked now ends by itself: no error is raised."""
        if not self._revocable:
            return
        with contextlib.suppress(StoreError, TimeoutError):
            async with asyncio.timeout(REVOKE_SECONDS):
                await self._send(
                    "PUT",
                    "auth/token/revoke-self",
                    "logout",
                    token=self._token,
                    namespace=self._server.login_namespace,
                )
        self._token, self._revocable = "", False

    async def _log_in(self, login: Login) -> None:
        what = f"login by auth.{login.method} at auth/{login.mount}"
        try:
            body = msgspec.json.encode(login.body)
        except UnicodeError:  # it quotes the value
            raise AccessDenied(
                f"{what}: the credential has characters that can't be sent", remedy="store it as UTF-8 text"
            ) from None
        answer = await self._send("PUT", login.path, what, body=body, namespace=self._server.login_namespace)
        if error := login_refusal(answer, what):
            raise error
        found = document(answer, what, self.limits).get("auth")
        granted = found if isinstance(found, dict) else {}
        token = granted.get("client_token")
        if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
            raise Malformed(f"{what}: the answer has no token in it")
        self._token, self._granted = token, True
        self._revocable = granted.get("token_type") != "batch"
        if self._server.read_your_writes:
            self._index = answer.headers.get(_INDEX, "")

    async def _renewed(self, refused_token: str, what: str) -> bool:
        """Whether there is a new token to try instead: once the server doesn't know the refused one any more."""
        async with self._logging_in:
            if self._token != refused_token:
                return True
            if not self._granted:
                return False
            known = await self._send("GET", "auth/token/lookup-self", what, token=refused_token)
            if known.status != 403:
                return False
            await self.log_in()
            return True

    async def _send(
        self,
        method: str,
        path: str,
        what: str,
        *,
        params: Mapping[str, str] | None = None,
        body: bytes | None = None,
        token: str = "",
        namespace: str | None = None,
    ) -> Answer:
        exchange = Exchange(
            method=method,
            url=paths.url(self._server.url, path),
            what=what,
            params=params or {},
            headers=self._headers(token, self._server.namespace if namespace is None else namespace, body),
            body=body,
        )
        answer = await self._http.send(exchange)
        if answer.status in _REDIRECTS:
            return await self._http.send(_redirected(exchange, answer))
        return answer

    def _headers(self, token: str, namespace: str, body: bytes | None) -> Mapping[str, str]:
        ours = {
            "x-vault-request": "true",
            "x-vault-token": token,
            "x-vault-namespace": namespace,
            "x-vault-inconsistent": "forward-active-node" if self._server.forward_inconsistent else "",
            _INDEX: self._index,
            "content-type": "application/json" if body is not None else "",
        }
        return {name.lower(): value for name, value in self._server.headers.items()} | {
            name: value for name, value in ours.items() if value
        }


@asynccontextmanager
async def session(server: Server, identity: Identity | None, context: StoreContext) -> AsyncIterator[Session]:
    """A session, logged in by `identity`; without one, requests carry no token (an agent or a proxy adds its own)."""
    async with http_client(limits=context.limits, retry=context.retry, tls=server.tls, explain=explain) as http:
        opened = Session(http, server, identity, context.limits)
        await opened.log_in()
        try:
            yield opened
        finally:
            await opened.log_out()


def check_server(url: str) -> None:
    """Raises `InvalidSpec` for an address that can't be one."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        raise InvalidSpec("server", "must be a URL such as https://vault.example.com:8200")


def check_headers(headers: Mapping[str, str], namespaces: Mapping[str, str]) -> None:
    """Raises `InvalidSpec` for headers, or namespaces by their field, that HTTP can't carry."""
    for name, value in headers.items():
        if not name.replace("-", "").replace("_", "").isalnum() or not _carried(name + value):
            raise InvalidSpec(f"headers[{name}]", "is no HTTP header: only printable ASCII can be sent")
    for path, value in namespaces.items():
        if not _carried(value):
            raise InvalidSpec(path, "has characters that a header can't carry")


def _carried(text: str) -> bool:
    return text.isascii() and (not text or text.isprintable())


def _redirected(exchange: Exchange, answer: Answer) -> Exchange:
    """The same request to where a standby points: the active server."""
    try:
        location = urljoin(exchange.url, answer.headers.get("location", ""))
        safe = _may_follow(urlsplit(exchange.url), urlsplit(location))
    except ValueError:  # such as a bracket without its other
        safe = False
    if not safe:
        raise Malformed(
            f"{exchange.what}: the server redirects to where the token must not go ({answer.status})",
            remedy="name the active server's own address, use https, and check api_addr in the server's configuration",
        )
    return replace(exchange, url=location, params={})


def _may_follow(asked: SplitResult, target: SplitResult) -> bool:
    """Whether the token may go along. From https to any host of https, which has to show a certificate that the store
    trusts; without TLS nobody vouches for the redirect or its target, so only the same host is asked.
    """
    if asked.scheme == "https":
        return target.scheme == "https" and bool(target.hostname)
    return target.scheme in ("http", "https") and target.hostname == asked.hostname
