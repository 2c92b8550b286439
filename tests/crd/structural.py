"""What an API server does with an object and a structural schema, in small: drop, fill in, check. CEL is left out.

The comparison with ESO's schemas runs on it where no API server is at hand; the tests marked `server` ask a real one.
"""

import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

PRESERVE = "x-kubernetes-preserve-unknown-fields"
INT_OR_STRING = "x-kubernetes-int-or-string"
_TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
}


def admitted(value: Any, schema: dict) -> Any:
    """The object as it would be stored: nulls and unknown fields dropped, defaults filled in. Not checked."""
    match value:
        case dict():
            return _object(value, schema)
        case list() if "items" in schema:
            return [admitted(item, schema["items"]) for item in value]
        case _:
            return value


def _object(value: dict, schema: dict) -> dict:
    properties = schema.get("properties", {})
    kept = {}
    for name, item in value.items():
        below = properties.get(name, schema.get("additionalProperties"))
        if below is not None:
            if item is not None or below.get("nullable"):
                kept[name] = admitted(item, below)
        elif schema.get(PRESERVE) or not properties:
            kept[name] = item
    for name, below in properties.items():
        if "default" in below and name not in kept:
            kept[name] = admitted(deepcopy(below["default"]), below)
    return kept


def errors(value: Any, schema: dict, path: str = "") -> Iterator[str]:
    """What the schema has against an admitted object, one sentence each."""
    if schema.get(INT_OR_STRING):
        if not isinstance(value, int | str) or isinstance(value, bool):
            yield f"{path}: must be an integer or a string"
        return
    expected = schema.get("type")
    if expected and (not isinstance(value, _TYPES[expected]) or (isinstance(value, bool) and expected != "boolean")):
        yield f"{path}: must be of type {expected}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path}: must be one of {', '.join(map(str, schema['enum']))}"
    match value:
        case str():
            yield from _size(len(value), schema, "Length", path)
            if "pattern" in schema and not re.search(schema["pattern"], value):
                yield f"{path}: must match {schema['pattern']}"
        case list():
            yield from _size(len(value), schema, "Items", path)
            for index, item in enumerate(value):
                yield from errors(item, schema.get("items", {}), f"{path}[{index}]")
        case dict():
            yield from _members(value, schema, path)
        case _:
            pass


def _members(value: dict, schema: dict, path: str) -> Iterator[str]:
    yield from _size(len(value), schema, "Properties", path)
    for name in schema.get("required", []):
        if name not in value:
            yield f"{path}.{name}: is required"
    for name, item in value.items():
        below = schema.get("properties", {}).get(name, schema.get("additionalProperties", {}))
        yield from errors(item, below, f"{path}.{name}")


def _size(size: int, schema: dict, what: str, path: str) -> Iterator[str]:
    if size < schema.get(f"min{what}", 0):
        yield f"{path}: is too short or has too few members"
    if size > schema.get(f"max{what}", size):
        yield f"{path}: is too long or has too many members"
