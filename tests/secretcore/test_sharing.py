"""One call per remote key within a run, and never an answer for another tenant."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from secretcore.answers import Answers
from secretcore.clients import Clients, Reader
from secretcore.errors import FetchFailed, SecretNotFound, StoreUnavailable
from secretcore.keeping import Keeping
from secretcore.limits import Limits
from secretcore.model.selectors import SecretKeySelector
from secretcore.model.store import StoreCondition
from secretcore.parse import parse_external_secret
from secretcore.plan import RemoteRef, StoreRef
from secretcore.resolve import resolve
from secretcore.sessions import Access
from tests.secretcore.recording import FixedStores, RecordingProvider, cluster_store, recorded, rendering

STORE = StoreRef("s", "ClusterSecretStore")
REFERENT = SecretKeySelector(name="t", key="k")


def spec(*data, store="s", **fields):
    manifest = {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "spec": {"secretStoreRef": {"name": store, "kind": "ClusterSecretStore"}, "data": list(data), **fields},
    }
    return parse_external_secret(manifest).spec


def entry(secret_key, key, **ref):
    return {"secretKey": secret_key, "remoteRef": {"key": key, **ref}}


async def test_a_thousand_external_secrets_that_read_a_hundred_keys_are_a_hundred_calls():
    remote = recorded("thousand", **{f"key-{number}": '{"a":"x","b":"y"}' for number in range(100)})
    stores = FixedStores({"s": cluster_store("thousand")})
    async with Clients(stores) as clients:
        specs = [
            spec(entry("k", f"key-{number % 100}", property="ab"[number % 2]), entry("l", f"key-{number % 100}"))
            for number in range(1000)
        ]
        results = await asyncio.gather(*(resolve(each, "ns", clients, rendering()) for each in specs))
    assert sum(remote.asked.values()) == 100
    assert results[1].data["k"] == b"y"
    assert remote.logins == 1
    assert remote.open == 0


async def test_versions_are_read_apart():
    remote = recorded("versions", k="v")
    async with Clients(FixedStores({"s": cluster_store("versions")})) as clients:
        await resolve(
            spec(entry("a", "k"), entry("b", "k", version="2"), entry("c", "k", version="2")),
            "ns",
            clients,
            rendering(),
        )
    assert remote.asked == {"k": 1, "k@2": 1}


async def test_extract_and_get_of_one_key_share_the_read():
    remote = recorded("shared", k='{"a":"1"}')
    async with Clients(FixedStores({"s": cluster_store("shared")})) as clients:
        rendered = await resolve(
            spec(entry("whole", "k"), dataFrom=[{"extract": {"key": "k"}}]), "ns", clients, rendering()
        )
    assert dict(rendered.data) == {"a": b"1", "whole": b'{"a":"1"}'}
    assert remote.asked == {"k": 1}


async def test_a_key_that_is_not_there_is_asked_for_once():
    remote = recorded("missing")
    async with Clients(FixedStores({"s": cluster_store("missing")})) as clients:
        for _ in range(3):
            with pytest.raises(FetchFailed):
                await resolve(spec(entry("a", "k"), entry("b", "k")), "ns", clients, rendering())
    assert remote.asked == {"k": 1}


async def test_referent_credentials_read_as_their_own_namespace():
    remote = recorded("referent", k="for {who}")
    provider = RecordingProvider(remote="referent", token=REFERENT)
    stores = FixedStores(
        {"s": cluster_store("referent", provider=provider)}, tokens={"one": b"tenant-one", "two": b"tenant-two"}
    )
    async with Clients(stores) as clients:
        one, two, again = await asyncio.gather(
            *(resolve(spec(entry("a", "k")), namespace, clients, rendering()) for namespace in ("one", "two", "one"))
        )
    assert one.data["a"] == again.data["a"] == b"for tenant-one"
    assert two.data["a"] == b"for tenant-two"
    assert remote.asked == {"k": 2}
    assert remote.logins == 2


async def test_a_cluster_store_with_credentials_of_its_own_is_read_once_for_all_namespaces():
    remote = recorded("own", k="v")
    provider = RecordingProvider(remote="own", token=SecretKeySelector(name="t", key="k", namespace="ops"))
    async with Clients(FixedStores({"s": cluster_store("own", provider=provider)})) as clients:
        for namespace in ("one", "two"):
            await resolve(spec(entry("a", "k")), namespace, clients, rendering())
    assert remote.asked == {"k": 1}


async def test_a_denied_namespace_gets_nothing_of_what_another_has_read():
    remote = recorded("denied", k="v")
    store = cluster_store("denied", conditions=(StoreCondition(namespaces=("one",)),))
    async with Clients(FixedStores({"s": store})) as clients:
        await resolve(spec(entry("a", "k")), "one", clients, rendering())
        with pytest.raises(FetchFailed, match=r"spec\.data\[0\]: denied by spec.condition"):
            await resolve(spec(entry("a", "k")), "two", clients, rendering())
    assert remote.asked == {"k": 1}


@pytest.mark.parametrize("change", [{"uid": "2"}, {"generation": 2}])
async def test_a_recreated_or_edited_store_is_read_anew(change):
    remote = recorded("edited", k="v")
    stores = FixedStores({"s": cluster_store("edited", uid="1", generation=1)})
    async with Clients(stores) as clients:
        await resolve(spec(entry("a", "k")), "ns", clients, rendering())
        stores.stores["s"] = cluster_store("edited", **({"uid": "1", "generation": 1} | change))
        await resolve(spec(entry("a", "k")), "ns", clients, rendering())
    assert remote.asked == {"k": 2}


async def test_changed_credentials_read_anew():
    remote = recorded("rotated", k="v")
    stores = FixedStores({"s": cluster_store("rotated")}, identity="1")
    async with Clients(stores) as clients:
        await resolve(spec(entry("a", "k")), "ns", clients, rendering())
        stores.identity = "2"
        await resolve(spec(entry("a", "k")), "ns", clients, rendering())
    assert remote.asked == {"k": 2}


async def test_one_who_waits_may_be_cancelled_without_taking_the_answer_from_another():
    recorded("cancelled", k="v")
    async with Clients(FixedStores({"s": cluster_store("cancelled")})) as clients:
        reader = await clients.reader(STORE, "ns")
        first = asyncio.ensure_future(reader.get(RemoteRef("k")))
        second = asyncio.ensure_future(reader.get(RemoteRef("k")))
        await asyncio.sleep(0)
        first.cancel()
        assert (await second).value("") == b"v"
        with pytest.raises(asyncio.CancelledError):
            await first


async def test_a_failed_login_is_tried_once_in_a_run_and_closes_nothing_twice():
    remote = recorded("login")
    provider = RecordingProvider(remote="login", token=SecretKeySelector(name="none", key="k"))
    stores = FixedStores({"s": cluster_store("login", provider=provider)})
    async with Clients(stores) as clients:
        for _ in range(2):
            with pytest.raises(FetchFailed, match='Secret "none" has no key "k"'):
                await resolve(spec(entry("a", "k")), "ns", clients, rendering())
    assert (remote.logins, remote.open) == (1, 0)


class TestFind:
    FIND = {"dataFrom": [{"find": {"name": {"regexp": "x"}}}]}

    async def resolved(self, name, limits=None):
        async with Clients(FixedStores({"s": cluster_store(name)}), limits) as clients:
            return await resolve(spec(**self.FIND), "ns", clients, rendering())

    async def test_references_are_read_through_the_shared_reads(self):
        remote = recorded("find", a="1", b="2")
        remote.listing = {"x/a": RemoteRef("a"), "x/b": RemoteRef("b")}
        assert dict((await self.resolved("find")).data) == {"x_a": b"1", "x_b": b"2"}

    async def test_what_vanished_meanwhile_is_left_out(self):
        remote = recorded("vanished", a="1")
        remote.listing = {"a": RemoteRef("a"), "b": RemoteRef("b")}
        assert dict((await self.resolved("vanished")).data) == {"a": b"1"}

    async def test_one_failed_read_fails_it_all(self):
        remote = recorded("partial", a="1")
        remote.listing = {"a": RemoteRef("a"), "b": RemoteRef("b")}
        remote.errors["b"] = StoreUnavailable("down")
        with pytest.raises(FetchFailed, match=r"spec\.dataFrom\[0\]\.find: down"):
            await self.resolved("partial")

    async def test_more_names_than_the_limit_are_refused(self):
        remote = recorded("many")
        remote.listing = {str(number): RemoteRef("a") for number in range(11)}
        with pytest.raises(FetchFailed, match="find means 11 secrets, the most is 10"):
            await self.resolved("many", Limits(find_keys=10))
        assert remote.asked == {"find x": 1}


async def test_too_many_bytes_are_refused_by_step_and_in_all():
    recorded("large", a="x" * 60, b="x" * 60)
    both = spec(entry("a", "a"), entry("b", "b"))
    async with Clients(FixedStores({"s": cluster_store("large")}), Limits(step_bytes=50)) as clients:
        with pytest.raises(FetchFailed, match=r"spec\.data\[0\]: 61 bytes were read, the most is 50"):
            await resolve(both, "ns", clients, rendering())
    async with Clients(FixedStores({"s": cluster_store("large")}), Limits(total_bytes=100)) as clients:
        with pytest.raises(Exception, match="the data is 122 bytes, the most is 100"):
            await resolve(both, "ns", clients, rendering())


async def test_reads_under_way_are_bounded():
    class Slow:
        running = most = 0

        async def get_secret(self, ref):
            Slow.running += 1
            Slow.most = max(Slow.most, Slow.running)
            await asyncio.sleep(0.001)
            Slow.running -= 1
            raise SecretNotFound(ref.key)

    @asynccontextmanager
    async def connect():
        yield Slow()

    keeping = Keeping()
    access = Access(connect, asyncio.Semaphore(4), keeping, lambda: 0.0, lambda call, error: None)
    async with Answers(keeping, lambda: 0.0) as answers:
        reader = Reader(access, answers, Limits())
        await asyncio.gather(*(reader.get(RemoteRef(str(number))) for number in range(40)), return_exceptions=True)
    access.retire()
    await asyncio.gather(*access.tasks)
    assert Slow.most == 4
