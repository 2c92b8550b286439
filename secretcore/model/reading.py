"""Turns dicts into structs, and what msgspec says of a bad one into a sentence with a path. Used by `parse` only."""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from secretcore.errors import InvalidSpec
from secretcore.model.declaration import DNS_LABEL, DNS_SUBDOMAIN, SECRET_KEY, Model

T = TypeVar("T")

_PATTERNS = {
    DNS_SUBDOMAIN: "must be a name of lower-case letters, digits, '-' and '.', as Kubernetes' objects have",
    DNS_LABEL: "must be a name of lower-case letters, digits and '-', as namespaces have",
    SECRET_KEY: "may have letters, digits, '-', '_' and '.' only",
}
_PARTS = {"str": "characters", "array": "entries"}

_AT = re.compile(r"^(?P<what>.*?)(?: - at (?:`key` in )?`(?P<where>\$.*)`)?$", re.DOTALL)
_MISSING = re.compile(r"^Object missing required field `(?P<field>[^`]+)`$")
_TYPES = {"str": "a string", "int": "an integer", "float": "a number", "bool": "true or false",
          "object": "a map", "array": "a list", "null": "nothing"}  # fmt: skip


def read(document: Any, kind: type[T], path: str = "") -> T:
    """A struct of this kind. Unknown fields are ignored and nulls count as absent, as an API server has it.

    Raises `InvalidSpec` whose path begins with `path`.
    """
    try:
        parsed = msgspec.convert(_without_nulls(document), kind)
    except msgspec.ValidationError as error:
        found = _AT.match(str(error))
        what = found["what"] if found else str(error)
        where = (found["where"] or "$").removeprefix("$") if found else ""
        at = f"{path}{where}" if path else where.removeprefix(".")
        if missing := _MISSING.match(what):
            raise InvalidSpec(".".join(filter(None, (at, missing["field"]))), "is required") from None
        raise InvalidSpec(at, _sentence(what, kind, where)) from None
    _check_members(parsed, path)
    return parsed


def _check_members(node: Any, path: str) -> None:
    """Holds structs to `min_properties` and `max_properties`, which msgspec does not know."""
    if isinstance(node, tuple):
        for index, item in enumerate(node):
            _check_members(item, f"{path}[{index}]")
    if not isinstance(node, Model):
        return
    members = {
        encoded: value
        for name, encoded in zip(node.__struct_fields__, node.__struct_encode_fields__, strict=True)
        if (value := getattr(node, name)) is not None
    }
    least, most = node.min_properties or 0, node.max_properties or len(members)
    if not least <= len(members) <= most:
        many = "exactly one" if least == most == 1 else f"{least} to {most}"
        names, given = ", ".join(node.__struct_encode_fields__), ", ".join(members) or "none"
        raise InvalidSpec(path, f"must have {many} of {names}, has {given}")
    for encoded, value in members.items():
        if isinstance(value, Model | tuple):
            _check_members(value, f"{path}.{encoded}" if path else encoded)


def _without_nulls(document: Any) -> Any:
    match document:
        case dict():
            return {key: _without_nulls(value) for key, value in document.items() if value is not None}
        case list():
            return [_without_nulls(item) for item in document]
        case _:
            return document


def _sentence(what: str, kind: type[Any], where: str) -> str:
    if what.startswith("Invalid enum value"):
        return f"must be one of {', '.join(_allowed(kind, where))}"
    if got := re.match(r"^Expected `(.+)`, got `(\w+)`$", what):
        expected = " or ".join(_TYPES.get(name, name) for name in got[1].split(" | ") if name != "null")
        return f"must be {expected}, is {_TYPES.get(got[2], got[2])}"
    if got := re.match(r"^Expected `str` matching regex '(.*)'$", what):
        return _PATTERNS.get(got[1].replace("\\\\", "\\"), f"must match {got[1]}")
    if got := re.match(r"^Expected `(\w+)` of length ([<>]=) (\d+)$", what):
        return f"must have at {'least' if got[2] == '>=' else 'most'} {got[3]} {_PARTS.get(got[1], 'members')}"
    return what[0].lower() + what[1:]


def _allowed(kind: type[Any], where: str) -> list[str]:
    """The values of the enumeration at a path such as `.spec.target.creationPolicy`."""
    node: Any = inspect.type_info(kind)
    for name in re.sub(r"\[[^\]]*\]", "", where).split(".")[1:]:
        node = next(field.type for field in _struct(node).fields if field.encode_name == name)
    return [str(value) for value in _literal(node).values]


def _literal(node: Any) -> inspect.LiteralType:
    for option in _options(node):
        if isinstance(option, inspect.LiteralType):
            return option
        for attribute in ("item_type", "value_type"):
            if hasattr(option, attribute):
                return _literal(getattr(option, attribute))
    raise TypeError(node)


def _struct(node: Any) -> inspect.StructType:
    for option in _options(node):
        if isinstance(option, inspect.StructType):
            return option
        for attribute in ("item_type", "value_type"):
            if hasattr(option, attribute):
                return _struct(getattr(option, attribute))
    raise TypeError(node)


def _options(node: Any) -> tuple[Any, ...]:
    while isinstance(node, inspect.Metadata):
        node = node.type
    if isinstance(node, inspect.UnionType):
        return tuple(option for member in node.types for option in _options(member))
    return (node,)
