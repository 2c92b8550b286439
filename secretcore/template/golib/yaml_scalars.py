"""What a plain YAML scalar means to go-yaml v2 (YAML 1.1): null, bool, int, float, timestamp or string.

Input: the scalar's text and tag. Output: its tag and value; yaml_emitting asks it which strings need quotes,
yaml_parsing builds values with it.
"""

import math
import re
from typing import Any

from secretcore.template.golib.integers import parse_float, parse_int, parse_uint
from secretcore.template.golib.layout_parsing import parse_time

STR, NULL, BOOL, INT, FLOAT, TIMESTAMP, BINARY = "str", "null", "bool", "int", "float", "timestamp", "binary"

_WORDS: dict[str, tuple[str, Any]] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), (BOOL, True)),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), (BOOL, False)),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), (NULL, None)),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), (FLOAT, math.nan)),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), (FLOAT, math.inf)),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), (FLOAT, -math.inf)),
}
_STARTS = frozenset("yYnNtTfFoO~.+-0123456789")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_BASE60 = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?\Z")
_DATE = re.compile(r"[0-9]{4}-")
_DATE_LAYOUTS = (
    "2006-1-2T15:4:5.999999999Z07:00",
    "2006-1-2t15:4:5.999999999Z07:00",
    "2006-1-2 15:4:5.999999999",
    "2006-1-2",
)


class YamlError(ValueError):
    """The text is no YAML that go-yaml takes; the message doesn't quote it."""


def resolve(scalar: str, tag: str = "") -> tuple[str, Any]:
    """Tag and value of a scalar; `tag` is the short name of one of the tags above, or empty. YamlError."""
    if tag in (STR, BINARY):
        return STR, scalar
    found, value = _guess(scalar, tag)
    if tag in ("", found):
        return found, value
    if tag == FLOAT and found == INT:
        return FLOAT, float(value)
    raise YamlError(f"yaml: cannot decode !!{found} of {len(scalar)} characters as a !!{tag}")


def _guess(scalar: str, tag: str) -> tuple[str, Any]:
    if scalar and scalar[0] not in _STARTS:
        return STR, scalar
    word = _WORDS.get(scalar)
    if word is not None:
        return word
    if scalar[0] == ".":
        number, error = parse_float(scalar)
        return (STR, scalar) if error else (FLOAT, number)
    if scalar[0] in "+-0123456789":
        if tag in ("", TIMESTAMP) and is_timestamp(scalar):
            return TIMESTAMP, scalar
        return _number(scalar)
    return STR, scalar


def _number(scalar: str) -> tuple[str, Any]:
    plain = scalar.replace("_", "")
    integer, error = parse_int(plain, 0)
    if error is None:
        return INT, integer
    integer, error = parse_uint(plain, 0)
    if error is None:
        return INT, integer
    if _FLOAT.match(plain):
        number, error = parse_float(plain)
        if error is None:
            return FLOAT, number
    return STR, scalar


def is_timestamp(scalar: str) -> bool:
    """Whether go-yaml takes the text for a date."""
    return bool(_DATE.match(scalar)) and any(parse_time(layout, scalar) for layout in _DATE_LAYOUTS)


def is_plain_string(scalar: str) -> bool:
    """Whether the text, written without quotes, is read back as this string."""
    return _guess(scalar, "")[0] == STR and not _BASE60.match(scalar)
