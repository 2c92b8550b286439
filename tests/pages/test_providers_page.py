"""docs/providers.md: what its table says of a provider, the provider does, against a real backend; and nothing else."""

import importlib
import json

import pytest

from secretcore.errors import InvalidSpec, Malformed, SecretNotFound
from secretcore.plan import Find, RemoteRef
from secretcore.provider import StoreContext
from secretcore.providers.express import ExpressProvider
from secretcore.providers.fake import FakeEntry, FakeProvider
from secretcore.registry import Registry
from secretcore.testing import StaticCredentials
from tests.providers.aws_store import CREDENTIALS, provider
from tests.providers.vaults import bao_store, mounted, root, store
from tests.test_docs import module

pytestmark = pytest.mark.server
CRITERIA = {
    "find by name": Find(name_regexp="database"),
    "find by tags": Find(tags=(("team", "blue"),)),
    "find by path": Find(path="shop", name_regexp="database"),
}

NOT_THERE = {
    "find by name": Find(name_regexp="none"),
    "find by tags": Find(tags=(("team", "red"),)),
    "find by path": Find(path="elsewhere", name_regexp="database"),
}


@pytest.fixture
def fake():
    entries = (FakeEntry(key="shop/database", value="{}"), FakeEntry(key="shop/database", value="{}", version="1"))
    return FakeProvider(data=entries), StaticCredentials(), "1"


@pytest.fixture
def tutorial(express):
    return ExpressProvider(host=express), StaticCredentials(), "1"


def kv(openbao, make):
    mount = mounted(openbao)
    openbao.put_kv(mount, "shop/database", {"user": "app"})
    openbao.write(f"{mount}/metadata/shop/database", {"custom_metadata": {"team": "blue"}})
    return make(openbao, path=mount), root(openbao), "1"


@pytest.fixture
def vault(openbao):
    return kv(openbao, store)


@pytest.fixture
def bao(openbao):
    return kv(openbao, bao_store)


@pytest.fixture
def amazon(moto, monkeypatch):
    for service in ("SECRETSMANAGER", "STS"):
        monkeypatch.setenv(f"AWS_{service}_ENDPOINT", moto.url)
    secret = {"Name": "shop/database", "SecretString": "{}", "Tags": [{"Key": "team", "Value": "blue"}]}
    moto.call("secretsmanager.CreateSecret", secret)
    return provider(), CREDENTIALS, "AWSCURRENT"


async def nothing(client, find):
    """What it finds by criteria that nothing meets; a folder that is not there is refused by some."""
    try:
        return await client.get_all_secrets(find)
    except SecretNotFound:
        return {}


async def does(client, ability, version):
    """Whether the client finds or reads the secret so. One that can't, refuses (or has no such thing)."""
    try:
        if ability in CRITERIA:
            found = await client.get_all_secrets(CRITERIA[ability])
            return "shop/database" in found and not await nothing(client, NOT_THERE[ability])
        if ability == "versions":
            return bool((await client.get_secret(RemoteRef("shop/database", version=version))).value(""))
        noted = (await client.get_secret(RemoteRef("shop/database", metadata_policy="Fetch"))).value("")
        return json.loads(noted).get("team") == "blue"
    except (InvalidSpec, Malformed, SecretNotFound):
        return False


@pytest.mark.parametrize(
    ("key", "made"),
    [("fake", "fake"), ("express", "tutorial"), ("vault", "vault"), ("openBao", "bao"), ("aws", "amazon")],
)
async def test_a_provider_can_what_the_table_says(key, made, request):
    configured, credentials, version = request.getfixturevalue(made)
    generate = module("generate")
    said = generate.abilities(importlib.import_module(type(configured).__module__).__doc__)
    assert said <= {*generate.ABILITIES}
    async with configured.connect(credentials, StoreContext(namespace="shop", name="store")) as client:
        does_it = {each for each in generate.ABILITIES[:-1] if await does(client, each, version)}
    if not getattr(configured, "inline", False):
        does_it.add("use from a pod")
    assert does_it == said


def test_every_provider_is_tried():
    assert set(Registry.installed().keys) == {"aws", "express", "fake", "openBao", "vault"}
