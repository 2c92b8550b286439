"""One session per store and identity: opened once, replaced in time, closed when nobody reads with it."""

import asyncio
import math
from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace

from secretcore.clients import Clients
from secretcore.errors import AccessDenied, ProviderBroken, StoreUnavailable, Throttled
from secretcore.keeping import ON_DUTY, Keeping
from secretcore.plan import RemoteRef, StoreRef
from secretcore.sessions import Access
from tests.secretcore.clock import Clock
from tests.secretcore.recording import FixedStores, RecordingProvider, cluster_store, recorded

KEEPING = Keeping(answers=10, errors=False, session=300, idle=180, doubt=30)
STORE = StoreRef("s", "ClusterSecretStore")


class Vault:
    """Counts sessions, and answers with the number of the one that asks; `revoked` ones are refused."""

    def __init__(self):
        self.logins, self.open, self.revoked, self.refuses = 0, [], set(), False
        self.down = None
        self.told = []
        self.reads_may_end = asyncio.Event()
        self.reads_may_end.set()

    @asynccontextmanager
    async def connect(self):
        self.logins += 1
        number = self.logins
        if self.down:
            raise self.down
        self.open.append(number)
        try:
            yield number
        finally:
            self.open.remove(number)

    def tell(self, call, error):
        self.told.append((call, type(error).__name__ if error else "ok"))

    async def read(self, session):
        await self.reads_may_end.wait()
        if self.refuses or session in self.revoked:
            raise AccessDenied("permission denied")
        if isinstance(self.down, Throttled):
            raise self.down
        return session


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def vault():
    return Vault()


@pytest.fixture
async def access(vault, clock):
    access = Access(vault.connect, asyncio.Semaphore(4), KEEPING, clock, vault.tell)
    yield access
    access.retire()
    await asyncio.gather(*access.tasks)
    assert vault.open == []


def ask(access, vault):
    return access.ask("get_secret", vault.read, lambda: None)


async def turn():
    for _ in range(10):
        await asyncio.sleep(0)


async def test_many_reads_share_a_login(access, vault):
    assert await asyncio.gather(*(ask(access, vault) for _ in range(20))) == [1] * 20
    assert vault.logins == 1
    assert vault.told == [("login", "ok"), *[("get_secret", "ok")] * 20]


@pytest.mark.parametrize(
    ("pauses", "expected"),
    [
        ([179], [1]),
        ([180], [2]),  # idle
        ([100, 100, 99], [1, 1, 1]),
        ([100, 100, 100], [1, 1, 2]),  # too old
        ([100, 100, 100, 100, 100, 99], [1, 1, 2, 2, 2, 2]),
    ],
)
async def test_a_session_is_replaced_when_it_is_too_old_or_was_idle(access, vault, clock, pauses, expected):
    await ask(access, vault)
    answered = []
    for pause in pauses:
        clock.now += pause
        answered.append(await ask(access, vault))
    assert answered == expected
    await turn()
    assert vault.open == expected[-1:]


@pytest.mark.parametrize(("seconds", "closed"), [(179, False), (180, True)])
async def test_a_sweep_closes_what_is_idle(access, vault, clock, seconds, closed):
    await ask(access, vault)
    clock.now += seconds
    assert access.sweep() is closed
    await turn()
    assert vault.open == ([] if closed else [1])


async def test_closing_waits_for_the_reads_under_way(access, vault, clock):
    vault.reads_may_end.clear()
    reading = asyncio.ensure_future(ask(access, vault))
    await turn()
    clock.now += 301
    access.sweep()
    await turn()
    assert vault.open == [1]
    vault.reads_may_end.set()
    assert await reading == 1
    await turn()
    assert vault.open == []


async def test_a_read_that_is_late_for_its_retired_session_leaves_nothing_open(vault, clock):
    access = Access(vault.connect, asyncio.Semaphore(1), KEEPING, clock, vault.tell)
    vault.reads_may_end.clear()
    reads = [asyncio.ensure_future(ask(access, vault)) for _ in range(3)]
    await turn()
    access.retire()
    vault.reads_may_end.set()
    await asyncio.gather(*reads)
    await turn()
    assert (vault.open, access.tasks) == ([], set())


