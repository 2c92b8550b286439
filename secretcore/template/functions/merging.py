"""dario.cat/mergo on maps, as sprig's merge and mergeOverwrite use it.

Input: two GoMaps. Output: the first one, changed; nested maps are changed in place, as in Go.
"""

from typing import Any

from secretcore.template.declare import Environment
from secretcore.template.errors import FunctionError
from secretcore.template.functions.equality import MAX_DEPTH, is_empty
from secretcore.template.values import GoMap, GoSlice, kind_of, type_of


class MergeError(FunctionError):
    """mergo's own error, which merge swallows and mustMerge gives."""


def merge_into(env: Environment, into: GoMap, source: GoMap, *, overwrite: bool, depth: int = 0) -> None:
    """Take over the source's keys: those that are missing or empty, with `overwrite` all; maps are merged."""
    env.meter.elements(len(source))
    if depth > MAX_DEPTH:
        raise FunctionError(f"values nested deeper than {MAX_DEPTH} levels")
    for key, value in list(source.items()):
        if value is None:
            if overwrite:
                _assign(into, source, key, None)
            continue
        present, old = key in into, into.get(key)
        if isinstance(value, GoMap) and isinstance(old, GoMap) and not old.nil:
            merge_into(env, old, value, overwrite=overwrite, depth=depth + 1)
        elif kind_of(old) == "ptr" and not overwrite and kind_of(value) in ("map", "struct"):
            if type_of(old) is not type_of(value):
                raise MergeError("src and dst must be of same type")
        elif isinstance(value, GoSlice | bytes) and overwrite:
            _assign(into, source, key, value)
        if present and not is_empty(old):
            both_maps = isinstance(value, GoMap) and isinstance(old, GoMap)
            if both_maps or isinstance(value, GoSlice | bytes):
                continue
        if overwrite or not present or is_empty(old):
            _assign(into, source, key, value)


def _assign(into: GoMap, source: GoMap, key: str, value: Any) -> None:
    wanted, given = into.go_type.elem, source.go_type.elem
    if wanted is not given and wanted is not None and given is not None and wanted.kind != "interface":
        raise FunctionError(
            f"reflect.Value.SetMapIndex: value of type {given.name} is not assignable to type {wanted.name}"
        )
    into[key] = value
