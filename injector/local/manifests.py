"""Reads manifests: files, folders and standard input in, dicts by kind and name out. Taken by `stores`, `credentials`
and `command`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from secretcore.model.declaration import DNS_SUBDOMAIN
from secretcore.parse import STORE_KINDS

GROUP = "external-secrets.io/"
SUFFIXES = (".yaml", ".yml", ".json")
MOST_NODES = 200_000
"""Values in one document, aliases followed: a few lines of YAML can stand for billions."""


class Unreadable(Exception):
    """A document can't be read. The message has file and line, and nothing of the content."""


class WrongCall(Exception):
    """What was asked for can't be done as asked: exit code 2."""


@dataclass(frozen=True, slots=True)
class Name:
    """Which object. `namespace` is empty for a cluster-scoped kind."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Manifests:
    """Everything that was read, by name, in the order of the files. A later object replaces an earlier one of its name,
    as applying the files would.
    """

    objects: Mapping[Name, Mapping[str, Any]]
    unreadable: tuple[str, ...] = field(default=())

    def get(self, kind: str, namespace: str, name: str) -> Mapping[str, Any] | None:
        """The object, or None."""
        return self.objects.get(Name(kind, namespace, name))

    def of_kind(self, kind: str) -> Iterator[tuple[Name, Mapping[str, Any]]]:
        """All objects of a kind."""
        return ((name, manifest) for name, manifest in self.objects.items() if name.kind == kind)


def read_manifests(paths: Iterable[str], namespace: str) -> Manifests:
    """Reads files, folders (recursively) and `-`. Objects without a namespace are taken to be in `namespace`.

    Raises `WrongCall` for a path that does not exist.
    """
    objects: dict[Name, Mapping[str, Any]] = {}
    unreadable: list[str] = []
    for source, text in _texts(paths):
        try:
            for document in _documents(text, source):
                if name := _name(document, namespace, source):
                    objects[name] = document
        except Unreadable as error:
            unreadable.append(str(error))
    return Manifests(objects, tuple(unreadable))


def _texts(paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    for path in paths:
        if path == "-":
            yield "standard input", sys.stdin.buffer.read()
            continue
        try:
            for file in _files(Path(path)):
                yield str(file), file.read_bytes()
        except OSError as error:
            raise WrongCall(f"{error.filename or path}: {error.strerror}") from None


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        found = (file for file in path.rglob("*") if file.suffix in SUFFIXES and file.is_file())
        yield from sorted(file for file in found if not _is_hidden(file.relative_to(path)))
    else:
        yield path


def read_document(text: bytes, source: str) -> Any:
    """The only document of a YAML or JSON text. Raises `Unreadable`."""
    documents = _loaded(text, source)
    if len(documents) > 1:
        raise Unreadable(f"{source}: more than one document")
    return documents[0] if documents else None


def _loaded(text: bytes, source: str) -> list[Any]:
    try:
        documents = list(yaml.load_all(text, Loader=_Loader))  # a safe loader, see below
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise Unreadable(f"{source}{line}: not YAML: {error.problem}") from None
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError):
        raise Unreadable(f"{source}: not YAML") from None
    for document in documents:
        _check_size(document, source)
    return documents


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _documents(text: bytes, source: str) -> Iterator[Mapping[str, Any]]:
    for document in _loaded(text, source):
        if isinstance(document, dict):
            items = document.get("items")
            if str(document.get("kind", "")).endswith("List") and isinstance(items, list):
                yield from (item for item in items if isinstance(item, dict))
            else:
                yield document
        elif document is not None:
            raise Unreadable(f"{source}: not a manifest: a map with apiVersion and kind is expected")


def _check_size(document: Any, source: str) -> None:
    waiting, seen = [document], 0
    while waiting:
        node = waiting.pop()
        seen += 1
        if seen > MOST_NODES:
            raise Unreadable(f"{source}: more than {MOST_NODES} values in one document, aliases followed")
        if isinstance(node, dict):
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)


def _name(document: Mapping[str, Any], namespace: str, source: str) -> Name | None:
    """None for what local mode has no use for."""
    version, kind = str(document.get("apiVersion", "")), str(document.get("kind", ""))
    ours = version.startswith(GROUP) and kind in (*STORE_KINDS, "ExternalSecret")
    if not ours and (version, kind) not in (("v1", "Secret"), ("v1", "ConfigMap"), ("v1", "Namespace")):
        return None
    metadata = document.get("metadata")
    if not isinstance(metadata, dict) or not re.fullmatch(DNS_SUBDOMAIN, str(metadata.get("name"))):
        raise Unreadable(f"{source}: a {kind} lacks a metadata.name that Kubernetes would take")
    scoped = "" if kind in ("ClusterSecretStore", "Namespace") else str(metadata.get("namespace") or namespace)
    return Name(kind, scoped, metadata["name"])


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Safe, and strict about keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Refuses a key that stands twice: the end of one file and the start of the next may have run together."""
        seen: set[str] = set()
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:str" and key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f'key "{key.value}" stands twice', key.start_mark)
            seen.add(key.value if key.tag == "tag:yaml.org,2002:str" else "")
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping


# Dates and times of day stay text, as they do for kubectl; YAML 1.1 would count 12:30 in sixties.
_NUMBERS = {
    "tag:yaml.org,2002:int": re.compile(r"[-+]?(0b[01_]+|0[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*)$"),
    "tag:yaml.org,2002:float": re.compile(
        r"[-+]?([0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)([eE][-+][0-9]+)?$|[-+]?\.(inf|Inf|INF)$|\.(nan|NaN|NAN)$"
    ),
}
_Loader.yaml_implicit_resolvers = {
    first: [(tag, _NUMBERS.get(tag, pattern)) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
