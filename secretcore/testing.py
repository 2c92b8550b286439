"""The suite that every provider passes, ours and those of other distributions. Needs pytest.

An author fills a real backend with `FIXTURE`, and subclasses `ProviderConformance`:

    class TestAcme(ProviderConformance):
        @pytest.fixture
        def backend(self, acme_server) -> Backend:
            return Backend(
                provider=AcmeProvider(url=acme_server.url),
                text_key="text", object_key="object",
            )
"""

from __future__ import annotations

import asyncio
import importlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
import yaml
from msgspec.structs import replace

from secretcore.errors import (
    AccessDenied,
    CredentialNotFound,
    InvalidSpec,
    Malformed,
    PropertyNotFound,
    SecretNotFound,
    StoreError,
    StoreUnavailable,
)
from secretcore.model.reading import read
from secretcore.model.selectors import SecretKeySelector, ServiceAccountSelector
from secretcore.needs import Need, TokenNeed, VariableNeed, key_need
from secretcore.payload import Payload
from secretcore.plan import Find, RemoteRef
from secretcore.provider import Credentials, Provider, StoreContext
from secretcore.store import Store, needs

CANARY = "canary-7f3a9c"
"""Part of every value below: it must turn up nowhere but in values."""

TEXT = f"plain {CANARY} text"
OBJECT: Mapping[str, Any] = {
    "username": f"user-{CANARY}",
    "dotted.name": f"dotted-{CANARY}",
    "nested": {"port": 5432, "password": f"nested-{CANARY}"},
    "enabled": True,
}
FIXTURE: Mapping[str, str] = {"text": TEXT, "object": json.dumps(OBJECT)}


@dataclass(frozen=True, slots=True)
class StaticCredentials:
    """Credentials from a dict: `{("Secret", "name", "key"): b"…"}`, tokens by ServiceAccount, variables by name.

    Namespaces are not looked at; a shell's own `Credentials` has the rules for them.
    """

    values: Mapping[tuple[str, str, str], bytes] = field(default_factory=dict, repr=False)
    tokens: Mapping[str | None, str] = field(default_factory=dict, repr=False)
    """By name; None is the shell's own identity."""
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    identity: str = ""

    async def secret(self, selector: SecretKeySelector) -> bytes:
        return self._value("Secret", selector)

    async def config_map(self, selector: SecretKeySelector) -> bytes:
        return self._value("ConfigMap", selector)

    async def token(self, selector: ServiceAccountSelector | None, audiences: Sequence[str]) -> str:
        name = selector.name if selector else None
        if name not in self.tokens:
            raise CredentialNotFound(f"no token of {name}")
        return self.tokens[name]

    def ambient(self, name: str) -> str | None:
        return self.variables.get(name)

    def _value(self, kind: str, selector: SecretKeySelector) -> bytes:
        found = self.values.get((kind, selector.name or "", selector.key or ""))
        if found is None:
            raise CredentialNotFound(f'{kind} "{selector.name}" has no key "{selector.key}"')
        return found


@dataclass(frozen=True, slots=True)
class Recording:
    """Credentials that remember what was asked of them, as needs without paths."""

    inner: Credentials
    asked: list[Need] = field(default_factory=list)

    @property
    def identity(self) -> str:
        return self.inner.identity

    async def secret(self, selector: SecretKeySelector) -> bytes:
        self.asked.append(key_need("", selector))
        return await self.inner.secret(selector)

    async def config_map(self, selector: SecretKeySelector) -> bytes:
        self.asked.append(replace(key_need("", selector), kind="ConfigMap"))
        return await self.inner.config_map(selector)

    async def token(self, selector: ServiceAccountSelector | None, audiences: Sequence[str]) -> str:
        self.asked.append(TokenNeed("", selector, tuple(audiences)))
        return await self.inner.token(selector, audiences)

    def ambient(self, name: str) -> str | None:
        self.asked.append(VariableNeed("", (name,)))
        return self.inner.ambient(name)