async def test_a_login_that_fails_is_told_to_those_who_wait_and_tried_again_by_the_next(access, vault):
    vault.down = StoreUnavailable("no answer")
    outcomes = await asyncio.gather(*(ask(access, vault) for _ in range(3)), return_exceptions=True)
    assert [str(each) for each in outcomes] == ["no answer"] * 3
    assert vault.logins == 1
    vault.down = None
    assert await ask(access, vault) == 2
    assert vault.told == [("login", "StoreUnavailable"), ("login", "ok"), ("get_secret", "ok")]


async def test_a_login_that_is_refused_is_not_tried_twice(access, vault):
    vault.down = AccessDenied("unknown role")
    with pytest.raises(AccessDenied, match="unknown role"):
        await ask(access, vault)
    assert vault.logins == 1


async def test_a_provider_that_breaks_while_it_connects_is_named_by_its_class_only(access, vault):
    vault.down = KeyError("canary")
    with pytest.raises(ProviderBroken, match="failed with KeyError"):
        await ask(access, vault)


async def test_a_refusal_in_an_old_session_is_asked_again_in_a_new_one(access, vault, clock):
    await ask(access, vault)
    clock.now += 1
    vault.revoked.add(1)
    assert await asyncio.gather(*(ask(access, vault) for _ in range(4))) == [2] * 4
    assert vault.logins == 2
    await turn()
    assert vault.open == [2]


async def test_a_refusal_in_a_fresh_session_is_believed(access, vault):
    vault.refuses = True
    with pytest.raises(AccessDenied):
        await ask(access, vault)
    assert vault.logins == 1


async def test_who_is_refused_again_and_again_does_not_log_in_each_time(access, vault, clock):
    await ask(access, vault)
    vault.refuses = True
    for _ in range(10):
        clock.now += 1
        with pytest.raises(AccessDenied):
            await ask(access, vault)
    assert vault.logins == 2
    clock.now += 30
    with pytest.raises(AccessDenied):
        await ask(access, vault)
    assert vault.logins == 3


@pytest.mark.parametrize(("said", "held"), [(20.0, 20.0), (None, 1.0), (1e9, 3600.0), (math.inf, 3600.0)])
async def test_a_store_that_asks_to_slow_down_is_left_alone_for_so_long(access, vault, clock, said, held):
    await ask(access, vault)
    vault.down = Throttled("asked to slow down", retry_after=said)
    with pytest.raises(Throttled):
        await ask(access, vault)
    vault.down = None
    before = len(vault.told)
    clock.now += held / 4
    with pytest.raises(Throttled, match=f"slow down for {held:.0f} s, so it is left alone for now") as caught:
        await ask(access, vault)
    assert caught.value.retry_after == held * 3 / 4
    assert len(vault.told) == before
    clock.now += held * 3 / 4
    assert await ask(access, vault) == vault.logins


async def test_a_login_that_is_asked_to_slow_down_holds_back_too(access, vault, clock):
    vault.down = Throttled("asked to slow down", retry_after=5)
    with pytest.raises(Throttled):
        await ask(access, vault)
    clock.now += 4
    with pytest.raises(Throttled, match="left alone for now"):
        await ask(access, vault)
    assert vault.logins == 1


async def test_those_who_wait_for_their_turn_are_held_back_too(vault, clock):
    access = Access(vault.connect, asyncio.Semaphore(1), KEEPING, clock, vault.tell)
    await ask(access, vault)
    vault.down = Throttled("asked to slow down", retry_after=5)
    outcomes = await asyncio.gather(*(ask(access, vault) for _ in range(5)), return_exceptions=True)
    assert {type(each) for each in outcomes} == {Throttled}
    assert vault.told.count(("get_secret", "Throttled")) == 1
    access.retire()
    await asyncio.gather(*access.tasks)


