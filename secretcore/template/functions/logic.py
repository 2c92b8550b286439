"""sprig's defaults and choices: default, empty, coalesce, all, any, ternary, fail.

Input and output: any values.
"""

from collections.abc import Mapping
from typing import Any

from secretcore.template.declare import Function, function
from secretcore.template.errors import FunctionError
from secretcore.template.functions.equality import is_empty


def _default(default: Any, *given: Any) -> Any:
    return default if not given or is_empty(given[0]) else given[0]


def _coalesce(*values: Any) -> Any:
    return next((value for value in values if not is_empty(value)), None)


def _all(*values: Any) -> bool:
    return not any(map(is_empty, values))


def _any(*values: Any) -> bool:
    return not all(map(is_empty, values))


def _ternary(yes: Any, no: Any, condition: bool) -> Any:
    return yes if condition else no


def _fail(message: str) -> str:
    raise FunctionError(message)


_ANY = "interface {}"

FUNCTIONS: Mapping[str, Function] = {
    "default": function(f"func({_ANY}, ...{_ANY}) {_ANY}", _default),
    "empty": function(f"func({_ANY}) bool", is_empty),
    "coalesce": function(f"func(...{_ANY}) {_ANY}", _coalesce),
    "all": function(f"func(...{_ANY}) bool", _all),
    "any": function(f"func(...{_ANY}) bool", _any),
    "ternary": function(f"func({_ANY}, {_ANY}, bool) {_ANY}", _ternary),
    "fail": function("func(string) (string, error)", _fail),
}
