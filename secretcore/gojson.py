"""JSON as Go's encoding/json reads and writes it, where that shows in a Secret. Used by `payload` and by providers."""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal
from typing import Any

from secretcore.errors import Malformed

_STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_SEPARATORS = {0x2028: "\\u2028", 0x2029: "\\u2029"}
_ESCAPED = {ord(character): f"\\u{ord(character):04x}" for character in "<>&"} | _SEPARATORS


class Number(str):
    """A number as it was written: Go's json.Number."""

    __slots__ = ()


def check_depth(text: str, limit: int, what: str) -> None:
    """Raises `Malformed` when arrays and objects are nested deeper than `limit`: parsers recurse."""
    depth = 0
    for token in _STRUCTURE.finditer(text):
        if token[0] in "{[":
            depth += 1
            if depth > limit:
                raise Malformed(f"{what}: JSON is nested deeper than {limit} levels", remedy="flatten it")
        elif token[0] in "}]":
            depth -= 1


def decode(text: str, *, limit: int, what: str, numbers: type[Number] | type[float] = Number) -> Any:
    """The document as dicts, lists, strings, bools, None and numbers of the given kind.

    Raises `Malformed`, whose message has `what` and nothing of the text.
    """
    check_depth(text, limit, what)
    number = finite if numbers is float else numbers
    try:
        return json.loads(text, parse_int=number, parse_float=number, parse_constant=_refuse_constant)
    except ValueError:
        raise Malformed(f"{what} is not JSON") from None


def encode(value: Any, *, escape_html: bool = True) -> str:
    """Compact, keys sorted, U+2028 and U+2029 escaped, and `<`, `>`, `&` unless `escape_html` is off."""
    match value:
        case Number():
            return str(value)
        case dict():
            members = (
                f"{_quote(key, escape_html)}:{encode(value[key], escape_html=escape_html)}" for key in sorted(value)
            )
            return "{" + ",".join(members) + "}"
        case list() | tuple():
            return "[" + ",".join(encode(item, escape_html=escape_html) for item in value) + "]"
        case str():
            return _quote(value, escape_html)
        case float():
            return _json_float(value)
        case _:
            return json.dumps(value)


def byte_value(value: Any) -> bytes:
    """A decoded value as a Secret's value: text as it is, numbers without exponent, null empty, the rest JSON."""
    match value:
        case str():
            return without_surrogates(value).encode()
        case None:
            return b""
        case float():
            return plain_float(value).encode()
        case _:
            return encode(value).encode()


def plain_float(value: float) -> str:
    """The shortest decimal that reads back as the same float64, without exponent: FormatFloat(v, 'f', -1, 64)."""
    return format(Decimal(repr(value)), "f").removesuffix(".0")


def without_surrogates(text: str) -> str:
    """Escapes of half a surrogate pair become U+FFFD, as Go reads them."""
    return _LONE_SURROGATE.sub("\ufffd", text)


def _quote(text: str, escape_html: bool) -> str:  # Go's own switch
    return json.dumps(without_surrogates(text), ensure_ascii=False).translate(_ESCAPED if escape_html else _SEPARATORS)


def _json_float(value: float) -> str:
    if value == 0 or 1e-6 <= abs(value) < 1e21:
        return plain_float(value)
    mantissa, exponent = repr(value).split("e")
    sign = "-" if exponent[0] == "-" else "+"
    return f"{mantissa.removesuffix('.0')}e{sign}{exponent.lstrip('+-').lstrip('0')}"


def finite(text: str) -> float:
    """A number as float64. Raises `ValueError` for one that is too large, as Go refuses it."""
    value = float(text)
    if math.isinf(value):
        raise ValueError("out of range")
    return value


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)
