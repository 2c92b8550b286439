"""sprig's functions on one string: case, trimming, cutting, padding, wrapping.

Input: Go strings from templates. Output: Go strings and booleans; lengths and positions count bytes, as in
Go.
"""

from collections.abc import Callable, Mapping
from functools import partial

from secretcore.template.budget import BYTES_PER_STEP
from secretcore.template.declare import Environment, Function, function
from secretcore.template.errors import FunctionError
from secretcore.template.functions.charging import charged, work
from secretcore.template.golib import runes, words, wrapping
from secretcore.template.values import normal, octets, text


def _hello() -> str:
    return "Hello!"


def _upper(env: Environment, value: str) -> str:
    return _cased(env, runes.upper, value)


def _lower(env: Environment, value: str) -> str:
    return _cased(env, runes.lower, value)


def _cased(env: Environment, mapping: Callable[[str], str], value: str) -> str:
    env.meter.string(len(value))
    if not value.isascii():
        work(env, len(value), _SLOW)
    return mapping(value)


def _trim(value: str) -> str:
    return value.strip(runes.SPACES)


_RAW = "".join(map(chr, range(0xDC80, 0xDD00))) + runes.RUNE_ERROR
"""Bytes that are no UTF-8: to Go they are all the same rune."""


def _trim_all(env: Environment, cutset: str, value: str) -> str:
    env.meter.string(len(cutset))
    env.meter.string(len(value))
    cutset = "".join(dict.fromkeys(cutset))
    if not cutset.isascii():  # each character of the value is looked for in the whole of it
        env.meter.step(len(value) * len(cutset) // BYTES_PER_STEP)
    if not cutset.isascii() and any(char in _RAW for char in cutset):
        cutset += _RAW
    return value.strip(cutset) if cutset else value


def _trim_prefix(prefix: str, value: str) -> str:
    return text(octets(value).removeprefix(octets(prefix)))


def _trim_suffix(suffix: str, value: str) -> str:
    return text(octets(value).removesuffix(octets(suffix)))


def _contains(part: str, value: str) -> bool:
    return octets(part) in octets(value)


def _has_prefix(prefix: str, value: str) -> bool:
    return octets(value).startswith(octets(prefix))


def _has_suffix(suffix: str, value: str) -> bool:
    return octets(value).endswith(octets(suffix))


def _no_space(value: str) -> str:
    """goutils takes each byte for a character, so that letters beyond ASCII come out as two."""
    raw = octets(value)
    kept = bytes(byte for byte in raw if chr(byte) not in runes.SPACES)
    return value if len(kept) == len(raw) else kept.decode("latin-1")


def _initials(value: str) -> str:
    out = []
    gap = True
    for char in octets(value).decode("latin-1"):
        if runes.is_space(char):
            gap = True
        elif gap:
            out.append(char)
            gap = False
    return "".join(out)


def _trunc(count: int, value: str) -> str:
    raw = octets(value)
    if count < 0 and len(raw) + count > 0:
        return text(raw[count:])
    return text(raw[:count]) if 0 <= count < len(raw) else value


def _substr(start: int, end: int, value: str) -> str:
    raw = octets(value)
    length = len(raw)
    if start < 0:
        if end < 0:
            raise FunctionError(f"runtime error: slice bounds out of range [:{end}]")
        if end > length:
            raise FunctionError(f"runtime error: slice bounds out of range [:{end}] with length {length}")
        return text(raw[:end])
    if end < 0 or end > length:
        end = length
    if start > end:
        raise FunctionError(f"runtime error: slice bounds out of range [{start}:{end}]")
    return text(raw[start:end])


def _abbreviate(width: int, value: str) -> str:
    return value if width < 4 else text(wrapping.abbreviate(octets(value), 0, width))


def _abbreviate_both(left: int, right: int, value: str) -> str:
    if right < 4 or (left > 0 and right < 7):
        return value
    if left < 0 and len(octets(value)) > right:
        left = max(left, -1)
    return text(wrapping.abbreviate(octets(value), left, right))


def _repeat(env: Environment, count: int, value: str) -> str:
    if count < 0:
        raise FunctionError("strings: negative Repeat count")
    env.meter.string(count * len(value))
    return normal(value * count)


def _spaces(count: int) -> str:
    if count < 0:
        raise FunctionError("strings: negative Repeat count")
    return " " * count


def _indent(env: Environment, count: int, value: str) -> str:
    env.meter.string(len(value) + max(count, 0) * (value.count("\n") + 1))
    pad = _spaces(count)
    return pad + value.replace("\n", "\n" + pad)


def _nindent(env: Environment, count: int, value: str) -> str:
    return "\n" + _indent(env, count, value)


def _replace(env: Environment, old: str, new: str, value: str) -> str:
    raw, before, after = octets(value), octets(old), octets(new)
    if not before:
        env.meter.string(len(raw) + len(after) * (len(value) + 1))
        return normal(value.replace(old, new))
    env.meter.string(len(raw))
    count = raw.count(before)
    env.meter.string(len(raw) + count * max(len(after) - len(before), 0))
    return text(raw.replace(before, after))


def _plural(one: str, many: str, count: int) -> str:
    return one if count == 1 else many


def _wrap(env: Environment, width: int, value: str) -> str:
    return _wrapped(env, width, "\n", value, break_words=False)


def _wrap_with(env: Environment, width: int, separator: str, value: str) -> str:
    return _wrapped(env, width, separator, value, break_words=True)


def _wrapped(env: Environment, width: int, separator: str, value: str, *, break_words: bool) -> str:
    raw, newline = octets(value), octets(separator)
    lines = len(raw) // max(width, 1) + raw.count(b" ") if break_words else raw.count(b" ")
    env.meter.string(len(raw) + lines * max(len(newline), 1))
    env.meter.step(lines)
    return text(wrapping.wrap(raw, width, newline, break_words=break_words))


_ONE, _TWO, _TEST = "func(string) string", "func(string, string) string", "func(string, string) bool"
_SLOW = 60  # how much more a loop over characters costs than a copy

FUNCTIONS: Mapping[str, Function] = {
    "hello": function("func() string", _hello),
    "trim": function(_ONE, charged(_trim), env=True),
    "trimall": function(_TWO, _trim_all, env=True),
    "trimAll": function(_TWO, _trim_all, env=True),
    "trimPrefix": function(_TWO, charged(_trim_prefix), env=True),
    "trimSuffix": function(_TWO, charged(_trim_suffix), env=True),
    "upper": function(_ONE, _upper, env=True),
    "lower": function(_ONE, _lower, env=True),
    "title": function(_ONE, charged(runes.title, _SLOW), env=True),
    "untitle": function(_ONE, charged(runes.untitle, _SLOW), env=True),
    "swapcase": function(_ONE, charged(runes.swap_case, _SLOW), env=True),
    "snakecase": function(_ONE, charged(partial(words.separate, connector="_"), _SLOW), env=True),
    "kebabcase": function(_ONE, charged(partial(words.separate, connector="-"), _SLOW), env=True),
    "camelcase": function(_ONE, charged(words.pascal, _SLOW), env=True),
    "nospace": function(_ONE, charged(_no_space, _SLOW), env=True),
    "initials": function(_ONE, charged(_initials, _SLOW), env=True),
    "contains": function(_TEST, charged(_contains), env=True),
    "hasPrefix": function(_TEST, charged(_has_prefix), env=True),
    "hasSuffix": function(_TEST, charged(_has_suffix), env=True),
    "trunc": function("func(int, string) string", charged(_trunc), env=True),
    "substr": function("func(int, int, string) string", charged(_substr), env=True),
    "abbrev": function("func(int, string) string", charged(_abbreviate), env=True),
    "abbrevboth": function("func(int, int, string) string", charged(_abbreviate_both), env=True),
    "repeat": function("func(int, string) string", _repeat, env=True),
    "indent": function("func(int, string) string", _indent, env=True),
    "nindent": function("func(int, string) string", _nindent, env=True),
    "replace": function("func(string, string, string) string", _replace, env=True),
    "plural": function("func(string, string, int) string", _plural),
    "wrap": function("func(int, string) string", _wrap, env=True),
    "wrapWith": function("func(int, string, string) string", _wrap_with, env=True),
}
