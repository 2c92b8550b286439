"""The differences between two CustomResourceDefinitions of one kind, field by field. Descriptions don't count."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

_BELOW = ("properties", "items", "additionalProperties", "description")
_VERSION_WORDS = (
    "served",
    "storage",
    "deprecated",
    "deprecationWarning",
    "selectableFields",
    "additionalPrinterColumns",
    "subresources",
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One word that the two say differently about one field, or the field itself (`word` is "field")."""

    kind: str
    version: str
    """Empty for what holds for all versions."""
    path: str
    word: str
    theirs: Any
    ours: Any

    def __str__(self) -> str:
        where = " ".join(filter(None, (self.kind, self.version, self.path)))
        return f"{where}: {self.word} is {self.ours!r}, ESO has {self.theirs!r}"


def differences(theirs: dict, ours: dict, unimplemented: set[str]) -> Iterator[Difference]:
    """Everything that differs; `unimplemented` are keys of providers that ours does not describe at all."""
    theirs, ours = deepcopy(theirs), deepcopy(ours)
    kind = ours["spec"]["names"]["kind"]
    yield from _words(kind, "", "metadata", theirs["metadata"], ours["metadata"], ("name", "labels"))
    for part in (theirs, ours):
        part["spec"].setdefault("conversion", {"strategy": "None"})  # the API's default
    yield from _words(kind, "", "spec", theirs["spec"], ours["spec"], ("group", "scope", "names", "conversion"))
    versions = [{each["name"]: each for each in part["spec"]["versions"]} for part in (theirs, ours)]
    for name in sorted(versions[0] | versions[1]):
        their_version, our_version = (each[name] for each in versions)
        yield from _words(kind, name, "", their_version, our_version, _VERSION_WORDS)
        their_schema, our_schema = (each["schema"]["openAPIV3Schema"] for each in (their_version, our_version))
        providers = their_schema["properties"]["spec"]["properties"].get("provider", {}).get("properties", {})
        for key in unimplemented & set(providers):
            del providers[key]
        yield from _schemas(kind, name, "", their_schema, our_schema)


def _schemas(kind: str, version: str, path: str, theirs: dict, ours: dict) -> Iterator[Difference]:
    words = sorted((set(theirs) | set(ours)) - set(_BELOW))
    yield from _words(kind, version, path, theirs, ours, words)
    for word, suffix in (("items", "[]"), ("additionalProperties", "{}")):
        pair = (theirs.get(word), ours.get(word))
        if all(pair):
            yield from _schemas(kind, version, f"{path}{suffix}", *pair)
        elif any(pair):
            yield Difference(kind, version, f"{path}{suffix}", word, *pair)
    their_fields, our_fields = theirs.get("properties", {}), ours.get("properties", {})
    for name in sorted(set(their_fields) | set(our_fields)):
        below = f"{path}.{name}" if path else name
        if name in their_fields and name in our_fields:
            yield from _schemas(kind, version, below, their_fields[name], our_fields[name])
        else:
            yield Difference(kind, version, below, "field", _presence(their_fields, name), _presence(our_fields, name))


def _presence(fields: dict, name: str) -> str:
    return "there" if name in fields else "absent"


def _words(kind: str, version: str, path: str, theirs: dict, ours: dict, words: Any) -> Iterator[Difference]:
    for word in words:
        pair = (_value(theirs, word), _value(ours, word))
        if pair[0] != pair[1]:
            yield Difference(kind, version, path, word, *pair)


def _value(node: dict, word: str) -> Any:
    match word:
        case "enum":
            return sorted(node.get(word, ()))
        case "required":
            # A field that has a default is never missing, so it makes no difference whether it is required.
            return sorted(name for name in node.get(word, ()) if "default" not in node["properties"].get(name, {}))
        case _:
            return node.get(word)
