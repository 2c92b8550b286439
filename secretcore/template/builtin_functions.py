"""The functions that text/template itself brings.

`BUILTINS` is their table; a function of the same name from elsewhere goes before them. `and` and `or` are
here for their signatures: `evaluate` runs them itself, since they stop at the first argument that decides.
"""

import re
from typing import Any
from urllib.parse import quote_from_bytes

from secretcore.template.calls import VALUE
from secretcore.template.compare import equal, greater, greater_or_equal, less, less_or_equal, unequal
from secretcore.template.declare import Environment, Function, FunctionTable, Signature, function
from secretcore.template.errors import FunctionError
from secretcore.template.format import sprint, sprintf, sprintln
from secretcore.template.gotypes import ANY, BOOL, INT, NUMBER_BITS, GoType
from secretcore.template.quoting import is_escaped_byte, printable
from secretcore.template.state import NIL
from secretcore.template.values import (
    GoMap,
    GoSlice,
    Uint8,
    go_len,
    kind_of,
    octets,
    text,
    truth,
    type_name,
    wrap_integer,
    zero,
)

SHORT_CIRCUIT = frozenset({"and", "or"})


def index(item: Any, *indexes: Any) -> Any:
    """`index x 1 2` is x[1][2]."""
    if item is None or item is NIL:
        raise FunctionError("index of untyped nil")
    for at in indexes:
        if item is None or item is NIL:
            raise FunctionError("index of nil pointer")
        at = None if at is NIL else at  # noqa: PLW2901
        item = _entry(item, at) if isinstance(item, GoMap) else _element(item, at)
    return NIL if item is None else item


def _entry(mapping: GoMap, key: Any) -> Any:
    of = mapping.go_type
    assert of.key is not None
    assert of.elem is not None
    found = mapping.get(_map_key(key, of.key), None)
    return zero(of.elem) if found is None else found


def _map_key(key: Any, wanted: GoType) -> Any:
    if wanted.kind == "interface":
        return key
    if key is None:
        raise FunctionError(f"value is nil; should be of type {wanted.name}")
    if type_name(key) == wanted.name:
        return key
    if kind_of(key) in NUMBER_BITS and wanted.kind in NUMBER_BITS:
        return wrap_integer(key, wanted.kind)
    raise FunctionError(f"value has type {type_name(key)}; should be {wanted.name}")


def _position(at: Any, limit: int) -> int:
    """An index as a number; the message leaves the number out, which may be a value of the data."""
    if at is None or at is NIL:
        raise FunctionError("cannot index slice/array with nil")
    if kind_of(at) not in NUMBER_BITS:
        raise FunctionError(f"cannot index slice/array with type {type_name(at)}")
    if not 0 <= at <= limit:
        raise FunctionError("index out of range")
    return int(at)


def _element(item: Any, at: Any) -> Any:
    octet = octets(item) if isinstance(item, str) else item
    if not isinstance(octet, GoSlice | bytes):
        raise FunctionError(f"can't index item of type {type_name(item)}")
    position = _position(at, len(octet))
    if position == len(octet):
        raise FunctionError(f"reflect: {'string' if isinstance(item, str) else 'slice'} index out of range")
    return octet[position] if isinstance(octet, GoSlice) else Uint8(octet[position])


def slice_(item: Any, *indexes: Any) -> Any:
    """`slice x 1 2` is x[1:2]; with a third index it is x[1:2:3]."""
    if item is None or item is NIL:
        raise FunctionError("slice of untyped nil")
    if len(indexes) > 3:
        raise FunctionError(f"too many slice indexes: {len(indexes)}")
    if isinstance(item, str) and len(indexes) == 3:
        raise FunctionError("cannot 3-index slice a string")
    if not isinstance(item, str | bytes | GoSlice):
        raise FunctionError(f"can't slice item of type {type_name(item)}")
    octet: Any = octets(item) if isinstance(item, str) else item
    bounds = [0, len(octet), len(octet)]
    for at, given in enumerate(indexes):
        bounds[at] = _position(given, len(octet))
    if bounds[0] > bounds[1] or (len(indexes) == 3 and bounds[1] > bounds[2]):
        raise FunctionError("invalid slice index")
    part = octet[bounds[0] : bounds[1]]
    if isinstance(item, str):
        return text(part)
    return GoSlice(item.go_type, part) if isinstance(item, GoSlice) else part


