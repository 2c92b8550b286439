"""Go's notions of empty and of deeply equal, for the list, dict and logic functions.

Input: values of the template model. Output: booleans; every comparison is charged.
"""

from typing import Any

from secretcore.template.declare import Environment
from secretcore.template.errors import FunctionError
from secretcore.template.values import GoMap, GoObject, GoSlice, type_of

MAX_DEPTH = 200


def is_empty(value: Any) -> bool:
    """sprig's empty: nil, false, 0 and whatever has no elements; a struct never is."""
    return False if isinstance(value, GoObject) else not value


def deep_equal(env: Environment, left: Any, right: Any, depth: int = 0) -> bool:
    """reflect.DeepEqual: the types must be the same too, and a nil list is not an empty one."""
    env.meter.step()
    if type_of(left) is not type_of(right):
        return False
    if depth > MAX_DEPTH:
        raise FunctionError(f"values nested deeper than {MAX_DEPTH} levels")
    if isinstance(left, GoMap):
        return (
            left.nil == right.nil
            and left.keys() == right.keys()
            and all(deep_equal(env, left[key], right[key], depth + 1) for key in left)
        )
    if isinstance(left, GoSlice):
        return (
            left.nil == right.nil
            and len(left) == len(right)
            and all(deep_equal(env, mine, other, depth + 1) for mine, other in zip(left, right, strict=True))
        )
    return bool(left == right)
