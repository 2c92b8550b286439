"""The local copy follows lists and events, however they come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubecore.cache import DELETIONS, Cache, Change, Key, compact, key_of
from kubecore.wire import Event


def item(name, version, uid="u", **rest):
    return {
        "metadata": {"name": name, "namespace": "ns", "uid": uid, "resourceVersion": str(version)},
        **rest,
    }


A1, A2 = item("a", 1), item("a", 2)
REPLACED = item("a", 3, uid="other")
KEY = Key("ns", "a")


@pytest.mark.parametrize(
    ("known", "event", "changes"),
    [
        ([], Event("ADDED", A1), [Change(KEY, None, A1)]),
        ([A1], Event("MODIFIED", A2), [Change(KEY, A1, A2)]),
        ([A1], Event("DELETED", A2), [Change(KEY, A1, None)]),
        ([A1], Event("ADDED", REPLACED), [Change(KEY, A1, None), Change(KEY, None, REPLACED)]),
        ([A2], Event("MODIFIED", A2), []),
        ([A2], Event("MODIFIED", A1), []),
        ([REPLACED], Event("DELETED", A2), []),
        ([], Event("DELETED", A2), []),
    ],
    ids=["new", "changed", "gone", "replaced", "twice", "late", "late deletion", "unknown deletion"],
)
def test_an_event_changes_what_is_older_than_it(known, event, changes):
    cache = Cache()
    cache.replace(known)
    before = list(cache)
    assert cache.apply(event) == changes
    assert (list(cache) == before) == (not changes)


@pytest.mark.parametrize("known", [[], [A1]], ids=["never known", "known"])
def test_an_event_or_an_answer_that_comes_after_the_deletion_brings_nothing_back(known):
    cache = Cache()
    cache.replace(known)
    cache.apply(Event("DELETED", item("a", 3)))
    assert cache.apply(Event("MODIFIED", A2)) == []
    assert cache.get("ns", "a") is None
    made_again = item("a", 4, uid="other")
    assert cache.apply(Event("ADDED", made_again)) == [Change(KEY, None, made_again)]


def test_a_list_counts_also_when_versions_went_back():
    cache = Cache()
    cache.replace([item("b", 900)])
    cache.apply(Event("DELETED", item("a", 901)))
    cache.replace([item("b", 5)])
    assert cache.apply(Event("ADDED", item("a", 6))) == [Change(KEY, None, item("a", 6))]
    assert cache.apply(Event("MODIFIED", item("b", 7)))


def test_of_deletions_only_the_latest_are_remembered():
    cache = Cache()
    for number in range(DELETIONS + 1):
        cache.apply(Event("DELETED", item(f"n{number}", 9)))
    assert len(cache._deleted) == DELETIONS
    assert cache.apply(Event("ADDED", item("n1", 8))) == []
    assert len(cache.apply(Event("ADDED", item("n0", 8)))) == 1


def test_a_list_tells_what_came_went_and_changed():
    cache = Cache()
    cache.replace([A1, item("gone", 1), item("same", 1)])
    changes = cache.replace([A2, item("same", 1), item("new", 3)])
    assert {(change.key.name, change.old is None, change.new is None) for change in changes} == {
        ("a", False, False), ("gone", False, True), ("new", True, False),
    }  # fmt: skip
    assert sorted(key_of(manifest).name for manifest in cache) == ["a", "new", "same"]
    assert cache.get("ns", "new") == item("new", 3)
    assert cache.get("ns", "gone") is None


@given(st.data())
def test_changes_told_make_up_the_copy_and_its_versions_never_go_back(data):
    """Whoever replays the changes holds what the cache holds, with events late, twice and across relists."""
    cache, replayed = Cache(), {}
    for _ in range(data.draw(st.integers(1, 20))):
        name, version, uid = data.draw(st.tuples(st.sampled_from("ab"), st.integers(1, 9), st.sampled_from("uv")))
        event = Event(data.draw(st.sampled_from(["ADDED", "MODIFIED", "DELETED"])), item(name, version, uid))
        relist = data.draw(st.booleans())
        known = cache.get("ns", name)
        changes = cache.replace([event.object]) if relist else cache.apply(event)
        for change in changes:
            assert replayed.get(change.key) == change.old
            assert change.old != change.new
            if change.new is None:
                del replayed[change.key]
            else:
                replayed[change.key] = change.new
        now = cache.get("ns", name)
        if not relist and known and now:
            assert int(now["metadata"]["resourceVersion"]) >= int(known["metadata"]["resourceVersion"])
        assert {key_of(manifest): manifest for manifest in cache} == replayed


def test_what_is_kept_has_no_managed_fields_and_shares_its_strings():
    def decoded():
        labels = {"".join(["app.kubernetes.io/", "name"]): "".join(["da", "tabase"])}
        return item("a", 1) | {
            "metadata": {**A1["metadata"], "labels": labels, "managedFields": [{}]},
            "spec": [1],
        }

    one, two = compact(decoded()), compact(decoded())
    assert one == {"metadata": {**A1["metadata"], "labels": decoded()["metadata"]["labels"]}, "spec": [1]}
    (key_one, value_one), (key_two, value_two) = (next(iter(x["metadata"]["labels"].items())) for x in (one, two))
    assert key_one is key_two
    assert value_one is value_two


def test_long_strings_are_kept_whole():
    assert compact(item("a", 1, data="x" * 1000))["data"] == "x" * 1000
