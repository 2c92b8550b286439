"""One signed call to an AWS service, in either of the two protocols that we need: JSON 1.1 and the query form of STS.

`session` and `secrets_manager` make calls; transport and retries are `http`'s, errors are `refusals`'.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import msgspec

from secretcore.backends.aws.refusals import error_for, refusal
from secretcore.backends.http import Answer, Exchange, HttpClient
from secretcore.backends.sigv4 import Keys, Scope, encoded_query, signed_headers
from secretcore.errors import StoreError

Clock = Callable[[], datetime]
"""Tells the time, aware of its zone: signatures carry it, and leases of credentials end by it."""


@dataclass(frozen=True, slots=True)
class Service:
    """A service in a region, and how it is reached."""

    http: HttpClient
    scope: Scope
    endpoint: str
    clock: Clock

    async def json_call(self, operation: str, arguments: Mapping[str, object], keys: Keys, what: str) -> Answer:
        """The answer to an operation such as `secretsmanager.GetSecretValue`. Raises a `StoreError` about `what`."""
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": operation}
        body = msgspec.json.encode(arguments)
        return await self._send(headers, body, keys, what, operation.replace(".", ":"))

    async def form_call(self, parameters: Iterable[tuple[str, str]], keys: Keys, what: str, action: str) -> Answer:
        """The answer to a call whose operation is the parameter `Action`. Raises a `StoreError` about `what`."""
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        return await self._send(headers, encoded_query(parameters).encode(), keys, what, action)

    async def _send(self, headers: dict[str, str], body: bytes, keys: Keys, what: str, action: str) -> Answer:
        where = f"{what} at {urlsplit(self.endpoint).netloc}"

        def judge(answer: Answer) -> StoreError | None:
            return None if answer.status == 200 else error_for(refusal(answer), where, action, answer.status)

        signature = signed_headers("POST", self.endpoint, headers, body, keys, self.scope, self.clock())
        exchange = Exchange("POST", self.endpoint, what, headers={**headers, **signature}, body=body)
        return await self.http.send(exchange, judge)
