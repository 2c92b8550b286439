"""The JSON patch (RFC 6902) that makes one document of another. Pure; `admission` sends it.

Lists of named things, such as containers, volumes and mounts, are compared name by name, so that a patch touches what
changed and nothing beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Operation = dict[str, Any]
_NAMES = ("name", "mountPath")
"""What tells the members of a list apart; the first that all of them have, each its own."""


def diff(before: Any, after: Any, path: str = "") -> list[Operation]:
    """The operations in order. `path` is the JSON pointer of both."""
    return list(_changes(before, after, path))


def _changes(before: Any, after: Any, path: str) -> Iterator[Operation]:
    if before is after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _of_maps(before, after, path)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _of_lists(before, after, path)
    elif type(before) is not type(after) or before != after:  # 1 is not true
        yield {"op": "replace", "path": path, "value": after}


def _of_maps(before: Mapping[str, Any], after: Mapping[str, Any], path: str) -> Iterator[Operation]:
    for name in before:
        if name not in after:
            yield {"op": "remove", "path": f"{path}/{_escaped(name)}"}
    for name, value in after.items():
        if name not in before:
            yield {"op": "add", "path": f"{path}/{_escaped(name)}", "value": value}
        elif before[name] is not value:
            yield from _changes(before[name], value, f"{path}/{_escaped(name)}")


def _of_lists(before: list[Any], after: list[Any], path: str) -> Iterator[Operation]:
    keys = _keys(before, after)
    if keys is None:
        if len(before) != len(after) or any(diff(*pair) for pair in zip(before, after, strict=True)):
            yield {"op": "replace", "path": path, "value": after}
        return
    old, new = keys
    wanted, known = set(new), set(old)
    kept = [key for key in old if key in wanted]
    if kept != [key for key in new if key in known]:  # members changed places
        yield {"op": "replace", "path": path, "value": after}
        return
    for index in range(len(old) - 1, -1, -1):
        if old[index] not in wanted:
            yield {"op": "remove", "path": f"{path}/{index}"}
    values = dict(zip(old, before, strict=True))
    for index, (key, value) in enumerate(zip(new, after, strict=True)):
        if key not in known:
            yield {"op": "add", "path": f"{path}/{index}", "value": value}
        elif values[key] is not value:
            yield from _changes(values[key], value, f"{path}/{index}")


def _keys(before: list[Any], after: list[Any]) -> tuple[list[str], list[str]] | None:
    """What the members of both lists are called; None where they can't be told apart by name."""
    for field in _NAMES:
        old, new = _named(before, field), _named(after, field)
        if old is not None and new is not None:
            return old, new
    return None


def _named(members: list[Any], field: str) -> list[str] | None:
    names = [member.get(field) if isinstance(member, dict) else None for member in members]
    if len(set(map(type, names)) | {str}) > 1 or len(set(names)) < len(names):
        return None
    return names  # type: ignore[return-value]


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1") if "/" in name or "~" in name else name
