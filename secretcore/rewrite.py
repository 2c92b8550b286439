"""`dataFrom[].rewrite`: renames the keys of a step, or merges its JSON objects, one operation after the other. Pure;
`render` calls it before anything else is done to a step's keys. Messages name keys, never values.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from secretcore import gojson
from secretcore.errors import TransformFailed
from secretcore.limits import Limits
from secretcore.model.external_secret import Rewrite, RewriteMerge
from secretcore.regexp import compile as compile_regexp
from secretcore.rendering import Rendering

Data = Mapping[str, bytes]

LONGEST = 4096
"""Characters of a key: an expression may take time that grows with their square."""


def rewrite(data: Data, operations: Sequence[Rewrite], rendering: Rendering) -> Data:
    """The data under its new keys. Raises `TransformFailed`, naming the operation, when one can't be done."""
    for index, operation in enumerate(operations):
        try:
            data = _apply(data, operation, rendering)
        except TransformFailed as error:
            raise TransformFailed(f"rewrite[{index}]: {error}", remedy=error.remedy) from None
    return data


def _apply(data: Data, operation: Rewrite, rendering: Rendering) -> Data:
    if operation.merge is not None:
        return _merge(data, operation.merge)
    if operation.regexp is not None:
        source, target = operation.regexp.source, operation.regexp.target
        try:
            pattern = compile_regexp(source)
        except ValueError as error:
            raise TransformFailed(f"regexp.source: {error}", remedy="write an RE2 expression") from None
        return _renamed(data, lambda key: pattern.replace_all(key, target))
    if operation.transform is not None:
        text = operation.transform.template
        return _renamed(data, lambda key: rendering.text("transform", text, {"value": key}))
    return data


def _renamed(data: Data, name: Callable[[str], str]) -> Data:
    origins: dict[str, str] = {}
    for key in sorted(data):
        if len(key) > LONGEST:
            raise TransformFailed(f"a key of {len(key)} characters is too long to be rewritten")
        new = name(key)
        if new in origins:
            raise TransformFailed(
                f'keys "{origins[new]}" and "{key}" both become "{new}"', remedy="rewrite them to different keys"
            )
        origins[new] = key
    return {new: data[key] for new, key in origins.items()}


def _merge(data: Data, operation: RewriteMerge) -> Data:
    merged: dict[str, Any] = {}
    conflicts: list[str] = []
    for key in _in_order(data, operation):
        for member, value in _object(key, data[key]).items():
            if member in merged:
                conflicts.append(member)
            merged[member] = value
    if conflicts and operation.conflict_policy == "Error":
        raise TransformFailed(
            f"merge failed with conflicts: {', '.join(conflicts[:20])}",
            remedy="set conflictPolicy to Ignore, or priority",
        )
    if operation.strategy == "Extract":
        return {member: gojson.byte_value(value) for member, value in merged.items()}
    if not operation.into:
        raise TransformFailed("merge failed with missing 'into' field", remedy="name the key with into")
    return {**data, operation.into: gojson.encode(merged, escape_html=False).encode()}


def _in_order(data: Data, operation: RewriteMerge) -> list[str]:
    """Alphabetically, then the priority keys as listed: a later one wins."""
    absent = [key for key in operation.priority if key not in data]
    if absent and operation.priority_policy == "Strict":
        raise TransformFailed(
            f'merge failed with key "{absent[0]}" not found in input map',
            remedy="set priorityPolicy to IgnoreNotFound, or correct priority",
        )
    last = [key for key in operation.priority if key in data]
    return [*sorted(set(data) - set(last)), *last]


def _object(key: str, value: bytes) -> Mapping[str, Any]:
    text = value.decode("utf-8", "replace")
    gojson.check_depth(text, Limits().json_depth, f'the value of key "{key}"')
    try:
        found = json.loads(text, parse_int=gojson.finite, parse_float=gojson.finite)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise TransformFailed(
            f'merge failed: the value of key "{key}" is not a JSON object', remedy="merge JSON objects only"
        )
    return found
