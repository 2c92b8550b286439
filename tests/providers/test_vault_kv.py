"""Reading KV secrets from a real OpenBao, versions 1 and 2."""

import json

import pytest

from secretcore.errors import InvalidSpec, Malformed, PropertyNotFound, SecretNotFound
from tests.providers.vaults import content, get, mounted, root, store

pytestmark = pytest.mark.server

DATA = (
    '{"text":"v","empty":"","markup":"<a> & b","whole":7,"fraction":1.5,"large":1e+30,"yes":true,"no":false,'
    '"nothing":null,"list":["a",2,{"b":null}],"object":{"b":{"c":"deep","n":2.5},"a":"\\u00fc"},'
    '"dotted.name":"dotted","a.0":"literal","a":["indexed"],"line":"1\\n2","quote":"say \\"hi\\""}'
)


@pytest.fixture(params=[1, 2], ids=["v1", "v2"])
def kv(request, openbao):
    """A mount of each version with DATA at app/all, as a store."""
    mount = mounted(openbao, request.param)
    put(openbao, mount, request.param, "app/all", json.loads(DATA))
    return store(openbao, path=mount, version=f"v{request.param}")


def put(bao, mount, version, key, data):
    if version == 1:
        bao.write(f"{mount}/{key}", data)
    else:
        bao.put_kv(mount, key, data)


async def test_a_secret_is_its_data_as_go_writes_it(openbao, kv):
    value = (await get(kv, root(openbao), "app/all")).value("").decode()
    assert json.loads(value) == json.loads(DATA)
    assert list(json.loads(value)) == sorted(json.loads(DATA))
    assert '"markup":"\\u003ca\\u003e \\u0026 b"' in value
    assert '"object":{"a":"ü","b":{"c":"deep","n":2.5}}' in value


@pytest.mark.parametrize(
    ("property_", "expected"),
    [
        ("text", "v"),
        ("empty", ""),
        ("markup", "<a> & b"),
        ("whole", "7"),
        ("fraction", "1.5"),
        ("large", "1e+30"),
        ("yes", "true"),
        ("no", "false"),
        ("nothing", ""),
        ("list", '["a",2,{"b":null}]'),
        ("object", '{"a":"ü","b":{"c":"deep","n":2.5}}'),
        ("object.b", '{"c":"deep","n":2.5}'),
        ("object.b.c", "deep"),
        ("object.b.n", "2.5"),
        ("dotted.name", "dotted"),
        (r"dotted\.name", "dotted"),
        ("a.0", "literal"),
        ("a.#", "1"),
        ("list.#", "3"),
        ("list.2.b", ""),
        ("line", "1\n2"),
        ("quote", 'say "hi"'),
    ],
)
async def test_a_property_is_a_key_or_else_a_path(openbao, kv, property_, expected):
    assert (await get(kv, root(openbao), "app/all")).value(property_).decode() == expected


async def test_extract_prints_numbers_in_full_and_the_rest_as_json(openbao, kv):
    members = (await get(kv, root(openbao), "app/all")).mapping("")
    assert members["large"] == b"1" + b"0" * 30
    assert members["whole"] == b"7"
    assert members["fraction"] == b"1.5"
    assert members["nothing"] == b""
    assert members["yes"] == b"true"
    assert members["list"] == b'["a",2,{"b":null}]'
    assert members["object"].decode() == '{"a":"ü","b":{"c":"deep","n":2.5}}'
    assert set(members) == set(json.loads(DATA))


async def test_extract_takes_a_nested_object_by_its_path(openbao, kv):
    payload = await get(kv, root(openbao), "app/all")
    assert payload.mapping("object.b") == {"c": b"deep", "n": b"2.5"}
    with pytest.raises(Malformed, match='property "list"'):
        payload.mapping("list")


async def test_a_property_that_is_not_there_is_no_missing_secret(openbao, kv):
    payload = await get(kv, root(openbao), "app/all")
    with pytest.raises(PropertyNotFound, match='property "object.x" does not exist in secret "app/all"'):
        payload.value("object.x")


async def test_a_secret_that_is_not_there_is_missing(openbao, kv):
    with pytest.raises(SecretNotFound, match='secret "app/none" does not exist'):
        await get(kv, root(openbao), "app/none")


async def test_keys_may_repeat_the_mount_or_be_all_the_path(openbao, kv):
    mount = kv.path
    for key in (f"{mount}/app/all", "app//all/", "./app/all"):
        assert (await content(kv, root(openbao), key))["text"] == "v"
    no_mount = store(openbao, version=kv.version)
    assert (await content(no_mount, root(openbao), f"{mount}/app/all"))["text"] == "v"
    if kv.version == "v2":
        for key in (f"{mount}/data/app/all",):
            assert (await content(kv, root(openbao), key))["text"] == "v"
            assert (await content(no_mount, root(openbao), key))["text"] == "v"


async def test_a_key_with_a_parent_reference_asks_nothing(openbao, kv):
    for key in ("../../sys/health", "app/../../x"):
        with pytest.raises(InvalidSpec, match=r"\.\."):
            await get(kv, root(openbao), key)


SPECIAL = [
    "a b",
    "a%2Fb",
    "100%",
    "q?x=1",
    "h#h",
    "a+b",
    "a&b=c",
    "semi;colon",
    "schlüssel",
    "per:son@host",
    "(x)",
    "a\\b",
]


