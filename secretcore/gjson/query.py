"""Queries: `#(path op value)` taken apart, and whether a value satisfies one.

`path.element_part` parses with this, `lookup` asks it of every element of an array.
"""

import operator
from collections.abc import Callable
from typing import Any, NamedTuple

from secretcore.gjson.floats import parse_float
from secretcore.gjson.strings import trim, unescape
from secretcore.gjson.value import NOTHING, Type, Value, boolean_word
from secretcore.gjson.wildcard import matches
from secretcore.gjson.work import Work

_COMPARE: dict[bytes, Callable[[Any, Any], bool]] = {
    b"=": operator.eq,
    b"!=": operator.ne,
    b"<": operator.lt,
    b"<=": operator.le,
    b">": operator.gt,
    b">=": operator.ge,
}
_OPERATORS = (b"!=", b"!%", b"<=", b">=", b"<", b">", b"=", b"%")
_BACKSLASH, _QUOTE = b'\\"'


class Query(NamedTuple):
    """`path` is evaluated in each element and compared with `value`; no operator asks whether it exists."""

    path: bytes
    operator: bytes
    value: bytes
    number: float
    all: bool  # `#(...)#`: every element that satisfies it, not the first


_ANY_ELEMENT = Query(b"", b"", b"", 0.0, all=False)


def parse_query(path: bytes) -> tuple[Query, int]:
    """The query that the path begins with, and where it ends. One that never closes asks for any element."""
    comparison, end, escaped = _find_comparison(path)
    if end is None:
        return _ANY_ELEMENT, len(path)
    every = path[end + 1 : end + 2] == b"#"
    if comparison is None:
        return Query(trim(path[2:end]), b"", b"", 0.0, every), end + 1
    symbol, value = _split_operator(trim(path[comparison:end]))
    if len(value) >= 2 and value.startswith(b'"') and value.endswith(b'"'):
        value = unescape(value[1:-1]) if escaped else value[1:-1]
    return Query(trim(path[2:comparison]), symbol, value, parse_float(value), every), end + 1


def _find_comparison(path: bytes) -> tuple[int | None, int | None, bool]:
    """Where the operator begins, where the query closes, and whether a quoted text in it has escapes."""
    comparison, escaped, depth, i = None, False, 1, 2
    while i < len(path):
        character = path[i]
        if depth == 1 and comparison is None and character in b"!=<>%":
            comparison = i
        elif character == _BACKSLASH:
            i += 1
        elif character in b"[(":
            depth += 1
        elif character in b"])":
            depth -= 1
            if not depth:
                return comparison, i, escaped
        elif character == _QUOTE:
            i += 1
            while i < len(path) and path[i] != _QUOTE:
                escaped = escaped or path[i] == _BACKSLASH
                i += 1 + (path[i] == _BACKSLASH)
        i += 1
    return None, None, escaped


def _split_operator(text: bytes) -> tuple[bytes, bytes]:
    if text.startswith(b"=="):
        return b"=", trim(text[2:])
    if len(text) == 1:
        return text, b""
    symbol = next((symbol for symbol in _OPERATORS if text.startswith(symbol)), b"")
    return symbol, trim(text[len(symbol) :])


def satisfies(query: Query, value: Value, work: Work) -> bool:
    """Whether the value found in an element satisfies the query."""
    wanted, number = query.value, query.number
    if wanted.startswith(b"~"):
        value = _as_boolean(value, wanted[1:])
        wanted, number = b"true", 0.0
    if not value.exists():
        return False
    if not query.operator:
        return True
    if query.operator in (b"%", b"!%"):
        if value.type is not Type.STRING:
            return False
        return matches(value.string, wanted, work) is (query.operator == b"%")
    compare = _COMPARE.get(query.operator)
    if compare is None:
        return False
    if value.type is Type.STRING:
        return compare(value.string, wanted)
    if value.type is Type.NUMBER:
        return compare(value.number(), number)
    return _boolean_satisfies(query.operator, value.type, wanted)


def _boolean_satisfies(symbol: bytes, kind: Type, wanted: bytes) -> bool:
    """true and false compare with the words; true is greater than or equal to anything, as in Go."""
    if kind not in (Type.TRUE, Type.FALSE):
        return False
    own, other = (b"true", b"false") if kind is Type.TRUE else (b"false", b"true")
    if symbol in (b"=", b"!="):
        return (wanted == own) is (symbol == b"=")
    if symbol not in ((b">", b">=") if kind is Type.TRUE else (b"<", b"<=")):
        return False
    return symbol.endswith(b"=") or wanted == other


def _as_boolean(value: Value, word: bytes) -> Value:
    """`~true` and its kind: the value replaced by whether it is so. Nothing satisfies an unknown word."""
    if word == b"*":
        answer = value.exists()
    elif word == b"null":
        answer = value.type is Type.NULL
    elif word == b"true":
        answer = value.truth()
    elif word == b"false":
        answer = _falseish(value)
    else:
        return NOTHING
    return Value(Type.TRUE if answer else Type.FALSE, b"")


def _falseish(value: Value) -> bool:
    if value.type is Type.STRING:
        return boolean_word(value.string) is False
    if value.type is Type.NUMBER:
        return value.number() == 0
    return value.type in (Type.NULL, Type.FALSE)
