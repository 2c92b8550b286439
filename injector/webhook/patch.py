"""The JSON patch (RFC 6902) that makes one document of another. Pure; `admission` sends it.

Lists of named things, such as containers, volumes and mounts, are compared name by name, so that a patch touches what
changed and nothing beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Operation = dict[str, Any]
_NAMES = ("name", "mountPath")
"""What tells the members of a list apart; the first that all of them have, each its own."""


def diff(before: Any, after: Any, path: str = "") -> list[Operation]:
    """The operations in order. `path` is the JSON pointer of both."""
    found: list[Operation] = []
    _compare(before, after, path, found)
    return found


def _compare(before: Any, after: Any, path: str, found: list[Operation]) -> None:
    """Appends to `found`: a generator at each level would cost more than the comparison."""
    if before is after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        _compare_maps(before, after, path, found)
    elif isinstance(before, list) and isinstance(after, list):
        _compare_lists(before, after, path, found)
    elif type(before) is not type(after) or before != after:  # 1 is not true
        found.append({"op": "replace", "path": path, "value": after})


def _compare_maps(before: Mapping[str, Any], after: Mapping[str, Any], path: str, found: list[Operation]) -> None:
    found += [{"op": "remove", "path": f"{path}/{_escaped(name)}"} for name in before if name not in after]
    for name, value in after.items():
        if name not in before:
            found.append({"op": "add", "path": f"{path}/{_escaped(name)}", "value": value})
        elif before[name] is not value:
            _compare(before[name], value, f"{path}/{_escaped(name)}", found)


def _compare_lists(before: list[Any], after: list[Any], path: str, found: list[Operation]) -> None:
    added = _added(before, after)
    if added is not None:
        found += [{"op": "add", "path": f"{path}/{index}", "value": after[index]} for index in added]
        return
    replaced = {"op": "replace", "path": path, "value": after}
    keys = _keys(before, after)
    if keys is None:
        if len(before) != len(after) or any(diff(*pair) for pair in zip(before, after, strict=True)):
            found.append(replaced)
        return
    old, new = keys
    wanted, known = set(new), set(old)
    if [key for key in old if key in wanted] != [key for key in new if key in known]:  # members changed places
        found.append(replaced)
        return
    gone = [index for index, key in enumerate(old) if key not in wanted]
    found += [{"op": "remove", "path": f"{path}/{index}"} for index in reversed(gone)]
    values = dict(zip(old, before, strict=True))
    for index, (key, value) in enumerate(zip(new, after, strict=True)):
        if key not in known:
            found.append({"op": "add", "path": f"{path}/{index}", "value": value})
        elif values[key] is not value:
            _compare(values[key], value, f"{path}/{index}", found)


def _added(before: list[Any], after: list[Any]) -> list[int] | None:
    """Where members came in between; None where any that was there is another object now, or in another place."""
    kept = 0
    found = []
    for index, member in enumerate(after):
        if kept < len(before) and before[kept] is member:
            kept += 1
        else:
            found.append(index)
    return found if kept == len(before) else None


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
