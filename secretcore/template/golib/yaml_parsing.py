"""Reading YAML as sigs.k8s.io/yaml does: libyaml's parser, go-yaml v2's meaning of scalars, then the rules
of JSON.

Input: the bytes of a document. Output: values of the template model (numbers float64), or YamlError with
go-yaml's words where they don't quote the document.
"""

import base64
import binascii
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml

from secretcore.template.golib import floats
from secretcore.template.golib.json_text import MAX_DEPTH
from secretcore.template.golib.yaml_scalars import BINARY, STR, YamlError, resolve
from secretcore.template.gotypes import DICT, LIST
from secretcore.template.values import GoMap, GoSlice

Charge = Callable[[int], None]
_PREFIX = "tag:yaml.org,2002:"
_RESOLVABLE = frozenset({"", "str", "bool", "int", "float", "null", "timestamp", "binary"})


@dataclass(slots=True)
class _Node:
    """A scalar (`value`), a sequence (`items`) or a mapping (`items`: key, value, key, value)."""

    kind: str
    value: str = ""
    tag: str = ""
    implicit: bool = True
    items: list["_Node"] = field(default_factory=list)


def parse(document: bytes, charge: Charge) -> Any:
    """The first document's value; None for an empty one. YamlError."""
    try:
        node = _Composer(document, charge).compose()
    except yaml.MarkedYAMLError as error:
        raise YamlError("yaml: " + _place(error) + (error.problem or "unknown problem parsing YAML content")) from None
    except yaml.reader.ReaderError as error:
        raise YamlError(f"yaml: {error.reason}") from None
    return None if node is None else _Builder(charge).value(node, 0)


def _place(error: yaml.MarkedYAMLError) -> str:
    """go-yaml's way to count lines: scanner errors from 1, others from 0, none on the first line."""
    line = error.problem_mark.line if error.problem_mark else 0
    if line:
        line += isinstance(error, yaml.scanner.ScannerError)
    elif error.context_mark:
        line = error.context_mark.line
    return f"line {line}: " if line else ""


class _Composer:
    def __init__(self, document: bytes, charge: Charge) -> None:
        self._events = yaml.parse(document, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))
        self._anchors: dict[str, _Node] = {}
        self._charge = charge

    def compose(self) -> _Node | None:
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                return self._node(next(self._events), 0)
        return None

    def _node(self, event: Any, depth: int) -> _Node:
        self._charge(4)
        if depth > MAX_DEPTH:
            raise YamlError(f"yaml: nested deeper than {MAX_DEPTH} levels")
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise YamlError("yaml: unknown anchor referenced")
            return self._anchors[event.anchor]
        tag = (event.tag or "").removeprefix(_PREFIX)
        if isinstance(event, yaml.ScalarEvent):
            implicit = event.implicit[0] and tag != "!"
            return self._anchored(event, _Node("scalar", event.value, "" if tag == "!" else tag, implicit))
        kind, end = (
            ("sequence", yaml.SequenceEndEvent)
            if isinstance(event, yaml.SequenceStartEvent)
            else ("mapping", yaml.MappingEndEvent)
        )
        node = self._anchored(event, _Node(kind, tag=tag))
        for child in self._events:
            if isinstance(child, end):
                break
            node.items.append(self._node(child, depth + 1))
        return node

    def _anchored(self, event: Any, node: _Node) -> _Node:
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node


class _Builder:
    def __init__(self, charge: Charge) -> None:
        self._charge = charge
        self._open: set[int] = set()

    def value(self, node: _Node, depth: int) -> Any:
        """The node's value after JSON. YamlError."""
        self._charge(6)
        if depth > MAX_DEPTH:
            raise YamlError(f"yaml: nested deeper than {MAX_DEPTH} levels")
        if node.kind == "scalar":
            return _through_json(_scalar(node))
        if id(node) in self._open:
            raise YamlError("yaml: anchor value contains itself")
        self._open.add(id(node))
        try:
            if node.kind == "sequence":
                return GoSlice(LIST, [self.value(item, depth + 1) for item in node.items])
            return self._mapping(node, depth)
        finally:
            self._open.discard(id(node))

    def _mapping(self, node: _Node, depth: int) -> GoMap:
        out = GoMap(DICT)
        for key, value in zip(node.items[::2], node.items[1::2], strict=True):
            if key.kind == "scalar" and key.value == "<<" and (key.implicit or key.tag == "merge"):
                self._merge(value, out, depth)
            elif key.kind != "scalar":
                raise YamlError("yaml: invalid map key")
            else:
                out[_key(_scalar(key))] = self.value(value, depth + 1)
        return out

    def _merge(self, node: _Node, out: GoMap, depth: int) -> None:
        if node.kind == "mapping":
            out.update(self.value(node, depth + 1))
        elif node.kind == "sequence" and all(item.kind == "mapping" for item in node.items):
            for item in reversed(node.items):
                out.update(self.value(item, depth + 1))
        else:
            raise YamlError("yaml: map merge requires map or sequence of maps as the value")


def _scalar(node: _Node) -> Any:
    if (not node.tag and not node.implicit) or node.tag not in _RESOLVABLE:
        return node.value
    if node.tag == BINARY:
        try:
            return base64.b64decode("".join(node.value.split()), validate=True).decode("utf-8", "surrogateescape")
        except (binascii.Error, ValueError):
            raise YamlError("yaml: !!binary value contains invalid base64 data") from None
    tag, value = resolve(node.value, node.tag)
    return node.value if tag in (STR, "timestamp") else value


def _through_json(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if isinstance(value, float) and not math.isfinite(value):
        raise YamlError("json: unsupported value: a float that is not finite")
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _key(value: Any) -> str:
    """A key as text: sigs.k8s.io/yaml turns numbers and booleans into strings."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if math.isfinite(value):
            return floats.as_general32(value)
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    raise YamlError("unsupported map key of type: <nil>")
