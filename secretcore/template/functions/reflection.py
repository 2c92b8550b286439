"""sprig's questions about types: typeOf, kindOf and their tests, deepEqual.

Input: any values. Output: Go's names of types and kinds, booleans.
"""

from collections.abc import Mapping
from typing import Any

from secretcore.template.declare import Function, function
from secretcore.template.functions.equality import deep_equal
from secretcore.template.values import kind_of, type_name


def _type_is(target: str, value: Any) -> bool:
    return target == type_name(value)


def _type_is_like(target: str, value: Any) -> bool:
    return type_name(value) in (target, f"*{target}")


def _kind_is(target: str, value: Any) -> bool:
    return target == kind_of(value)


_ANY = "interface {}"

FUNCTIONS: Mapping[str, Function] = {
    "typeOf": function(f"func({_ANY}) string", type_name),
    "typeIs": function(f"func(string, {_ANY}) bool", _type_is),
    "typeIsLike": function(f"func(string, {_ANY}) bool", _type_is_like),
    "kindOf": function(f"func({_ANY}) string", kind_of),
    "kindIs": function(f"func(string, {_ANY}) bool", _kind_is),
    "deepEqual": function(f"func({_ANY}, {_ANY}) bool", deep_equal, env=True),
}