def _single(need: Need) -> set[Need]:
    """Without its path, variables one by one."""
    if isinstance(need, VariableNeed):
        return {VariableNeed("", (name,)) for name in need.names}
    return {replace(need, path="")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """A backend filled with `FIXTURE`, and how to reach it, rightly and wrongly."""

    provider: Provider
    credentials: Credentials = field(default_factory=StaticCredentials)
    context: StoreContext = field(default_factory=StoreContext)
    object_key: str
    """Where `OBJECT` is."""
    text_key: str | None = None
    """Where `TEXT` is; None for a backend whose secrets are always objects."""
    missing_key: str = "no-such-secret"
    finds: Mapping[str, str] | None = None
    """What a find by the name `^object` gives: the key in the answer and what it reads. None: it has no find."""
    denied: tuple[Provider, Credentials] | None = None
    """A login that the backend refuses; None for one that knows no logins."""
    unreachable: Provider | None = None
    """Configured for an address where nobody listens; None for one without a network."""


class ProviderConformance:
    """Subclass it, with a fixture named `backend`."""

    async def test_reads_a_text_as_it_is(self, backend: Backend) -> None:
        if backend.text_key is None:
            pytest.skip("its secrets are always objects")
        assert (await self._get(backend, backend.text_key)).value("") == TEXT.encode()

    async def test_a_property_is_a_path_or_a_name_with_dots(self, backend: Backend) -> None:
        payload = await self._get(backend, backend.object_key)
        assert payload.value("username") == f"user-{CANARY}".encode()
        assert payload.value("nested.password") == f"nested-{CANARY}".encode()
        assert payload.value("nested.port") == b"5432"
        assert payload.value(r"dotted\.name") == f"dotted-{CANARY}".encode()

    async def test_an_object_is_a_map_of_its_members(self, backend: Backend) -> None:
        members = (await self._get(backend, backend.object_key)).mapping("")
        assert members["username"] == f"user-{CANARY}".encode()
        assert members["enabled"] == b"true"
        assert json.loads(members["nested"]) == OBJECT["nested"]
        assert set(members) == set(OBJECT)

    async def test_a_nested_object_is_a_map_too(self, backend: Backend) -> None:
        members = (await self._get(backend, backend.object_key)).mapping("nested")
        assert members == {"port": b"5432", "password": f"nested-{CANARY}".encode()}

    async def test_what_is_no_object_has_no_members(self, backend: Backend) -> None:
        payload = await self._get(backend, backend.object_key)
        with pytest.raises(Malformed) as raised:
            payload.mapping("username")
        self._names(raised.value, backend.object_key)

    async def test_a_missing_property_is_said(self, backend: Backend) -> None:
        payload = await self._get(backend, backend.object_key)
        with pytest.raises((PropertyNotFound, SecretNotFound)) as raised:
            payload.value("no-such-property")
        self._names(raised.value, backend.object_key)
        assert "no-such-property" in str(raised.value)

    async def test_a_missing_secret_is_not_found(self, backend: Backend) -> None:
        with pytest.raises(SecretNotFound) as raised:
            await self._get(backend, backend.missing_key)
        self._names(raised.value, backend.missing_key)

    async def test_a_missing_secret_leaves_the_client_usable(self, backend: Backend) -> None:
        async with backend.provider.connect(backend.credentials, backend.context) as client:
            with pytest.raises(SecretNotFound):
                await client.get_secret(RemoteRef(backend.missing_key))
            assert (await client.get_secret(RemoteRef(backend.object_key))).value("username")

    async def test_many_tasks_share_a_client(self, backend: Backend) -> None:
        async with backend.provider.connect(backend.credentials, backend.context) as client:
            payloads = await asyncio.gather(*(client.get_secret(RemoteRef(backend.object_key)) for _ in range(24)))
        assert {payload.value("username") for payload in payloads} == {f"user-{CANARY}".encode()}

    async def test_a_cancelled_read_leaves_the_client_usable(self, backend: Backend) -> None:
        async with backend.provider.connect(backend.credentials, backend.context) as client:
            read = asyncio.ensure_future(client.get_secret(RemoteRef(backend.object_key)))
            await asyncio.sleep(0)
            read.cancel()
            await asyncio.gather(read, return_exceptions=True)
            assert (await client.get_secret(RemoteRef(backend.object_key))).value("username")

    async def test_find_gives_all_or_says_that_there_is_none(self, backend: Backend) -> None:
        async with backend.provider.connect(backend.credentials, backend.context) as client:
            if backend.finds is None:
                with pytest.raises((InvalidSpec, StoreError)):
                    await client.get_all_secrets(Find(name_regexp="^object"))
                return
            found = await client.get_all_secrets(Find(name_regexp="^object"))
            values = {
                name: (await client.get_secret(each) if isinstance(each, RemoteRef) else each).value("")
                for name, each in found.items()
            }
        assert set(values) == set(backend.finds)
        for name, key in backend.finds.items():
            assert json.loads(values[name]) == OBJECT, key

    async def test_a_usable_store_validates(self, backend: Backend) -> None:
        async with backend.provider.connect(backend.credentials, backend.context) as client:
            assert (await client.validate()).known

    async def test_a_refused_login_is_access_denied(self, backend: Backend) -> None:
        if backend.denied is None:
            pytest.skip("it knows no logins")
        provider, credentials = backend.denied
        with pytest.raises(AccessDenied) as raised:
            async with provider.connect(credentials, backend.context) as client:
                await client.get_secret(RemoteRef(backend.object_key))
        assert not raised.value.transient

    async def test_an_unreachable_backend_is_unavailable(self, backend: Backend) -> None:
        if backend.unreachable is None:
            pytest.skip("it has no network")
        with pytest.raises(StoreUnavailable) as raised:
            async with backend.unreachable.connect(backend.credentials, backend.context) as client:
                await client.get_secret(RemoteRef(backend.object_key))
        assert raised.value.transient

    async def test_nothing_shows_a_value(self, backend: Backend) -> None:
        async with backend.provider.connect(backend.credentials, backend.context) as client:
            payload = await client.get_secret(RemoteRef(backend.object_key))
            assert CANARY not in repr(client) + repr(payload) + str(payload)

    async def test_it_asks_for_no_credentials_but_those_that_it_declares(self, backend: Backend) -> None:
        store = Store("SecretStore", "", "", backend.provider)
        declared = {single for need in needs(store) for single in _single(need)}
        recording = Recording(backend.credentials)
        async with backend.provider.connect(recording, backend.context) as client:
            await client.validate()
            await client.get_secret(RemoteRef(backend.object_key))
        assert {single for need in recording.asked for single in _single(need)} <= declared

    def test_its_schema_ignores_what_it_does_not_know(self, backend: Backend) -> None:
        configuration = {**msgspec.to_builtins(backend.provider), "fieldOfTheFuture": {"a": [1]}}
        assert read(configuration, type(backend.provider)) == backend.provider

    def test_it_is_frozen(self, backend: Backend) -> None:
        name = msgspec.structs.fields(backend.provider)[0].name  # type: ignore[arg-type]
        with pytest.raises(AttributeError):
            setattr(backend.provider, name, None)

    def test_its_docstring_shows_a_store_that_it_accepts(self, backend: Backend) -> None:
        docstring = importlib.import_module(type(backend.provider).__module__).__doc__ or ""
        example = re.search(r"(?ms)^    apiVersion: .*?(?=^\S|\Z)", docstring)
        assert example, "the module's docstring shows no manifest"
        (configuration,) = yaml.safe_load(example[0])["spec"]["provider"].values()
        read(configuration, type(backend.provider)).validate(backend.context)

    @staticmethod
    async def _get(backend: Backend, key: str) -> Payload:
        async with backend.provider.connect(backend.credentials, backend.context) as client:
            return await client.get_secret(RemoteRef(key))

    @staticmethod
    def _names(error: StoreError, key: str) -> None:
        assert key in str(error)
        assert CANARY not in str(error) + error.remedy
