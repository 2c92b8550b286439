"""`fake`: secrets written into the store itself. For trying things out and for tests; never for real secrets.

    apiVersion: external-secrets.io/v1
    kind: SecretStore
    metadata:
      name: fake
    spec:
      provider:
        fake:
          data:
            - key: /database
              value: '{"username": "app", "password": "swordfish"}'
            - key: /database
              value: '{"username": "app", "password": "herring"}'
              version: v2

A key without a version is found only by a reference without one. `find` knows names; of several versions it takes the
greatest. `validationResult` makes the store say that it can't be validated (1) or is broken (2).

Can: find by name, versions.
Logins: none.
Valid: `validationResult` says so.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, ClassVar

from msgspec import Meta

from secretcore.errors import InvalidSpec, SecretNotFound, StoreUnavailable
from secretcore.limits import Limits
from secretcore.model.declaration import Model
from secretcore.payload import JsonPayload, Lookup
from secretcore.plan import Find, RemoteRef
from secretcore.provider import Capabilities, Credentials, Maintenance, StoreContext, Validation
from secretcore.regexp import compile as compile_regexp

UNKNOWN, BROKEN = 1, 2


class FakeEntry(Model, frozen=True, kw_only=True):
    key: Annotated[str, Meta(description="Key of the secret.")]
    value: Annotated[str, Meta(description="Its value.")]
    version: Annotated[str, Meta(description="Its version.")] = ""


class FakeProvider(Model, frozen=True, kw_only=True):
    """Secrets in the manifest."""

    capabilities: ClassVar[Capabilities] = "ReadOnly"
    inline: ClassVar[bool] = True
    maintenance: ClassVar[Maintenance] = "NotMaintained"  # as ESO has it: it is for trying things out

    data: Annotated[tuple[FakeEntry, ...], Meta(description="The secrets.")]
    validation_result: Annotated[int | None, Meta(description="0 ready, 1 unknown, 2 broken.")] = None

    def validate(self, context: StoreContext) -> Sequence[str]:
        for index, entry in enumerate(self.data):
            for field in ("key", "value"):
                if not getattr(entry, field):
                    raise InvalidSpec(f"data[{index}].{field}", "must not be empty")
        return ()

    @asynccontextmanager
    async def connect(self, credentials: Credentials, context: StoreContext) -> AsyncIterator[FakeClient]:
        entries = {(entry.key, entry.version): entry.value for entry in self.data}
        yield FakeClient(entries, self.validation_result or 0, context.limits)


@dataclass(frozen=True, slots=True, repr=False)
class FakeClient:
    """Answers from memory."""

    entries: Mapping[tuple[str, str], str]
    validation_result: int
    limits: Limits

    async def get_secret(self, ref: RemoteRef) -> JsonPayload:
        value = self.entries.get((ref.key, ref.version))
        if value is None:
            version = f' in version "{ref.version}"' if ref.version else ""
            raise SecretNotFound(f'secret "{ref.key}"{version} does not exist')
        return self._payload(ref.key, value)

    async def get_all_secrets(self, find: Find) -> Mapping[str, JsonPayload]:
        if find.name_regexp is None:
            raise InvalidSpec("name", "is required: the fake store finds by name only")
        matches = compile_regexp(find.name_regexp).match
        newest = {key: value for (key, _), value in sorted(self.entries.items()) if matches(key)}
        return {key: self._payload(key, value) for key, value in newest.items()}

    async def validate(self) -> Validation:
        if self.validation_result == BROKEN:
            raise StoreUnavailable("unable to validate")
        if self.validation_result == UNKNOWN:
            return Validation(known=False, reason="unable to validate")
        return Validation()

    def _payload(self, key: str, value: str) -> JsonPayload:
        return JsonPayload(
            key, value.encode(), lookups=(Lookup.PATH,), property_missing=SecretNotFound, limits=self.limits
        )
