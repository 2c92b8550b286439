"""Finding KV secrets at a real OpenBao: folder by folder, by path, name and tags."""

import pytest

from secretcore.errors import AccessDenied, InvalidSpec, SecretNotFound
from secretcore.limits import Limits
from secretcore.plan import Find, RemoteRef
from secretcore.provider import StoreContext
from tests.providers.vaults import ONCE, creds, fresh, mounted, opened, root, store
from tests.support.faults import FaultProxy

pytestmark = pytest.mark.server

TREE = [f"app-{number}" for number in range(10)] + [
    f"{folder}/{name}" for folder in ("team", "team/blue", "team/blue/deep/er") for name in ("db", "queue", "cache", "x y")
] + ["team", "data/odd", "metadata/odd", "z/0"]  # fmt: skip


@pytest.fixture(scope="module", params=[1, 2], ids=["v1", "v2"])
def tree(request, openbao):
    """A mount named `kv...` that also has folders of its own name, and 30 secrets; each knows its name."""
    mount, version = mounted(openbao, request.param), request.param
    names = [*TREE, f"{mount}/inner", f"{mount}/data/inner"]
    for name in names:
        path = name.replace(" ", "%20")
        openbao.write(
            f"{mount}/{path}" if version == 1 else f"{mount}/data/{path}",
            {"name": name} if version == 1 else {"data": {"name": name}},
        )
    return store(openbao, path=mount, version=f"v{version}"), names


async def found(provider, credentials, context=ONCE, **criteria):
    """What find gives: each name with the name that the secret itself has."""
    async with opened(provider, credentials, context) as client:
        refs = await client.get_all_secrets(Find(**criteria))
        return {name: (await client.get_secret(ref)).value("name").decode() for name, ref in refs.items()}


async def test_all_secrets_are_found_and_each_is_read_as_itself(openbao, tree):
    provider, names = tree
    assert len(names) >= 25
    assert await found(provider, root(openbao)) == {name: name for name in names}


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        ({"name_regexp": "^app-[0-3]$"}, [f"app-{number}" for number in range(4)]),
        ({"name_regexp": "db"}, ["team/db", "team/blue/db", "team/blue/deep/er/db"]),
        ({"name_regexp": "^db$"}, []),
        ({"path": "team/blue/deep", "name_regexp": "e"}, ["team/blue/deep/er/db", "team/blue/deep/er/queue", "team/blue/deep/er/cache", "team/blue/deep/er/x y"]),
        ({"path": "team/blue", "name_regexp": "^team/blue/db"}, ["team/blue/db"]),
        ({"path": "z"}, ["z/0"]),
        ({"path": "z", "name_regexp": "y"}, []),
    ],
)  # fmt: skip
async def test_names_are_matched_with_their_path(openbao, tree, criteria, expected):
    provider, _ = tree
    assert await found(provider, root(openbao), **criteria) == {name: name for name in expected}


async def test_a_path_keeps_the_slashes_that_it_has(openbao, tree):
    provider, _ = tree
    assert await found(provider, root(openbao), path="z/") == {"z//0": "z/0"}
    assert await found(provider, root(openbao), path="", name_regexp="^/z") == {"/z/0": "z/0"}


async def test_a_folder_that_is_not_there_is_a_missing_secret(openbao, tree):
    provider, _ = tree
    with pytest.raises(SecretNotFound, match='folder "none/" does not exist'):
        await found(provider, root(openbao), path="none")


async def test_a_folder_that_may_not_be_listed_yields_nothing_at_all(openbao, tree):
    provider, _ = tree
    policy, mount = fresh("no-blue"), provider.path
    openbao.policy(
        policy,
        f'path "{mount}/*" {{ capabilities = ["read", "list"] }}\n'
        + "\n".join(f'path "{mount}/{sub}team/blue/*" {{ capabilities = ["deny"] }}' for sub in ("", "metadata/")),
    )
    with pytest.raises(AccessDenied, match='folder "team/blue/'):
        await found(provider, creds(token=openbao.create_token(policy)), name_regexp="^app")


async def test_without_a_mount_the_path_says_where(openbao, tree):
    mount, version = tree[0].path, tree[0].version
    whole = store(openbao, version=version)
    prefix = f"{mount}/data/" if version == "v2" else f"{mount}/"
    assert await found(whole, root(openbao), path=f"{prefix}team/blue", name_regexp="queue$") == {
        f"{prefix}team/blue/queue": "team/blue/queue",
        f"{prefix}team/blue/deep/er/queue": "team/blue/deep/er/queue",
    }
    with pytest.raises(InvalidSpec, match="find needs a path"):
        await found(whole, root(openbao), name_regexp="x")


@pytest.fixture(scope="module")
def tagged(openbao):
    mount = mounted(openbao)
    for name, tags in {
        "a": {"env": "prod", "team": "blue"},
        "f/b": {"env": "prod"},
        "c": {"env": "test"},
        "d": None,
    }.items():
        openbao.put_kv(mount, name, {"name": name})
        if tags:
            openbao.write(f"{mount}/metadata/{name}", {"custom_metadata": tags})
    openbao.put_kv(mount, "gone", {"name": "gone"})
    openbao.write(f"{mount}/metadata/gone", {"custom_metadata": {"env": "prod"}})
    openbao.delete(f"{mount}/data/gone")
    return store(openbao, path=mount)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"env": "prod"}, {"a", "f/b", "gone"}),
        ({"env": "prod", "team": "blue"}, {"a"}),
        ({"env": "Prod"}, set()),
        ({"current_version": "1", "env": "test"}, {"c"}),
    ],
)
async def test_tags_are_custom_metadata_all_of_them(openbao, tagged, tags, expected):
    async with opened(tagged, root(openbao)) as client:
        assert set(await client.get_all_secrets(Find(tags=tuple(tags.items())))) == expected


async def test_a_name_wins_over_tags(openbao, tagged):
    assert set(await found(tagged, root(openbao), name_regexp="^d$", tags=(("env", "prod"),))) == {"d"}


async def test_version_1_has_no_tags_even_beside_a_name(openbao):
    with pytest.raises(InvalidSpec, match="nothing can be found by tags"):
        await found(store(openbao, path="x", version="v1"), root(openbao), name_regexp="x", tags=(("a", "b"),))


async def test_a_deleted_secret_is_found_and_then_not_there(openbao, tagged):
    async with opened(tagged, root(openbao)) as client:
        assert (await client.get_all_secrets(Find(name_regexp="gone"))) == {"gone": RemoteRef("gone")}
        with pytest.raises(SecretNotFound):
            await client.get_secret(RemoteRef("gone"))


async def test_one_request_per_folder_and_none_per_secret(openbao, tree, fault_proxies):
    proxy = FaultProxy(openbao.url)
    fault_proxies.append(proxy)
    provider, names = tree
    near = store(proxy, path=provider.path, version=provider.version)
    async with opened(near, root(openbao)) as client:
        await client.get_all_secrets(Find(name_regexp="^app"))
    folders = {""} | {name[: at + 1] for name in names for at, char in enumerate(name) if char == "/"}
    assert len(proxy.requests) == len(folders)
    assert {(request.method, request.query) for request in proxy.requests} == {("GET", "list=true")}


async def test_more_names_than_the_limit_allows_to_look_through_are_refused(openbao, tree):
    provider, _ = tree
    tight = StoreContext(limits=Limits(find_keys=2))
    with pytest.raises(Exception, match="more than 20 secrets and folders"):
        await found(provider, root(openbao), tight, name_regexp="^app-1$")
