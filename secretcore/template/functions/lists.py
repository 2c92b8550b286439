"""sprig's list functions. A list is any Go slice; bytes count as a slice of uint8.

Input: slices of any type. Output: mostly []interface {}. The plain functions and their must* twins fail
alike, one with a panic and one with an error in Go, which a template can't tell apart.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from secretcore.template.declare import Environment, Function, function
from secretcore.template.errors import FunctionError
from secretcore.template.functions.casts import to_int64
from secretcore.template.functions.equality import deep_equal, is_empty
from secretcore.template.gotypes import LIST, LISTS
from secretcore.template.values import GoSlice, Uint8, kind_of

NIL_PANIC = "runtime error: invalid memory address or nil pointer dereference"


def _items(env: Environment, value: Any, refusal: str) -> Sequence[Any]:
    """The elements, charged; FunctionError with the refusal and the kind for what is no slice."""
    if isinstance(value, GoSlice | bytes):
        env.meter.elements(len(value))
        return value if isinstance(value, GoSlice) else [Uint8(byte) for byte in value]
    if value is None:
        raise FunctionError(NIL_PANIC)
    raise FunctionError(f"{refusal} {kind_of(value)}")


def _list(*values: Any) -> list[Any]:
    return list(values)


def _append(env: Environment, value: Any, item: Any) -> list[Any]:
    return [*_items(env, value, "Cannot push on type"), item]


def _prepend(env: Environment, value: Any, item: Any) -> list[Any]:
    return [item, *_items(env, value, "Cannot prepend on type")]


def _first(env: Environment, value: Any) -> Any:
    items = _items(env, value, "Cannot find first on type")
    return items[0] if items else None


def _last(env: Environment, value: Any) -> Any:
    items = _items(env, value, "Cannot find last on type")
    return items[-1] if items else None


def _rest(env: Environment, value: Any) -> list[Any] | None:
    items = _items(env, value, "Cannot find rest on type")
    return list(items[1:]) if items else None


def _initial(env: Environment, value: Any) -> list[Any] | None:
    items = _items(env, value, "Cannot find initial on type")
    return list(items[:-1]) if items else None


def _reverse(env: Environment, value: Any) -> list[Any]:
    return list(reversed(_items(env, value, "Cannot find reverse on type")))


def _compact(env: Environment, value: Any) -> list[Any]:
    return [item for item in _items(env, value, "Cannot compact on type") if not is_empty(item)]


def _is_in(env: Environment, items: Sequence[Any], wanted: Any) -> bool:
    return any(deep_equal(env, wanted, item) for item in items)


def _uniq(env: Environment, value: Any) -> list[Any]:
    out: list[Any] = []
    for item in _items(env, value, "Cannot find uniq on type"):
        if not _is_in(env, out, item):
            out.append(item)
    return out


def _without(env: Environment, value: Any, *omitted: Any) -> list[Any]:
    items = _items(env, value, "Cannot find without on type")
    return [item for item in items if not _is_in(env, omitted, item)]


def _has(env: Environment, wanted: Any, value: Any) -> bool:
    return value is not None and _is_in(env, _items(env, value, "Cannot find has on type"), wanted)


def _slice(env: Environment, value: Any, *bounds: Any) -> Any:
    items = _items(env, value, "list should be type of slice or array but")
    if not items:
        return None
    start = to_int64(bounds[0]) if bounds else 0
    end = to_int64(bounds[1]) if len(bounds) > 1 else len(items)
    if not 0 <= start <= end <= len(items):
        raise FunctionError("reflect.Value.Slice: slice index out of bounds")
    return value[start:end] if isinstance(value, bytes) else GoSlice(value.go_type, items[start:end])


def _concat(env: Environment, *values: Any) -> GoSlice:
    out: list[Any] = []
    for value in values:
        if value is not None and not isinstance(value, GoSlice | bytes):
            raise FunctionError(f"Cannot concat type {kind_of(value)} as list")
        out += _items(env, value, "")
        env.meter.elements(len(out))
    return GoSlice(LIST, out, nil=not out)


def _chunk(env: Environment, size: int, value: Any) -> GoSlice:
    items = _items(env, value, "Cannot chunk type")
    if size > 0:
        chunks = [items[at : at + size] for at in range(0, len(items), size)]
    elif len(items) == 1 and size < -1:  # sprig divides by the size without a look at its sign
        chunks = [items]
    elif size == 0 or len(items) < 2 or len(items) - 1 > -size:
        raise FunctionError("runtime error: makeslice: len out of range")
    else:
        chunks = []
    return GoSlice(LISTS, [GoSlice(LIST, chunk) for chunk in chunks])


_ANY, _LIST = "interface {}", "[]interface {}"
_TO_LIST, _TO_ANY = f"func({_ANY}) {_LIST}", f"func({_ANY}) {_ANY}"


def _twins(name: str, declared: Function) -> dict[str, Function]:
    return {name: declared, f"must{name[0].upper()}{name[1:]}": declared}


FUNCTIONS: Mapping[str, Function] = {
    "list": function(f"func(...{_ANY}) {_LIST}", _list),
    "tuple": function(f"func(...{_ANY}) {_LIST}", _list),
    **_twins("append", function(f"func({_ANY}, {_ANY}) {_LIST}", _append, env=True)),
    **_twins("push", function(f"func({_ANY}, {_ANY}) {_LIST}", _append, env=True)),
    **_twins("prepend", function(f"func({_ANY}, {_ANY}) {_LIST}", _prepend, env=True)),
    **_twins("first", function(_TO_ANY, _first, env=True)),
    **_twins("last", function(_TO_ANY, _last, env=True)),
    **_twins("rest", function(_TO_LIST, _rest, env=True)),
    **_twins("initial", function(_TO_LIST, _initial, env=True)),
    **_twins("reverse", function(_TO_LIST, _reverse, env=True)),
    **_twins("compact", function(_TO_LIST, _compact, env=True)),
    **_twins("uniq", function(_TO_LIST, _uniq, env=True)),
    **_twins("without", function(f"func({_ANY}, ...{_ANY}) {_LIST}", _without, env=True)),
    **_twins("has", function(f"func({_ANY}, {_ANY}) bool", _has, env=True)),
    **_twins("slice", function(f"func({_ANY}, ...{_ANY}) {_ANY}", _slice, env=True)),
    **_twins("chunk", function(f"func(int, {_ANY}) [][]interface {{}}", _chunk, env=True)),
    "concat": function(f"func(...{_ANY}) {_ANY}", _concat, env=True),
}