def length(item: Any) -> int:
    if item is NIL:
        raise FunctionError("len of nil pointer")
    if item is None:
        raise FunctionError("reflect: call of reflect.Value.Type on zero Value")
    if isinstance(item, str):
        return go_len(item)
    if isinstance(item, GoMap | GoSlice | bytes):
        return len(item)
    raise FunctionError(f"len of type {type_name(item)}")


def negation(value: Any) -> bool:
    return not truth(value)


def call(callee: Any, *_arguments: Any, shown: str = "") -> Any:
    """Nothing in the data is a function, so this can only fail; `shown` is the callee as the template has
    it.
    """
    if callee is None or callee is NIL:
        raise FunctionError("call of nil")
    raise FunctionError(f"non-function {shown} of type {type_name(callee)}".replace("  ", " "))


def print_(environment: Environment, *values: Any) -> str:
    return _charged(environment, sprint(values, environment.budget.string, environment.meter))


def println(environment: Environment, *values: Any) -> str:
    return _charged(environment, sprintln(values, environment.budget.string, environment.meter))


def printf(environment: Environment, pattern: str, *values: Any) -> str:
    return _charged(environment, sprintf(pattern, values, environment.budget.string, environment.meter))


def _charged(environment: Environment, shown: str) -> str:
    environment.meter.string(len(shown))
    return shown


def _joined(environment: Environment, values: tuple[Any, ...]) -> str:
    """The arguments as one text, as the escaping functions take them."""
    if len(values) == 1 and isinstance(values[0], str):
        joined = values[0]
    else:
        shown = tuple("<no value>" if value is None else value for value in values)
        joined = sprint(shown, environment.budget.string, environment.meter)
    environment.meter.string(len(joined) * 4)
    return joined


_HTML = str.maketrans({"\0": "\ufffd", '"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;"})
_NOT_PLAIN = re.compile(r"""[\\'"<>&=\x00-\x1f\x80-\U0010ffff]""")
_SCRIPT = {
    "\\": "\\\\",
    "'": "\\'",
    '"': '\\"',
    "<": "\\u003C",
    ">": "\\u003E",
    "&": "\\u0026",
    "=": "\\u003D",
}


def html(environment: Environment, *values: Any) -> str:
    return _joined(environment, values).translate(_HTML)


def js(environment: Environment, *values: Any) -> str:
    joined = _joined(environment, values)
    environment.meter.step(0 if joined.isascii() else len(joined))
    return _NOT_PLAIN.sub(lambda found: _script_character(found[0]), joined)


def _script_character(character: str) -> str:
    if character in _SCRIPT:
        return _SCRIPT[character]
    if character == "\x7f" or is_escaped_byte(character) or (character >= " " and printable(character)):
        return character
    return f"\\u{ord(character):04X}"


def urlquery(environment: Environment, *values: Any) -> str:
    return quote_from_bytes(octets(_joined(environment, values)), safe="").replace("%20", "+")


def _reflective(result: GoType, call_: Any, fixed: int = 1, *, variadic: bool = False) -> Function:
    """A builtin over any values: so many parameters, the last one repeated if variadic."""
    return Function(Signature((VALUE,) * (fixed + variadic), variadic, result), call_)


def _undecided(*_values: Any) -> Any:
    raise FunctionError("can't be called")


_TEXTS = {"print": print_, "println": println, "html": html, "js": js, "urlquery": urlquery}

BUILTINS: FunctionTable = {
    "and": _reflective(ANY, _undecided, variadic=True),
    "or": _reflective(ANY, _undecided, variadic=True),
    "not": _reflective(BOOL, negation),
    "call": _reflective(ANY, call, variadic=True),
    "index": _reflective(ANY, index, variadic=True),
    "slice": _reflective(ANY, slice_, variadic=True),
    "len": _reflective(INT, length),
    "eq": _reflective(BOOL, equal, variadic=True),
    "ne": _reflective(BOOL, unequal, 2),
    "lt": _reflective(BOOL, less, 2),
    "le": _reflective(BOOL, less_or_equal, 2),
    "gt": _reflective(BOOL, greater, 2),
    "ge": _reflective(BOOL, greater_or_equal, 2),
    "printf": function("func(string, ...interface {}) string", printf, env=True),
    **{name: function("func(...interface {}) string", call_, env=True) for name, call_ in _TEXTS.items()},
}
