"""The fake store, by the suite and by what is special about it."""

import pytest

from secretcore.errors import InvalidSpec, SecretNotFound, StoreUnavailable
from secretcore.plan import Find, RemoteRef
from secretcore.provider import StoreContext
from secretcore.providers.fake import FakeEntry, FakeProvider
from secretcore.testing import FIXTURE, Backend, ProviderConformance, StaticCredentials


def provider(*entries, **fields):
    return FakeProvider(data=tuple(FakeEntry(key=k, value=v, version=version) for k, v, version in entries), **fields)


class TestConformance(ProviderConformance):
    @pytest.fixture
    def backend(self):
        entries = ((key, value, "") for key, value in FIXTURE.items())
        return Backend(provider=provider(*entries), text_key="text", object_key="object", finds={"object": "object"})


async def read(fake, *args, **kwargs):
    async with fake.connect(StaticCredentials(), StoreContext()) as client:
        return (await client.get_secret(RemoteRef(*args, **kwargs))).value("")


VERSIONED = provider(("k", "one", "v1"), ("k", "two", "v2"), ("k2", "other", ""))


async def test_a_version_is_found_only_when_it_is_asked_for():
    assert await read(VERSIONED, "k", version="v1") == b"one"
    for ref in ({"key": "k"}, {"key": "k", "version": "v3"}, {"key": "k2", "version": "v1"}):
        with pytest.raises(SecretNotFound):
            await read(VERSIONED, **ref)


async def test_find_takes_the_greatest_version():
    async with VERSIONED.connect(StaticCredentials(), StoreContext()) as client:
        found = await client.get_all_secrets(Find(name_regexp="^k"))
    assert {key: payload.value("") for key, payload in found.items()} == {"k": b"two", "k2": b"other"}


@pytest.mark.parametrize("find", [Find(path="x"), Find(tags=(("a", "b"),))])
async def test_find_knows_names_only(find):
    async with VERSIONED.connect(StaticCredentials(), StoreContext()) as client:
        with pytest.raises(InvalidSpec, match="the fake store finds by name only"):
            await client.get_all_secrets(find)


async def test_a_missing_property_counts_as_a_missing_secret():
    async with provider(("k", "{}", "")).connect(StaticCredentials(), StoreContext()) as client:
        payload = await client.get_secret(RemoteRef("k"))
        with pytest.raises(SecretNotFound):
            payload.value("a")


async def test_validation_says_what_the_manifest_wants():
    async def validate(result):
        async with provider(validation_result=result).connect(StaticCredentials(), StoreContext()) as client:
            return await client.validate()

    assert (await validate(0)).known
    assert not (await validate(1)).known
    with pytest.raises(StoreUnavailable):
        await validate(2)