@pytest.mark.parametrize("key", SPECIAL)
async def test_a_key_means_the_characters_in_it(openbao, kv, key):
    mount, version = kv.path, kv.version
    body = {"k": key}
    openbao.write(escaped(mount, version, key), body if version == "v1" else {"data": body})
    assert await content(kv, root(openbao), key) == body
    assert key in listed(openbao, mount, version)


def escaped(mount, version, key):
    """The path as a client written by somebody else escapes it: every byte."""
    written = "".join(f"%{byte:02X}" for byte in key.encode())
    return f"{mount}/{'data/' if version == 'v2' else ''}{written}"


def listed(bao, mount, version):
    return bao.request("LIST", f"{mount}/{'metadata/' if version == 'v2' else ''}")["data"]["keys"]


@pytest.fixture
def versions(openbao):
    """A KV 2 secret with a deleted second version, a destroyed third, a live fourth."""
    mount = mounted(openbao)
    for value in ("one", "two", "three", "four"):
        openbao.put_kv(mount, "app", {"v": value})
    openbao.write(f"{mount}/delete/app", {"versions": [2]})
    openbao.write(f"{mount}/destroy/app", {"versions": [3]})
    return store(openbao, path=mount)


@pytest.mark.parametrize(("version", "value"), [("", "four"), ("0", "four"), ("1", "one"), ("4", "four")])
async def test_a_version_is_read_by_its_number(openbao, versions, version, value):
    assert await content(versions, root(openbao), "app", version=version) == {"v": value}


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("2", 'secret "app" in version 2 is deleted'),
        ("3", 'secret "app" in version 3 is deleted'),
        ("9", 'secret "app" in version 9 does not exist'),
    ],
)
async def test_a_version_without_data_is_missing(openbao, versions, version, message):
    with pytest.raises(SecretNotFound, match=message):
        await get(versions, root(openbao), "app", version=version)


async def test_a_secret_whose_last_version_is_deleted_is_missing(openbao, versions):
    openbao.delete(f"{versions.path}/data/app")
    with pytest.raises(SecretNotFound, match='secret "app" is deleted'):
        await get(versions, root(openbao), "app")


async def test_a_version_that_is_no_number_is_refused(openbao, versions):
    with pytest.raises(Malformed, match="version latest") as raised:
        await get(versions, root(openbao), "app", version="latest")
    assert "a version is a number" in raised.value.remedy


async def test_version_1_ignores_versions(openbao):
    mount = mounted(openbao, 1)
    openbao.write(f"{mount}/app", {"v": "only"})
    assert await content(store(openbao, path=mount, version="v1"), root(openbao), "app", version="3") == {"v": "only"}


async def test_an_empty_secret_is_an_empty_object(openbao):
    mount = mounted(openbao)
    openbao.put_kv(mount, "none", {})
    payload = await get(store(openbao, path=mount), root(openbao), "none")
    assert (payload.value(""), payload.mapping("")) == (b"{}", {})


async def test_a_version_2_engine_read_as_version_1_is_a_wrong_store_not_a_missing_secret(openbao):
    mount = mounted(openbao)
    openbao.put_kv(mount, "app", {"v": "x"})
    with pytest.raises(Malformed, match="KV version 2, and this is not a path of version 2") as raised:
        await get(store(openbao, path=mount, version="v1"), root(openbao), "app")
    assert "version (v1 or v2)" in raised.value.remedy


async def test_a_version_1_engine_read_as_version_2_has_no_such_secret(openbao):
    mount = mounted(openbao, 1)
    openbao.write(f"{mount}/app", {"v": "x"})
    with pytest.raises(SecretNotFound):
        await get(store(openbao, path=mount), root(openbao), "app")
    openbao.write(f"{mount}/data/app", {"v": "x"})
    with pytest.raises(Malformed, match="the answer is none of KV version 2") as raised:
        await get(store(openbao, path=mount), root(openbao), "app")
    assert "version (v1 or v2)" in raised.value.remedy


async def test_where_nothing_is_mounted_the_message_says_so(openbao):
    with pytest.raises(SecretNotFound, match="no secrets engine is mounted there"):
        await get(store(openbao, path="nowhere"), root(openbao), "app")


@pytest.fixture
def described(openbao):
    mount = mounted(openbao)
    openbao.put_kv(mount, "app", {"v": "one"})
    openbao.put_kv(mount, "app", {"v": "two"})
    openbao.write(
        f"{mount}/metadata/app", {"custom_metadata": {"team": "blue", "a.b": "c"}, "delete_version_after": "1h"}
    )
    openbao.put_kv(mount, "plain", {"v": "x"})
    return store(openbao, path=mount)


async def test_metadata_are_texts_of_person_and_system(openbao, described):
    payload = await get(described, root(openbao), "app", metadata_policy="Fetch")
    found = json.loads(payload.value(""))
    created = found.pop("created_time")
    assert found == {"team": "blue", "a.b": "c", "current_version": "2", "delete_version_after": "1h0m0s"}
    assert payload.mapping("")["created_time"].decode() == created
    assert payload.value("a.b") == b"c"
    assert set(await content(described, root(openbao), "plain", metadata_policy="Fetch")) == {
        "created_time", "current_version", "delete_version_after",
    }  # fmt: skip


async def test_metadata_of_no_secret_are_missing(openbao, described):
    with pytest.raises(SecretNotFound, match='metadata of secret "none" does not exist'):
        await get(described, root(openbao), "none", metadata_policy="Fetch")


async def test_version_1_has_no_metadata(openbao):
    with pytest.raises(InvalidSpec, match="KV version 1 has no metadata"):
        await get(store(openbao, path="x", version="v1"), root(openbao), "app", metadata_policy="Fetch")
