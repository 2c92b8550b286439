"""The service of the tutorial "Writing an External Secrets Operator provider": a small HTTP API that holds secrets.

    apiVersion: external-secrets.io/v1
    kind: SecretStore
    metadata: {name: secretstore-express, namespace: default}
    spec:
      provider:
        express:
          host: http://express-secrets-service

`GET {host}/keys/{key}` answers `{"key": "...", "value": "..."}`, within 5 seconds. The API can't list what it holds, so
there is no `find`; it has no versions and no metadata either. `examples/express` runs one.

A key is one segment of the path: an empty one, `.`, `..`, and one with `/`, `\\` or a control character is a
`bad key format`; anything else is percent-encoded.

The tutorial's messages about a store without its parts can't come up here, because what they mean is refused earlier:
`nil store found` and `store is missing spec` (`spec: is required`), `storeSpec is missing provider` (`spec.provider: is
required`), `invalid provider spec. Missing express field in store ...` (this provider is chosen by that field; without
it: `spec.provider: must have exactly one provider`). `invalid express host URL` does.

Can: use from a pod.
Logins: none.
Valid: something answers at the host.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, ClassVar
from urllib.parse import quote, urlsplit

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from secretcore import gojson
from secretcore.backends.http import Exchange, HttpClient, http_client, refused
from secretcore.errors import InvalidSpec, Malformed
from secretcore.limits import Limits
from secretcore.model.declaration import Model
from secretcore.payload import JsonPayload, Payload
from secretcore.plan import Find, RemoteRef
from secretcore.provider import Capabilities, Credentials, StoreContext, Validation

SECONDS = 5.0
"""How long the service may take for one answer."""


class ExpressProvider(Model, frozen=True, kw_only=True):
    """The Express service of the tutorial."""

    capabilities: ClassVar[Capabilities] = "ReadOnly"

    host: Annotated[str, Meta(description="URL of the service.")]

    def validate(self, context: StoreContext) -> Sequence[str]:
        """Raises `InvalidSpec` for a host that is no plain URL of http or https."""
        try:
            parts = urlsplit(self.host)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if (
            not usable
            or parts.username is not None
            or parts.query
            or parts.fragment
            or " " in self.host
            or _unprintable(self.host)
        ):
            raise InvalidSpec(
                "host",
                "invalid express host URL",
                remedy="give a URL of http or https without user, query and fragment: http://express-secrets-service",
            )
        return ()

    @asynccontextmanager
    async def connect(self, credentials: Credentials, context: StoreContext) -> AsyncIterator[ExpressClient]:
        """A client; the service knows no log-in."""
        limits = replace(context.limits, timeout=min(SECONDS, context.limits.timeout))
        async with http_client(limits=limits, retry=context.retry) as http:
            yield ExpressClient(http, self.host.rstrip("/"), limits)


class _Answer(msgspec.Struct, frozen=True):
    value: str

    def __repr__(self) -> str:
        return "_Answer()"


class ExpressClient:
    """Reads from the service."""

    def __init__(self, http: HttpClient, host: str, limits: Limits) -> None:
        self._http = http
        self._host = host
        self._limits = limits

    async def get_secret(self, ref: RemoteRef) -> Payload:
        """The value; its properties where it is JSON. Every message about it begins with the tutorial's."""
        if ref.key in ("", ".", "..") or "/" in ref.key or "\\" in ref.key or _unprintable(ref.key):
            raise Malformed(f"bad key format: {ref.key}", remedy="a key is one segment of a path, without / and \\")
        what = f"error getting the secret {ref.key}"
        if ref.version or ref.metadata_policy == "Fetch":
            asked = "metadata" if ref.metadata_policy == "Fetch" else "versions"
            raise Malformed(f"{what}: the express service has no {asked}", remedy="leave it out of the remoteRef")
        url = f"{self._host}/keys/{quote(ref.key, safe='')}"
        answer = await self._http.send(Exchange("GET", url, what))
        if error := refused(answer, what if answer.status != 404 else f"{what}: it"):
            raise error
        text = answer.body.decode("utf-8", "replace")
        decoded = gojson.decode(text, limit=self._limits.json_depth, numbers=float, what=f"{what}: the answer")
        try:
            value = msgspec.convert(decoded, _Answer).value
        except msgspec.ValidationError:
            raise Malformed(f"{what}: the answer has no value that is a string") from None
        return JsonPayload(ref.key, gojson.without_surrogates(value).encode(), limits=self._limits)

    async def get_all_secrets(self, find: Find) -> Mapping[str, Payload | RemoteRef]:
        """Refused: the service can't say what it holds."""
        raise InvalidSpec("", "the express provider has no find", remedy="name each key in data or dataFrom.extract")

    async def validate(self) -> Validation:
        """Known when something answers at the host, whatever it says."""
        await self._http.send(Exchange("GET", f"{self._host}/", "the express service"))
        return Validation()


def _unprintable(text: str) -> bool:
    return any(character < " " or character == "\x7f" for character in text)