class TestClients:
    """What `Clients` makes of it, for a process that goes on."""

    def opened(self, stores, clock, **more):
        return Clients(stores, keeping=ON_DUTY, monotonic=clock, **more)

    async def read(self, clients, namespace="ns", not_before=0.0):
        reader = await clients.reader(STORE, namespace, not_before)
        return (await reader.get(RemoteRef("k"))).value("").decode()

    @pytest.mark.parametrize("change", [{"uid": "2"}, {"generation": 2}, {"identity": "2"}])
    async def test_another_store_or_credential_closes_the_session_and_asks_anew(self, clock, change):
        remote = recorded("changed", k="v")
        stores = FixedStores({"s": cluster_store("changed", uid="1", generation=1)}, identity="1")
        async with self.opened(stores, clock) as clients:
            await self.read(clients)
            stores.identity = change.pop("identity", "1")
            stores.stores["s"] = cluster_store("changed", **({"uid": "1", "generation": 1} | change))
            await self.read(clients)
            await turn()
            assert (remote.logins, remote.open, remote.asked["k"]) == (2, 1, 2)
        assert remote.open == 0

    async def test_a_store_that_is_gone_is_logged_out_of(self, clock):
        remote = recorded("gone", k="v")
        async with self.opened(FixedStores({"s": cluster_store("gone")}), clock) as clients:
            await self.read(clients)
            clients.forget(StoreRef("other", "ClusterSecretStore"), "")
            await turn()
            assert remote.open == 1
            clients.forget(STORE, "")
            await turn()
            assert remote.open == 0

    async def test_tenants_with_credentials_of_their_own_never_share(self, clock):
        remote = recorded("tenants", k="for {who}")
        provider = RecordingProvider(remote="tenants", token=_token())
        stores = FixedStores({"s": cluster_store("tenants", provider=provider)}, tokens={"one": b"1", "two": b"2"})
        async with self.opened(stores, clock) as clients:
            for _ in range(3):
                assert await self.read(clients, "one") == "for 1"
                assert await self.read(clients, "two") == "for 2"
        assert (remote.logins, remote.asked["k"]) == (2, 2)

    async def test_a_sweep_leaves_nothing_behind(self, clock):
        remote = recorded("swept", k="v")
        async with self.opened(FixedStores({"s": cluster_store("swept")}), clock) as clients:
            await self.read(clients)
            clock.now += 200
            clients.sweep()
            await turn()
            assert remote.open == 0
            clients.sweep()
            assert (clients._accesses, clients._left, clients._answers.size) == ({}, set(), 0)
            assert await self.read(clients) == "v"
        assert remote.logins == 2

    async def test_no_more_sessions_than_allowed_are_open_and_the_last_used_stay(self, clock):
        names = [f"many{number}" for number in range(6)]
        remotes = [recorded(name, k="v") for name in names]
        stores = FixedStores({name: cluster_store(name, name=name) for name in names})
        async with Clients(stores, keeping=replace(ON_DUTY, sessions=3), monotonic=clock) as clients:
            for name in (*names[:3], names[0], *names[3:5]):
                reader = await clients.reader(StoreRef(name, "ClusterSecretStore"), "ns", clock.now)
                await reader.get(RemoteRef("k"))
            await turn()
            assert [remote.open for remote in remotes] == [1, 0, 0, 1, 1, 0]

    async def test_all_identities_of_a_store_share_its_limit(self, clock):
        recorded("limit", k="v")
        provider = RecordingProvider(remote="limit", token=_token())
        async with self.opened(
            FixedStores({"s": cluster_store("limit", provider=provider)}, tokens={"one": b"1", "two": b"2"}), clock
        ) as clients:
            one, two = [(await clients.reader(STORE, each)).access for each in ("one", "two")]
            assert one is not two
            assert one._slots is two._slots

    async def test_every_call_is_told_with_its_store(self, clock):
        recorded("told", k="v")
        told = []
        store = cluster_store("told")
        async with self.opened(
            FixedStores({"s": store}), clock, observe=lambda store, call, error: told.append((store, call, error))
        ) as clients:
            await self.read(clients)
        assert told == [(store, "login", None), (store, "get_secret", None)]


def _token():
    from secretcore.model.selectors import SecretKeySelector

    return SecretKeySelector(name="t", key="k")
