"""Go's comparisons in templates: eq, ne, lt, le, gt, ge.

The builtins call these; NIL is the interface that holds nil. A failed comparison raises FunctionError with
Go's words, less the values that Go puts into some of them.
"""

from typing import Any

from secretcore.template.errors import FunctionError
from secretcore.template.gotypes import NUMBER_BITS
from secretcore.template.state import NIL
from secretcore.template.values import GoMap, GoSlice, is_nil, kind_of, octets, type_name


def _basic(value: Any) -> str | None:
    """Which values are comparable with which; None for what is neither number, string nor bool."""
    kind = kind_of(value)
    if kind in NUMBER_BITS:
        return "int"
    if kind in ("float64", "float32"):
        return "float"
    if kind in ("complex128", "complex64"):
        return "complex"
    return kind if kind in ("bool", "string") else None


def equal(first: Any, *others: Any) -> bool:
    """Whether the first equals any of the others."""
    if not others:
        raise FunctionError("missing argument for comparison")
    first = None if first is NIL else first
    kind = _basic(first)
    for other in others:
        other = None if other is NIL else other  # noqa: PLW2901
        if kind != _basic(other):
            if first is not None and other is not None:
                raise FunctionError(_incompatible(first, other))
        elif kind is None:
            if _equal_composites(first, other):
                return True
        elif first == other:
            return True
    return False


def _incompatible(first: Any, other: Any) -> str:
    return f"incompatible types for comparison: {type_name(first)} and {type_name(other)}"


def _equal_composites(first: Any, other: Any) -> bool:
    if first is not None and other is not None and kind_of(first) != kind_of(other):
        raise FunctionError(f"non-comparable types {type_name(first)}, {type_name(other)}")
    if is_nil(first) or is_nil(other):
        return is_nil(first) == is_nil(other)
    if isinstance(other, GoMap | GoSlice | bytes):
        raise FunctionError(f"non-comparable type {type_name(other)}")
    return bool(first == other)


def less(first: Any, other: Any) -> bool:
    """Whether the first is smaller: numbers of one sort, or strings by their bytes."""
    first, other = (None if value is NIL else value for value in (first, other))
    kind, other_kind = _basic(first), _basic(other)
    if kind is None or other_kind is None:
        raise FunctionError("invalid type for comparison")
    if kind != other_kind:
        raise FunctionError(_incompatible(first, other))
    if kind in ("bool", "complex"):
        raise FunctionError("invalid type for comparison")
    if kind == "string":
        return octets(first) < octets(other)
    return bool(first < other)


def less_or_equal(first: Any, other: Any) -> bool:
    return less(first, other) or equal(first, other)


def greater(first: Any, other: Any) -> bool:
    return not less_or_equal(first, other)


def greater_or_equal(first: Any, other: Any) -> bool:
    return not less(first, other)


def unequal(first: Any, other: Any) -> bool:
    return not equal(first, other)
