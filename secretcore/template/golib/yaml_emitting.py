"""YAML as sigs.k8s.io/yaml prints it: go-yaml v2's emitter at width 80, for values that went through JSON.

Input: a value of the template model. Output: the text, or YamlError where the Go library fails too (control
characters) or the value is nested too deep.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cmp_to_key
from typing import Any

from secretcore.template.golib import floats, runes
from secretcore.template.golib.json_text import MAX_DEPTH, JsonObject, quote
from secretcore.template.golib.yaml_scalars import YamlError, is_plain_string
from secretcore.template.golib.yaml_styles import Sink, analyse
from secretcore.template.values import GoMap, GoSlice, type_name

_REFUSED = re.compile("[\x7f\x80-\x84\x86-\x9f\ufffe\uffff]")
_RAW = re.compile("[\ud800-\udfff]")
_NEXT_LINE = re.compile(" *\x85[ \x85]*")
_LONGEST_KEY = 1024
Charge = Callable[[int], None]


def emit(value: Any, charge: Charge) -> str:
    """The document, with the newline at its end. YamlError."""
    emitter = _Emitter(charge)
    emitter.node(value, depth=0)
    emitter.sink.indent = -1
    emitter.sink.write_indent()
    return "".join(emitter.sink.out)


def through_json(value: str) -> str:
    """The string as JSON and the YAML parser leave it. YamlError where they refuse it."""
    if value.isascii() and "\x7f" not in value:
        return value
    value = _RAW.sub("\ufffd", value)
    if _REFUSED.search(value):
        raise YamlError("control characters are not allowed")
    return _NEXT_LINE.sub(_folded, value) if "\x85" in value else value


def _key_through_json(key: str) -> str:
    """go-yaml reads the JSON text as YAML, where a simple key is short and on one line."""
    if "\x85" in key or len(quote(key, html=True)) > _LONGEST_KEY:
        raise YamlError("could not find expected ':'")
    return through_json(key)


def _folded(found: re.Match[str]) -> str:
    breaks = found[0].count("\x85")
    return " " if breaks == 1 else "\n" * (breaks - 1)


class _Emitter:
    def __init__(self, charge: Charge) -> None:
        self.sink = Sink()
        self._charge = charge

    def node(self, value: Any, *, depth: int, mapping: bool = False) -> None:
        """Write a value; `mapping` tells that it is the value or key of a mapping."""
        if depth > MAX_DEPTH:
            raise YamlError(f"nested deeper than {MAX_DEPTH} levels")
        self._charge(2 * depth + 8)
        while isinstance(value, JsonObject):
            value = value.to_json()
        if isinstance(value, Mapping) and not getattr(value, "nil", False):
            self._mapping(value, depth)
        elif isinstance(value, GoSlice) and not value.nil:
            self._sequence(value, depth, indentless=mapping and not self.sink.indention)
        elif isinstance(value, str):
            self._string(value)
        else:
            self.sink.plain(_plain(value), breaks=True)

    def _sequence(self, items: Sequence[Any], depth: int, *, indentless: bool) -> None:
        sink = self.sink
        if not items:
            sink.indicator("[]", space=True)
            return
        outer = sink.deepen(indentless=indentless)
        for item in items:
            sink.write_indent()
            sink.indicator("-", space=True, keeps_indention=True)
            self.node(item, depth=depth + 1)
        sink.indent = outer

    def _mapping(self, items: Mapping[str, Any], depth: int) -> None:
        sink = self.sink
        if not items:
            sink.indicator("{}", space=True)
            return
        outer = sink.deepen()
        values = {_key_through_json(key): items[key] for key in items}
        for key in sorted(sorted(values), key=cmp_to_key(_compare_keys)):
            sink.write_indent()
            if self._key(key):
                sink.indicator(":")
            else:
                sink.write_indent()
                sink.indicator(":", space=True, keeps_indention=True)
            self.node(values[key], depth=depth + 1, mapping=True)
        sink.indent = outer

    def _key(self, key: str) -> bool:
        """Write a key; whether it was a simple one, on one line and short."""
        scalar = analyse(key)
        simple = not scalar.multiline and len(key.encode("utf-8", "surrogatepass")) <= 128
        if not simple:
            self.sink.indicator("?", space=True, keeps_indention=True)
        self._charge(len(key))
        self.sink.scalar(scalar, plain=is_plain_string(key), simple_key=simple)
        return simple

    def _string(self, value: str) -> None:
        self._charge(len(value))
        value = through_json(value)
        self.sink.scalar(analyse(value), plain=is_plain_string(value), simple_key=False)


def _plain(value: Any) -> str:
    if value is None or isinstance(value, GoMap | GoSlice):
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value)) if value.bit_length() <= 64 else floats.as_general(float(value))
    if isinstance(value, float):
        if not math.isfinite(value):
            raise YamlError("unsupported value: a float that is not finite")
        return _float(value)
    raise YamlError(f"unsupported type: {type_name(value)}")


def _float(value: float) -> str:
    """A float after JSON: a whole number below 1e21 is an integer there, and one again if it has 64 bits."""
    if value.is_integer() and abs(value) < 1e21:
        number = int(floats.as_json(value))
        return str(number) if -(1 << 63) <= number < 1 << 64 else floats.as_general(value)
    return floats.as_general(value)


def _compare_keys(left: str, right: str) -> int:
    """go-yaml's order of keys: letters after everything else, numbers inside by their value. It isn't
    transitive (a02, a10, a1b), and Go prints such keys in any order.
    """
    for at in range(min(len(left), len(right))):
        mine, other = left[at], right[at]
        if mine == other:
            continue
        my_letter, other_letter = runes.is_letter(mine), runes.is_letter(other)
        if my_letter and other_letter:
            return -1 if mine < other else 1
        if my_letter or other_letter:
            return -1 if other_letter else 1
        return _compare_numbers(left, right, at)
    return len(left) - len(right)


def _compare_numbers(left: str, right: str, at: int) -> int:
    prefix = ""
    if left[at] == "0" or right[at] == "0":
        before = at - 1
        while before >= 0 and runes.is_digit(left[before]):
            if left[before] != "0":
                prefix = "1"
                break
            before -= 1
    mine, other = _digits(left, at), _digits(right, at)
    my_number, other_number = int(prefix + mine or "0"), int(prefix + other or "0")
    if my_number != other_number:
        return -1 if my_number < other_number else 1
    if len(mine) != len(other):
        return -1 if len(mine) < len(other) else 1
    return -1 if left[at] < right[at] else 1


def _digits(value: str, at: int) -> str:
    end = at
    while end < len(value) and end - at < 1000 and runes.is_digit(value[end]):
        end += 1
    return value[at:end]
