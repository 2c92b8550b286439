"""sprig's functions between values and strings: quoting, joining, splitting, sorting.

Input: any values of the template model. Output: strings and lists of them.
"""

from collections.abc import Mapping
from typing import Any

from secretcore.template.declare import Environment, Function, function
from secretcore.template.format import show
from secretcore.template.functions.charging import work
from secretcore.template.quoting import quote as go_quote
from secretcore.template.values import GoSlice, normal, octets, text


def to_text(env: Environment, value: Any) -> str:
    """sprig's strval: strings and bytes as they are, everything else as %v prints it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return text(value)
    shown = show(value, env.budget.string, env.meter)
    env.meter.string(len(shown))
    return shown


def _shown(env: Environment, value: Any) -> str:
    """The value as %v prints it."""
    shown = value if isinstance(value, str) else show(value, env.budget.string, env.meter)
    env.meter.string(len(shown))
    return shown


def to_texts(env: Environment, value: Any) -> list[str]:
    """sprig's strslice: the elements of a list as strings without the nil ones, or the one value."""
    if isinstance(value, GoSlice):
        env.meter.elements(len(value))
        return [to_text(env, item) for item in value if item is not None]
    if isinstance(value, bytes):
        env.meter.elements(len(value))
        return [str(byte) for byte in value]
    return [] if value is None else [to_text(env, value)]


def _quote(env: Environment, *values: Any) -> str:
    out = []
    for value in values:
        if value is not None:
            shown = to_text(env, value)
            env.meter.string(len(shown))
            if not shown.isascii():
                work(env, len(shown), 60)
            out.append(go_quote(shown))
    return " ".join(out)


def _single_quote(env: Environment, *values: Any) -> str:
    return " ".join([f"'{_shown(env, value)}'" for value in values if value is not None])


def _cat(env: Environment, *values: Any) -> str:
    return " ".join([_shown(env, value) for value in values if value is not None])


def _join(env: Environment, separator: str, value: Any) -> str:
    parts = to_texts(env, value)
    env.meter.string(sum(map(len, parts)) + len(separator) * len(parts))
    return normal(separator.join(parts))


def _sort_alpha(env: Environment, value: Any) -> list[str]:
    return sorted(to_texts(env, value), key=octets) if isinstance(value, GoSlice | bytes) else [to_text(env, value)]


def parts(env: Environment, separator: str, value: str, limit: int = -1) -> list[str]:
    """strings.SplitN; charged by the number of parts."""
    raw, between = octets(value), octets(separator)
    env.meter.string(len(raw))
    if limit == 0:
        return []
    if not between:
        env.meter.elements(len(value) if limit < 0 else min(limit, len(value)))
        chars = list(value)
        return chars if limit < 0 or limit >= len(chars) else [*chars[: limit - 1], "".join(chars[limit - 1 :])]
    count = raw.count(between) + 1
    env.meter.elements(count if limit < 0 else min(limit, count))
    return [text(part) for part in raw.split(between, limit - 1 if limit > 0 else -1)]


def _split(env: Environment, separator: str, value: str) -> dict[str, str]:
    return {f"_{index}": part for index, part in enumerate(parts(env, separator, value))}


def _split_n(env: Environment, separator: str, limit: int, value: str) -> dict[str, str]:
    return {f"_{index}": part for index, part in enumerate(parts(env, separator, value, limit))}


FUNCTIONS: Mapping[str, Function] = {
    "toString": function("func(interface {}) string", to_text, env=True),
    "toStrings": function("func(interface {}) []string", to_texts, env=True),
    "quote": function("func(...interface {}) string", _quote, env=True),
    "squote": function("func(...interface {}) string", _single_quote, env=True),
    "cat": function("func(...interface {}) string", _cat, env=True),
    "join": function("func(string, interface {}) string", _join, env=True),
    "sortAlpha": function("func(interface {}) []string", _sort_alpha, env=True),
    "split": function("func(string, string) map[string]string", _split, env=True),
    "splitList": function("func(string, string) []string", parts, env=True),
    "splitn": function("func(string, int, string) map[string]string", _split_n, env=True),
}
