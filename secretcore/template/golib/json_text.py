"""JSON as Go's encoding/json writes and reads it.

Input: values of the template model, or a text. Output: text with Go's escapes, sorted keys and number
forms, or values (numbers float64, objects maps). JsonError never quotes the text.
"""

import base64
import json
import math
import re
from collections.abc import Callable, Iterable
from typing import Any, Protocol, runtime_checkable

from secretcore.template.golib import floats
from secretcore.template.gotypes import DICT, LIST
from secretcore.template.values import GoMap, GoSlice, octets, type_name


class JsonError(ValueError):
    """The value can't be written, or the text is no JSON."""


_ESCAPED = re.compile(r'["\\\x00-\x1f\u2028\u2029\ud800-\udfff]')
_ESCAPED_HTML = re.compile(r'["\\\x00-\x1f\u2028\u2029\ud800-\udfff<>&]')
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}


def _escape(found: re.Match[str]) -> str:
    char = found[0]
    if "\ud800" <= char <= "\udfff":
        return "\\ufffd"
    return _SHORT.get(char) or f"\\u{ord(char):04x}"


def quote(value: str, *, html: bool) -> str:
    """A JSON string; `html` escapes <, > and & too."""
    return '"' + (_ESCAPED_HTML if html else _ESCAPED).sub(_escape, value) + '"'


def number(value: float) -> str:
    """A float64 as encoding/json writes it."""
    if not math.isfinite(value):
        raise JsonError("json: unsupported value: a float that is not finite")
    return floats.as_json(value)


Charge = Callable[[int], None]
"""Called with the bytes about to be written, so that a shared value can't be written out without end."""

MAX_DEPTH = 200


class Writer:
    """Writes one value; `indent` is the text of one level, empty for the compact form."""

    def __init__(self, charge: Charge, *, html: bool, indent: str = "") -> None:
        self._charge = charge
        self._html = html
        self._indent = indent

    def write(self, value: Any) -> str:
        """The JSON text. JsonError."""
        return self._value(value, 0)

    def _value(self, value: Any, depth: int) -> str:
        if value is None or value is True or value is False:
            return "null" if value is None else "true" if value else "false"
        if isinstance(value, str):
            self._charge(len(value))
            return quote(value, html=self._html)
        if isinstance(value, int):
            return str(int(value))
        if isinstance(value, float):
            return number(value)
        if depth > MAX_DEPTH:
            raise JsonError(f"json: nested deeper than {MAX_DEPTH} levels")
        if isinstance(value, bytes):
            self._charge(len(value) * 2)
            return '"' + base64.b64encode(value).decode("ascii") + '"'
        return self._composite(value, depth)

    def _composite(self, value: Any, depth: int) -> str:
        if isinstance(value, GoMap):
            keys = sorted(value, key=octets)
            return "null" if value.nil else self._object(((key, value[key]) for key in keys), depth)
        if isinstance(value, GoSlice):
            return "null" if value.nil else self._array(value, depth)
        if isinstance(value, JsonObject):
            as_json = value.to_json()
            if isinstance(as_json, dict):
                return self._object(as_json.items(), depth)
            return self._value(as_json, depth)
        raise JsonError(f"json: unsupported type: {type_name(value)}")

    def _object(self, items: Iterable[tuple[str, Any]], depth: int) -> str:
        colon = ": " if self._indent else ":"
        return self._join(
            "{",
            [quote(key, html=self._html) + colon + self._item(value, depth) for key, value in items],
            "}",
            depth,
        )

    def _array(self, items: Iterable[Any], depth: int) -> str:
        return self._join("[", [self._item(value, depth) for value in items], "]", depth)

    def _item(self, value: Any, depth: int) -> str:
        self._charge(16 + len(self._indent) * depth)
        return self._value(value, depth + 1)

    def _join(self, start: str, parts: list[str], end: str, depth: int) -> str:
        if not self._indent or not parts:
            return start + ",".join(parts) + end
        line = "\n" + self._indent * (depth + 1)
        return start + line + ("," + line).join(parts) + "\n" + self._indent * depth + end


@runtime_checkable
class JsonObject(Protocol):
    """A struct that tells how it is written: a plain value, or a dict of its fields in Go's order."""

    def to_json(self) -> Any: ...


def parse(document: str) -> tuple[Any, JsonError | None]:
    """json.Unmarshal into an interface: the value, and the error if there is one. A number beyond float64
    leaves nil in its place, as in Go; a syntax error leaves nothing.
    """
    problems: list[JsonError] = []

    def as_float(digits: str) -> float | None:
        value = float(digits)
        if math.isinf(value):
            problems.append(JsonError("json: cannot unmarshal a number that is out of range of float64"))
            return None
        return value

    def refuse(name: str) -> None:
        raise JsonError(f"invalid JSON: {name} is no JSON number")

    try:
        value = json.loads(document, parse_float=as_float, parse_int=as_float, parse_constant=refuse)
        return _adopt(value), problems[0] if problems else None
    except json.JSONDecodeError as error:
        if error.pos >= len(document.rstrip(" \t\r\n")):
            return None, JsonError("unexpected end of JSON input")
        return None, JsonError(f"invalid JSON at byte {len(octets(document[: error.pos]))}")
    except JsonError as error:
        return None, error
    except RecursionError:
        return None, JsonError("invalid JSON: nested too deep")


def _adopt(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else _LONE.sub("\ufffd", value)
    if isinstance(value, dict):
        return GoMap(DICT, {_adopt(key): _adopt(item) for key, item in value.items()})
    if isinstance(value, list):
        return GoSlice(LIST, [_adopt(item) for item in value])
    return value


_LONE = re.compile("[\ud800-\udfff]")
