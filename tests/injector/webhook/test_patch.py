"""JSON patches."""

from hypothesis import given
from hypothesis import strategies as st

from injector.webhook.patch import diff
from tests.injector.webhook.building import patched

SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.text("a~/", max_size=3)
NAMED = st.lists(
    st.fixed_dictionaries({"name": st.sampled_from("abcdef"), "value": SCALARS}),
    unique_by=lambda it: it["name"],
    max_size=6,
)
DOCUMENTS = st.recursive(
    SCALARS | NAMED,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("ab~/", min_size=1, max_size=2), inner, max_size=4)
    ),
    max_leaves=24,
)


def same(one, other):
    """Equal, and 1 is not true."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


@given(DOCUMENTS, DOCUMENTS)
def test_a_patch_makes_the_one_of_the_other(before, after):
    assert same(patched(before, diff(before, after)), after)


@given(NAMED, NAMED)
def test_a_list_of_named_things_becomes_the_other(before, after):
    assert same(patched(before, diff(before, after)), after)


@given(DOCUMENTS)
def test_nothing_changed_is_no_patch(document):
    assert diff(document, patched(document, [])) == []


def test_members_that_stay_are_left_alone():
    before = [{"name": "a", "image": "1"}, {"name": "b"}]
    after = [{"name": "new"}, {"name": "a", "image": "1", "mounts": []}, {"name": "b"}]
    assert diff(before, after, "/spec") == [
        {"op": "add", "path": "/spec/0", "value": {"name": "new"}},
        {"op": "add", "path": "/spec/1/mounts", "value": []},
    ]


def test_mounts_of_one_volume_are_told_apart_by_their_path():
    before = [{"name": "v", "mountPath": "/a"}, {"name": "v", "mountPath": "/b"}]
    after = [*before, {"name": "w", "mountPath": "/c"}]
    assert diff(before, after) == [{"op": "add", "path": "/2", "value": after[2]}]
