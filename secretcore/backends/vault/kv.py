"""Reads KV secrets, versions 1 and 2: a secret, its metadata, and all that a `find` means. The `SecretsClient` of both
providers; they open a `session` for it and say how their store is checked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from secretcore import gojson
from secretcore.backends.http import Answer
from secretcore.backends.vault.kv_payload import kv_payload
from secretcore.backends.vault.listing import Listing
from secretcore.backends.vault.parallel import in_parallel
from secretcore.backends.vault.paths import KV, KVVersion
from secretcore.backends.vault.refusals import CHECK_VERSION, document, refusal
from secretcore.backends.vault.session import Session
from secretcore.errors import InvalidSpec, Malformed, SecretNotFound
from secretcore.payload import JsonPayload
from secretcore.plan import Find, RemoteRef
from secretcore.provider import Validation
from secretcore.regexp import compile as compile_regexp

Check = Callable[[Session], Awaitable[Validation]]

_SYSTEM_METADATA = ("created_time", "current_version", "delete_version_after")


class KVClient:
    """Reads the secrets of one KV engine."""

    def __init__(self, session: Session, kv: KV, check: Check) -> None:
        self._session = session
        self._kv = kv
        self._check = check

    @property
    def version(self) -> KVVersion:
        """Of the engine."""
        return self._kv.version

    async def get_secret(self, ref: RemoteRef) -> JsonPayload:
        """The data of a secret as one JSON object, or its metadata under metadataPolicy Fetch."""
        what = f'secret "{ref.key}"'
        if ref.metadata_policy == "Fetch":
            data: Mapping[str, Any] = await self._metadata(ref.key, what)
        else:
            data = await self._data(ref, what)
        return kv_payload(ref.key, data, self._session.limits)

    async def get_all_secrets(self, find: Find) -> Mapping[str, RemoteRef]:
        """The secrets below the path whose name matches; where no name is asked for, those that have all the tags."""
        if find.tags and self._kv.version == "v1":
            raise InvalidSpec("", "KV version 1 has no metadata, so nothing can be found by tags")
        folder = "" if find.path is None else f"{find.path}/"
        names = await Listing(self._session, self._kv).below(folder)
        if find.name_regexp is not None:
            pattern = compile_regexp(find.name_regexp)
            names = [name for name in names if pattern.match(name)]
        elif find.tags:
            has_them = await in_parallel(names, lambda name: self._has_tags(name, find.tags), self._session.limits)
            names = [name for name, has in zip(names, has_them, strict=True) if has]
        return {name: RemoteRef(self._kv.key_of(name)) for name in names}

    async def validate(self) -> Validation:
        """Whether the store can be used."""
        return await self._check(self._session)

    async def _data(self, ref: RemoteRef, what: str) -> Mapping[str, Any]:
        params = {"version": ref.version} if ref.version else {}
        answer = await self._session.get(self._kv.data_path(ref.key), what, params)
        if ref.version:
            what = f"{what} in version {ref.version}"
        data = self._read(answer, what)
        if self._kv.version == "v1":
            return _object(data, what)
        if "data" not in _object(data, what):
            raise Malformed(f"{what}: the answer is none of KV version 2", remedy=CHECK_VERSION)
        if data["data"] is None:
            raise SecretNotFound(f"{what} is deleted", remedy="undelete it, write it anew, or name another version")
        return _object(data["data"], what)

    async def _metadata(self, key: str, what: str) -> dict[str, str]:
        if self._kv.version == "v1":
            raise InvalidSpec("", "metadataPolicy Fetch: KV version 1 has no metadata")
        what = f"metadata of {what}"
        answer = await self._session.get(self._kv.metadata_path(key), what)
        return _metadata(_object(self._read(answer, what), what))

    async def _has_tags(self, name: str, tags: tuple[tuple[str, str], ...]) -> bool:
        try:
            metadata = await self._metadata(name, f'secret "{name}"')
        except SecretNotFound:
            return False
        return all(metadata.get(key) == value for key, value in tags)

    def _read(self, answer: Answer, what: str) -> Any:
        """What an answer holds under `data`. A deleted version is a 404 with a body that says so.

        Only a 404 means that there is no secret, for which the deletionPolicy may delete what was made of it. A 2xx
        without data comes from something else that answers at the address.
        """
        error = refusal(answer, what)
        if error and not isinstance(error, SecretNotFound):
            raise error
        data = document(answer, what, self._session.limits).get("data")
        if data is None:
            raise error or Malformed(f'{what}: the answer is none of a KV engine, there is no "data" in it')
        return data


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Malformed(f"{what}: the answer is none of a KV engine", remedy=CHECK_VERSION)
    return value


def _metadata(found: Mapping[str, Any]) -> dict[str, str]:
    """What a person or the system noted of a secret; the person's own words win."""
    system = {key: _text(found[key]) for key in _SYSTEM_METADATA if found.get(key) is not None}
    custom = found.get("custom_metadata")
    return system | ({key: _text(value) for key, value in custom.items()} if isinstance(custom, dict) else {})


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str) else gojson.encode(value)
