"""The operations of AWS Secrets Manager that reading needs, with their pages, as values. `providers/aws` calls them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from secretcore import gojson
from secretcore.backends.aws.calls import Service
from secretcore.backends.aws.refusals import Refusal, error_for
from secretcore.backends.aws.session import Session
from secretcore.errors import Malformed, StoreError
from secretcore.limits import Limits

BATCH = 20
"""Secrets that AWS answers with in one batch."""
LISTED = 100
"""Secrets that AWS lists in one page."""
MOST_PAGES = 10_000

Filters = Sequence[tuple[str, str]]
"""Names of AWS's filters with a value each. A secret must meet all, and meets one where a text begins with it."""

T = TypeVar("T", bound="_Page")


@dataclass(frozen=True, slots=True)
class SecretValue:
    """A secret's name and what it holds; None where it has no value."""

    name: str
    content: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Listed:
    """A secret without its value."""

    name: str
    arn: str


@dataclass(frozen=True, slots=True)
class Batch:
    """One page of values. `failed` has an error for each secret that has to be here and could not be read."""

    values: tuple[SecretValue, ...]
    failed: tuple[tuple[str, StoreError], ...]


class _Value(msgspec.Struct, frozen=True, rename="pascal"):
    name: str = ""
    secret_string: str | None = None
    secret_binary: str | None = None

    def __repr__(self) -> str:
        return f"_Value({self.name!r})"


class _Tag(msgspec.Struct, frozen=True, rename="pascal"):
    key: str
    value: str = ""


class _Described(msgspec.Struct, frozen=True, rename="pascal"):
    tags: tuple[_Tag, ...] | None = None


class _Entry(msgspec.Struct, frozen=True, rename="pascal"):
    name: str
    arn: str = msgspec.field(name="ARN")


class _Error(msgspec.Struct, frozen=True, rename="pascal"):
    secret_id: str = ""
    error_code: str = ""
    message: str = ""


class _Page(msgspec.Struct, frozen=True, rename="pascal"):
    next_token: str | None = None


class _ListPage(_Page, frozen=True, rename="pascal"):
    secret_list: tuple[_Entry, ...] = ()


class _BatchPage(_Page, frozen=True, rename="pascal"):
    secret_values: tuple[_Value, ...] = ()
    errors: tuple[_Error, ...] | None = None


class SecretsManager:
    """Secrets Manager, asked by one identity."""

    def __init__(self, service: Service, session: Session, limits: Limits) -> None:
        self._service = service
        self._session = session
        self._limits = limits

    async def value(self, secret_id: str, version: Mapping[str, str], what: str) -> SecretValue:
        """GetSecretValue. `version` is VersionStage or VersionId. Raises a `StoreError` about `what`."""
        answer = await self._call("GetSecretValue", {"SecretId": secret_id, **version}, _Value, what)
        return _read(answer, what)

    async def tags(self, secret_id: str, what: str) -> dict[str, str]:
        """The tags, of DescribeSecret."""
        described = await self._call("DescribeSecret", {"SecretId": secret_id}, _Described, what)
        return {tag.key: tag.value for tag in described.tags or ()}

    async def list(self, filters: Filters) -> AsyncIterator[tuple[Listed, ...]]:
        """Pages of ListSecrets. Secrets that are marked for deletion are left out."""
        arguments: dict[str, Any] = {"MaxResults": LISTED, **_filtered(filters)}
        async for page in self._pages("ListSecrets", arguments, _ListPage, "the list of secrets"):
            yield tuple(Listed(entry.name, entry.arn) for entry in page.secret_list)

    async def batch_of(self, names: Sequence[str]) -> AsyncIterator[Batch]:
        """Pages of BatchGetSecretValue for these names, at most `BATCH`."""
        async for batch in self._batches({"SecretIdList": list(names)}):
            yield batch

    async def batch_like(self, filters: Filters) -> AsyncIterator[Batch]:
        """Pages of BatchGetSecretValue for what meets the filters."""
        async for batch in self._batches({"MaxResults": BATCH, **_filtered(filters)}):
            yield batch

    async def _batches(self, arguments: Mapping[str, Any]) -> AsyncIterator[Batch]:
        async for page in self._pages("BatchGetSecretValue", arguments, _BatchPage, "a batch of secrets"):
            yield Batch(
                tuple(_read(value, f'secret "{value.name}"') for value in page.secret_values),
                tuple(map(_failed, page.errors or ())),
            )

    async def _pages(self, operation: str, arguments: Mapping[str, Any], kind: type[T], what: str) -> AsyncIterator[T]:
        token: str | None = None
        for _ in range(MOST_PAGES):
            page = await self._call(operation, {**arguments, **({"NextToken": token} if token else {})}, kind, what)
            yield page
            if not page.next_token:
                return
            if page.next_token == token:
                break
            token = page.next_token
        raise Malformed(f"{what} never ends")

    async def _call(self, operation: str, arguments: Mapping[str, Any], kind: type[Any], what: str) -> Any:
        keys = await self._session.keys()
        answer = await self._service.json_call(f"secretsmanager.{operation}", arguments, keys, what)
        decoded = answer.json(what, self._limits)
        try:
            return msgspec.convert(decoded, kind)
        except msgspec.ValidationError:
            raise Malformed(f"the answer for {what} is not one of Secrets Manager's") from None


def _filtered(filters: Filters) -> dict[str, Any]:
    return {"Filters": [{"Key": key, "Values": [value]} for key, value in filters]} if filters else {}


def _read(value: _Value, what: str) -> SecretValue:
    if value.secret_binary is not None:
        try:
            return SecretValue(value.name, base64.b64decode(value.secret_binary, validate=True))
        except (binascii.Error, ValueError):
            raise Malformed(f"the answer for {what} is not base64 where it has to be") from None
    if value.secret_string is not None:
        return SecretValue(value.name, gojson.without_surrogates(value.secret_string).encode())
    return SecretValue(value.name, None)


def _failed(error: _Error) -> tuple[str, StoreError]:
    name = _name_of(error.secret_id)
    return name, error_for(
        Refusal(error.error_code, error.message), f'secret "{name}"', "secretsmanager:GetSecretValue"
    )


def _name_of(secret_id: str) -> str:
    """The name in an ARN, which ends in a hyphen and six characters of AWS's own."""
    if not secret_id.startswith("arn:"):
        return secret_id
    return secret_id.rpartition(":secret:")[2].rpartition("-")[0]
