"""ESO's example manifests of the kinds that we have, as a reader of its documentation sees them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from secretcore.crd.kinds import KINDS
from tests.crd.reference import ESO_MANIFESTS

_KINDS = {kind.name for kind in KINDS}
_NAMED = re.compile(rf"^ *kind: *({'|'.join(sorted(_KINDS))})\b", re.MULTILINE)
# The documentation's own engine would take a Go template for its own, so it is told where not to look.
_RAW = re.compile(r"\{%-? *(end)?raw *-?%\}")


@dataclass(frozen=True, slots=True)
class Manifest:
    """One document of a file."""

    file: str
    document: dict

    def __str__(self) -> str:
        return f"{self.file}:{self.document['kind']}:{self.document.get('metadata', {}).get('name', '')}"

    @property
    def version(self) -> str:
        """v1 or v1beta1."""
        return self.document["apiVersion"].rpartition("/")[2]


def manifests() -> list[Manifest]:
    """Every document whose kind is ours, in the order of files. Empty where the files are not here."""
    return [
        Manifest(file.name, document)
        for file in sorted(ESO_MANIFESTS.glob("*.yaml"))
        for document in _documents(file.read_text()) or []
        if isinstance(document, dict) and document.get("kind") in _KINDS
    ]


def unreadable() -> Iterator[str]:
    """Names of the files that say they hold one of our kinds, but are no YAML."""
    for file in sorted(ESO_MANIFESTS.glob("*.yaml")):
        text = file.read_text()
        if _NAMED.search(text) and _documents(text) is None:
            yield file.name


def _documents(text: str) -> list | None:
    try:
        return list(yaml.load_all(_RAW.sub("", text), yaml.CSafeLoader))
    except yaml.YAMLError:
        return None
