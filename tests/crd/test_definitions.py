"""The CustomResourceDefinitions as a whole: the files in `crds/`, their size, and that their schemas are structural."""

import json
from collections.abc import Iterator
from importlib.metadata import EntryPoint

import pytest
import yaml

from secretcore.crd.__main__ import main
from secretcore.crd.files import files
from secretcore.crd.kinds import KINDS, definition
from secretcore.crd.providers import own_providers
from secretcore.registry import GROUP, Registry
from tests.crd.reference import ROOT
from tests.crd.structural import INT_OR_STRING, PRESERVE, admitted, errors

LIMIT = 256 * 1024
"""Bytes of compact JSON. kubectl's client-side apply puts the whole into an annotation, which may have no more."""

DEFINITIONS = {name: yaml.safe_load(text) for name, text in files(own_providers(Registry.installed())).items()}


def schemas() -> Iterator[tuple[str, dict]]:
    for name, document in DEFINITIONS.items():
        for version in document["spec"]["versions"]:
            yield from nodes(version["schema"]["openAPIV3Schema"], f"{name} {version['name']}")


def nodes(schema: dict, path: str) -> Iterator[tuple[str, dict]]:
    yield path, schema
    for name, below in schema.get("properties", {}).items():
        yield from nodes(below, f"{path}.{name}")
    for word in ("items", "additionalProperties"):
        if word in schema:
            yield from nodes(schema[word], f"{path}[]")


def test_the_files_are_as_make_crds_writes_them():
    checked_in = {file.name: file.read_text() for file in (ROOT / "crds").iterdir()}
    assert checked_in == files(own_providers(Registry.installed())), "run `make crds`"


def test_the_command_writes_the_files_to_a_folder(tmp_path, capsys):
    assert main([str(tmp_path / "new")]) == 0
    assert sorted(file.name for file in (tmp_path / "new").iterdir()) == sorted(DEFINITIONS)
    assert "external-secrets.io_externalsecrets.yaml" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--help"], ["one", "two"]])
def test_a_wrong_call_writes_nothing_and_says_how(arguments, capsys):
    assert main(arguments) == 2
    assert "usage" in capsys.readouterr().err


def test_only_this_distributions_providers_are_described():
    elsewhere = EntryPoint("elsewhere", "tests.crd.nowhere:Provider", GROUP)
    assert own_providers(Registry({"elsewhere": elsewhere})) == {}
    assert "fake" in own_providers(Registry.installed())


@pytest.mark.parametrize("name", DEFINITIONS)
def test_a_definition_is_small_enough_for_client_side_apply(name):
    size = len(json.dumps(DEFINITIONS[name], separators=(",", ":")).encode())
    print(f"{name}: {size} bytes of compact JSON")
    assert size <= LIMIT


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_v1_is_stored_and_v1beta1_is_served_as_deprecated(kind):
    v1, v1beta1 = definition(kind, {})["spec"]["versions"]
    assert (v1["name"], v1["served"], v1["storage"]) == ("v1", True, True)
    assert (v1beta1["name"], v1beta1["served"], v1beta1["storage"], v1beta1["deprecated"]) == (
        "v1beta1", True, False, True,
    )  # fmt: skip
    assert "external-secrets.io/v1 instead" in v1beta1["deprecationWarning"]


def test_every_node_says_its_type_in_exactly_one_way():
    wrong = [
        path
        for path, node in schemas()
        if ("type" in node, bool(node.get(INT_OR_STRING)), bool(node.get(PRESERVE)) and "type" not in node).count(True)
        != 1
    ]
    assert not wrong


def test_no_node_refers_combines_or_titles():
    allowed = {
        "type", "description", "properties", "items", "additionalProperties", "required", "enum", "default", "format",
        "pattern", "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "minimum",
        "maximum", "nullable", "x-kubernetes-validations", "x-kubernetes-map-type", "x-kubernetes-list-type", PRESERVE,
    }  # fmt: skip
    found = {word for _, node in schemas() if not node.get(INT_OR_STRING) for word in node}
    assert found <= allowed
    assert not [path for path, node in schemas() if "properties" in node and "additionalProperties" in node]


def test_every_default_is_valid_and_complete():
    wrong = {
        path: [*errors(node["default"], node)]
        for path, node in schemas()
        if "default" in node
        and (admitted(node["default"], node) != node["default"] or [*errors(node["default"], node)])
    }
    assert not wrong


def test_descriptions_are_short():
    assert not [path for path, node in schemas() if len(node.get("description", "")) > 120]
