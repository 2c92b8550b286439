"""Whom a change concerns: tables of what the watches tell and who is put on which queue."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.index import Links, stores_of, target_of
from controller.kinds import StoreKey
from controller.routing import Routing
from kubecore.cache import Change, Key
from kubecore.workqueue import Lane


class Queue:
    """Remembers what was put on it."""

    def __init__(self):
        self.names = []
        self.later = []

    def add(self, key, lane=Lane.URGENT):
        self.names.append((key, lane))

    def add_after(self, key, seconds):
        self.later.append((key, seconds))

    def taken(self):
        names, self.names = self.names, []
        return names


class World:
    def __init__(self):
        self.external_secrets, self.stores = Queue(), Queue()
        self.content = {}
        self.routing = Routing(
            self.external_secrets,
            self.stores,
            lambda key, manifest: manifest.get("logins", ()),
            lambda key: self.content.get(key, ("", "")),
        )


def es(*, name="db", namespace="team", store="store", kind="SecretStore", ready=None, target=None, **metadata):
    status = {} if ready is None else {"conditions": [{"type": "Ready", "status": str(ready)}]}
    return {
        "metadata": {"name": name, "namespace": namespace, "generation": 1, **metadata},
        "spec": {"secretStoreRef": {"name": store, "kind": kind}, "target": target or {}},
        "status": status,
    }


def a_store(*, ready=None, logins=(), generation=1):
    status = {} if ready is None else {"conditions": [{"type": "Ready", "status": str(ready)}]}
    return {"metadata": {"name": "store", "generation": generation}, "status": status, "logins": logins}


def secret(version="1"):
    return {"metadata": {"name": "db", "namespace": "team", "uid": "u", "resourceVersion": version}}


DB, STORE = Key("team", "db"), StoreKey("SecretStore", "team", "store")


@pytest.mark.parametrize(
    ("old", "new", "lane"),
    [
        (None, es(), Lane.URGENT),
        (None, es(ready=False), Lane.URGENT),
        (None, es(ready=True), Lane.PERIODIC),  # it was there before we were
        (es(), es(generation=2), Lane.URGENT),
        (es(), es(labels={"a": "b"}), Lane.URGENT),
        (es(), es(annotations={"external-secrets.io/force-sync": "1"}), Lane.URGENT),
        (es(), es(finalizers=["a"]), Lane.URGENT),
        (es(), es(deletionTimestamp="2026-01-01T00:00:00Z"), Lane.URGENT),
        (es(), es(ready=True), None),  # a status concerns nobody
        (es(), es(resourceVersion="2", managedFields=[]), None),
        (es(), None, Lane.URGENT),
    ],
)
def test_a_change_of_an_external_secret(old, new, lane):
    world = World()
    world.routing.external_secret_changed(Change(DB, old, new))
    assert world.external_secrets.names == ([] if lane is None else [(DB, lane)])


@pytest.mark.parametrize(
    ("old", "new", "validated"),
    [
        (None, a_store(), True),
        (a_store(), a_store(generation=2), True),
        (a_store(), a_store(ready=True), False),
        (a_store(), None, True),
    ],
)
def test_a_change_of_a_store(old, new, validated):
    world = World()
    world.routing.store_changed("SecretStore", Change(Key("team", "store"), old, new))
    assert world.stores.names == ([(STORE, Lane.URGENT)] if validated else [])


@pytest.mark.parametrize(
    ("before", "after", "user", "retried"),
    [
        (False, True, False, True),
        (None, True, False, True),
        (False, True, None, True),
        (False, True, True, False),
        (True, True, False, False),
        (True, False, False, False),
    ],
)
def test_users_that_are_not_ready_are_tried_again_when_their_store_turns_ready(before, after, user, retried):
    world = World()
    world.routing.external_secret_changed(Change(DB, None, es(ready=user)))
    world.external_secrets.taken()
    world.routing.store_changed(
        "SecretStore", Change(Key("team", "store"), a_store(ready=before), a_store(ready=after))
    )
    assert world.external_secrets.names == ([(DB, Lane.URGENT)] if retried else [])


@pytest.mark.parametrize(
    ("content", "new", "looked_at"),
    [
        (("u", "1"), secret("1"), False),  # as we left it
        (("u", "1"), secret("2"), True),
        (("", ""), secret("1"), True),
        (("u", "1"), None, True),
    ],
)
def test_a_change_of_a_target(content, new, looked_at):
    world = World()
    world.routing.external_secret_changed(Change(DB, None, es()))
    world.external_secrets.taken()
    world.content[DB] = content
    world.routing.secret_changed(Change(DB, secret("0"), new))
    assert world.external_secrets.names == ([(DB, Lane.URGENT)] if looked_at else [])


@pytest.mark.parametrize(
    ("login", "changed", "ready", "retried"),
    [
        (Key("team", "login"), Key("team", "login"), False, True),
        (Key("team", "login"), Key("team", "login"), True, False),
        (Key("team", "login"), Key("other", "login"), False, False),
        (Key("", "login"), Key("team", "login"), False, True),  # whoever uses it brings their own
        (Key("", "login"), Key("other", "login"), False, False),
    ],
)
def test_a_change_of_a_secret_that_a_store_logs_in_with(login, changed, ready, retried):
    world = World()
    world.routing.external_secret_changed(Change(DB, None, es(ready=ready)))
    world.routing.store_changed("SecretStore", Change(Key("team", "store"), None, a_store(logins=[login])))
    world.external_secrets.taken()
    world.stores.taken()
    world.routing.secret_changed(Change(changed, None, secret()))
    assert world.external_secrets.names == ([(DB, Lane.URGENT)] if retried else [])
    assert world.stores.names == ([(STORE, Lane.URGENT)] if login == changed else [])


@pytest.mark.parametrize(("state", "validated"), [(True, [STORE]), (False, []), (None, []), ("gone", [])])
def test_a_store_in_doubt_is_validated_soon_unless_it_is_known_not_to_be_ready(state, validated):
    world = World()
    ready = a_store(ready=True)
    changes = [(None, ready), (ready, None)] if state == "gone" else [(None, a_store(ready=state))]
    for old, new in changes:
        world.routing.store_changed("SecretStore", Change(Key("team", "store"), old, new))
    world.routing.doubt(es(), 0.0)
    assert world.stores.later == [(key, 1.0) for key in validated]


@pytest.mark.parametrize(
    ("doubts", "validated"),
    [
        ([0.0, 0.5], [1.0, 1.0]),
        ([0.0, 1.0, 30.0], [1.0, 61.0, 61.0]),
        ([0.0, 2.0, 62.0], [1.0, 61.0, 121.0]),
        ([0.0, 90.0], [1.0, 91.0]),
    ],
)
def test_a_store_that_stays_ready_is_doubted_once_a_minute(doubts, validated):
    world = World()
    world.routing.store_changed("SecretStore", Change(Key("team", "store"), None, a_store(ready=True)))
    for now in doubts:
        world.routing.doubt(es(), now)
    assert [now + seconds for now, (_, seconds) in zip(doubts, world.stores.later, strict=True)] == validated


def test_a_store_that_is_ready_again_is_doubted_anew():
    world, key = World(), Key("team", "store")
    ready, broken = a_store(ready=True), a_store(ready=False)
    world.routing.store_changed("SecretStore", Change(key, None, ready))
    world.routing.doubt(es(), 0.0)
    world.routing.store_changed("SecretStore", Change(key, ready, broken))
    world.routing.store_changed("SecretStore", Change(key, broken, ready))
    world.routing.doubt(es(), 5.0)
    assert world.stores.later == [(STORE, 1.0), (STORE, 1.0)]


def test_the_names_that_an_external_secret_has():
    manifest = es(target={"name": "other"})
    manifest["spec"]["data"] = [{"sourceRef": {"storeRef": {"name": "a"}}}, {}]
    manifest["spec"]["dataFrom"] = [
        {"sourceRef": {"storeRef": {"name": "b", "kind": "ClusterSecretStore"}}},
        {"sourceRef": {"generatorRef": {"name": "g"}}},
    ]
    assert target_of(manifest) == Key("team", "other")
    assert set(stores_of(manifest)) == {
        STORE,
        StoreKey("SecretStore", "team", "a"),
        StoreKey("ClusterSecretStore", "", "b"),
    }


@given(st.lists(st.tuples(st.integers(0, 3), st.lists(st.integers(0, 3), max_size=4)), max_size=20))
def test_links_can_be_asked_backwards_whatever_became_of_them(puts):
    links, known = Links(), {}
    for key, values in puts:
        links.put(key, values)
        known[key] = values
    for value in range(4):
        found = list(links.of(value))
        assert sorted(found) == [key for key in range(4) if value in known.get(key, ())]
    for key in range(4):
        links.put(key, [])
    assert (links._forward, links._backward) == ({}, {})


def test_links_are_forgotten_when_they_change():
    links = Links()
    links.put("a", [1, 2])
    links.put("b", [2])
    links.put("a", [3])
    assert [sorted(links.of(value)) for value in (1, 2, 3)] == [[], ["b"], ["a"]]
    links.put("b", [])
    assert list(links.of(2)) == []
