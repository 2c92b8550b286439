"""The comparison itself: every word of a definition that changes is found, and nothing else."""

from copy import deepcopy

import pytest

from secretcore.crd.kinds import KINDS, definition
from tests.crd.comparison import differences
from tests.crd.reference import schema

ES = definition(KINDS[0], {})


def found(change) -> list[tuple[str, str, str]]:
    ours = deepcopy(ES)
    change(ours)
    return [(each.version, each.path, each.word) for each in differences(ES, ours, set())]


def at(ours: dict, *names: str) -> dict:
    node = schema(ours, "v1")["properties"]["spec"]
    for name in names:
        node = node["items"] if name == "[]" else node["properties"][name]
    return node


@pytest.mark.parametrize(
    ("change", "path", "word"),
    [
        (lambda crd: at(crd, "target", "creationPolicy").pop("default"), "spec.target.creationPolicy", "default"),
        (lambda crd: at(crd, "target", "creationPolicy")["enum"].pop(), "spec.target.creationPolicy", "enum"),
        (lambda crd: at(crd, "target", "name").pop("pattern"), "spec.target.name", "pattern"),
        (lambda crd: at(crd, "target", "name").update(maxLength=63), "spec.target.name", "maxLength"),
        (lambda crd: at(crd, "target", "immutable").update(type="string"), "spec.target.immutable", "type"),
        (lambda crd: at(crd, "data", "[]").pop("required"), "spec.data[]", "required"),
        (lambda crd: at(crd, "data", "[]", "sourceRef").pop("maxProperties"), "spec.data[].sourceRef", "maxProperties"),
        (lambda crd: at(crd, "target").pop("x-kubernetes-validations"), "spec.target", "x-kubernetes-validations"),
        (lambda crd: at(crd)["properties"].pop("syncWindows"), "spec.syncWindows", "field"),
        (lambda crd: at(crd)["properties"].update(new={"type": "string"}), "spec.new", "field"),
        (lambda crd: at(crd, "data").pop("items"), "spec.data[]", "items"),
    ],
)
def test_a_change_of_the_schema_is_found(change, path, word):
    assert found(change) == [("v1", path, word)]


@pytest.mark.parametrize("word", ["served", "storage", "subresources", "additionalPrinterColumns", "selectableFields"])
def test_a_change_of_a_version_is_found(word):
    assert found(lambda crd: crd["spec"]["versions"][0].pop(word)) == [("v1", "", word)]


@pytest.mark.parametrize("word", ["scope", "group"])
def test_a_change_of_the_whole_is_found(word):
    assert found(lambda crd: crd["spec"].update({word: "other"})) == [("", "spec", word)]


@pytest.mark.parametrize(
    "change",
    [
        lambda crd: at(crd, "target").update(description="Other words."),
        lambda crd: at(crd, "target", "creationPolicy")["enum"].reverse(),
        lambda crd: at(crd, "target").update(required=["creationPolicy"]),
        lambda crd: crd["spec"].pop("conversion"),
    ],
)
def test_what_makes_no_difference_to_the_server_is_none(change):
    assert found(change) == []


def test_providers_that_are_not_implemented_are_left_out():
    theirs, ours = (definition(KINDS[1], {}) for _ in range(2))
    provider = schema(theirs, "v1")["properties"]["spec"]["properties"]["provider"]
    provider["properties"] = {"one": {"type": "object"}, "other": {"type": "object"}}
    assert [each.path for each in differences(theirs, ours, {"one"})] == ["spec.provider.other"]
