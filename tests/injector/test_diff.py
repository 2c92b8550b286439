"""What would become of a Secret: the same as the controller decides, told by the names of keys."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.external_secret.decide import decide
from controller.external_secret.decision import Create, Delete, Update
from injector.diff.applied import LAST_APPLIED, as_applied
from injector.diff.judge import Difference, judge
from injector.diff.text import as_json, as_text, is_different
from secretcore.plan import Rendered
from secretcore.secret_data import SecretData
from tests.controller.building import CREATED_BY, DATA_HASH, MANAGED, MINE, fetched, owned, owner, secret, subject

OTHERS = secret({"password": b"x"}, owners=[owner("other", "another-uid")])
DEPLOYED = secret({"password": b"x"}, owners=[owner("app", kind="Deployment", version="apps/v1", uid="a")])
TARGETS = {
    "none": None,
    "as wanted": owned({"password": b"new"}),
    "stale": owned({"password": b"old", "gone": b"1"}),
    "nobody's": secret({"password": b"theirs"}, type="kubernetes.io/basic-auth"),
    "another ExternalSecret's": OTHERS,
    "a Deployment's": DEPLOYED,
    "being deleted": owned({"password": b"old"}, metadata={"deletionTimestamp": "2026-08-08T12:00:00Z"}),
    "immutable": owned({"password": b"old"}, immutable=True),
    "immutable as wanted": owned({"password": b"new"}, immutable=True),
}
STRAYS = [
    secret(name="before", labels={MANAGED: "true", CREATED_BY: MINE}, owners=[owner()]),
    secret(name="copied", labels={MANAGED: "true", CREATED_BY: MINE}),
    owned({}),
]
OUTCOMES = [fetched(password="new"), fetched(), Rendered(SecretData({"password": b"new"}), labels={"l": "1"})]


def judged(of, outcome=OUTCOMES[0], target=None, siblings=()):
    return judge(of.external_secret, outcome, target, siblings)


def as_decided(of, outcome, target, siblings):
    """What the controller does, in the words of a verdict."""
    decision = decide(of, outcome, target, siblings)
    refused = decision.ready is not None and decision.ready.status == "False"
    match decision.change:
        case _ if refused:
            what = "conflict"
        case Create():
            what = "created"
        case Update():
            what = "changed"
        case Delete():
            what = "deleted"
        case kept:
            what = "unchanged" if kept.why == "the Secret is up to date" else "left alone"
    return [(of.target_name, what), *((stray.secret.name, "deleted") for stray in decision.strays)]


@pytest.mark.parametrize("creation", ["Owner", "Orphan", "Merge", "CreateOrMerge", "None"])
@pytest.mark.parametrize("deletion", ["Retain", "Delete", "Merge"])
@pytest.mark.parametrize("target", TARGETS)
def test_the_verdict_is_what_the_controller_decides(creation, deletion, target):
    for immutable, outcome, template in itertools.product((False, True), OUTCOMES, (None, {"type": "x"})):
        wanted = {"creationPolicy": creation, "deletionPolicy": deletion, "immutable": immutable}
        of = subject(target={**wanted, **({"template": template} if template else {})}, labels={"team": "a"})
        verdicts = judged(of, outcome, TARGETS[target], STRAYS)
        expected = as_decided(of, outcome, TARGETS[target], STRAYS)
        assert [(verdict.name, verdict.what) for verdict in verdicts] == expected, (of.manifest, outcome)


DATA = st.dictionaries(st.sampled_from("abcd"), st.binary(max_size=2), max_size=4)


@given(DATA, DATA)
def test_each_key_is_told_once_and_as_it_is(before, after):
    target = owned(before)
    outcome = Rendered(SecretData(after), nothing=not after)
    (verdict,) = judged(subject(target={"deletionPolicy": "Merge"}), outcome, target)
    told = {each.key: each for each in verdict.differences if each.field == "data"}
    assert (verdict.what == "unchanged") == (before == after)
    if verdict.what == "unchanged":
        return
    assert set(told) == before.keys() | after.keys()
    for key, difference in told.items():
        was, will_be = before.get(key), after.get(key)
        how = "added" if was is None else "removed" if will_be is None else "equal" if was == will_be else "changed"
        sizes = [None if each is None else len(each) for each in (was, will_be)]
        assert (difference.how, [difference.before, difference.after]) == (how, sizes)


def test_a_changed_secret_is_told_by_data_labels_annotations_and_type():
    of = subject(target={"template": {"type": "kubernetes.io/tls"}})
    outcome = Rendered(
        SecretData({"same": b"s", "new": b"value", "other": b"longer"}), labels={"l": "secret-label"}, annotations={}
    )
    target = owned({"same": b"s", "gone": b"g", "other": b"short"})
    (verdict,) = judged(of, outcome, target)
    assert verdict.differences == (
        Difference("data", "gone", "removed", 1, None),
        Difference("data", "new", "added", None, 5),
        Difference("data", "other", "changed", 5, 6),
        Difference("data", "same", "equal", 1, 1),
        Difference("labels", "l", "added"),
        Difference("annotations", DATA_HASH, "changed"),
        Difference("type", "", "changed"),
    )
    assert as_text([verdict]) == (
        'Secret team/db: changed: it differs from what is wanted (ExternalSecret "db")\n'
        "  - data[gone]  1 bytes\n"
        "  + data[new]  5 bytes\n"
        "  ~ data[other]  5 -> 6 bytes\n"
        "  = data[same]  1 bytes\n"
        "  + labels[l]\n"
        f"  ~ annotations[{DATA_HASH}]\n"
        "  ~ type\n"
        "1 changed\n"
    )


def test_a_new_secret_is_told_without_the_marks_that_go_without_saying():
    (verdict,) = judged(subject(labels={"team": "a"}))
    assert [(each.field, each.key, each.how) for each in verdict.differences] == [
        ("data", "password", "added"),
        ("labels", "team", "added"),
    ]


def test_a_conflict_names_who_is_in_the_way():
    (verdict,) = judged(subject(), target=DEPLOYED)
    assert verdict.what == "conflict"
    assert 'Deployment "app" controls it' in verdict.why


@pytest.mark.parametrize(
    ("target", "different"),
    [("none", True), ("as wanted", False), ("stale", True), ("a Deployment's", True), ("being deleted", False)],
)
def test_what_counts_as_a_difference(target, different):
    verdicts = judged(subject(), target=TARGETS[target])
    assert is_different(verdicts) is different
    assert json.loads(as_json(verdicts))["different"] is different


def test_no_value_is_told():
    wanted = Rendered(SecretData({"a": b"canary"}), labels={"l": "canary"}, annotations={"n": "canary"})
    template = {"template": {"metadata": {"labels": {"l": "{{ .a }}"}, "annotations": {"n": "{{ .a }}"}}}}
    for target in (None, owned({"a": b"parakeet", "b": b"parakeet"})):
        verdicts = judged(subject(target=template), wanted, target)
        assert not {"canary", "parakeet"} & set(as_text(verdicts).split())
        for text in (as_text(verdicts), as_json(verdicts), repr(verdicts)):
            assert "canary" not in text
            assert "parakeet" not in text


def metadata(**fields):
    return {"metadata": {"name": "db", **fields}}


def last_applied(**fields):
    return {LAST_APPLIED: json.dumps(metadata(**fields))}


@pytest.mark.parametrize(
    ("file", "live", "annotations"),
    [
        ({"a": "1"}, None, {"a": "1"}),
        ({"a": "1"}, {}, {"a": "1"}),
        ({"a": "1"}, {"a": "0", "others": "x"}, {"a": "1", "others": "x"}),
        (
            {"a": "1"},
            {"gone": "0", **last_applied(annotations={"gone": "0"})},
            {"a": "1", **last_applied(annotations={"gone": "0"})},
        ),
        ({}, {LAST_APPLIED: "not JSON", "a": "0"}, {LAST_APPLIED: "not JSON", "a": "0"}),
        ({}, {LAST_APPLIED: '{"metadata": []}', "a": "0"}, {LAST_APPLIED: '{"metadata": []}', "a": "0"}),
    ],
)
def test_an_apply_sets_what_the_file_has_and_removes_what_it_set_before(file, live, annotations):
    there = None if live is None else metadata(annotations=live, uid="u")
    applied = as_applied(metadata(annotations=file), there)["metadata"]
    assert applied["annotations"] == annotations
    assert applied.get("uid") == (None if live is None else "u")


def test_a_key_that_a_backend_chose_can_not_move_the_cursor():
    wanted = Rendered(SecretData({"a\x1b[2J\u202eb": b"1"}))
    assert "+ data[a\\x1b[2J\\u202eb]" in as_text(judged(subject(), wanted))


def test_a_target_that_is_no_secret_is_refused_and_no_secret_expected():
    of = subject(target={"manifest": {"apiVersion": "v1", "kind": "ConfigMap"}})
    (verdict,) = judged(of, siblings=STRAYS)
    assert (verdict.what, verdict.why) == (
        "conflict", "spec.target.manifest is not supported; let the target be a Secret",
    )  # fmt: skip
