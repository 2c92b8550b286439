"""sprig's regular expressions: RE2 with Go's replacement syntax, through secretcore.regexp.

Input: patterns and Go strings. Output: strings, lists and booleans. The plain functions fail on a bad
pattern like their must* twins, but for regexMatch, which says false.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from secretcore.template.declare import Environment, Function, function
from secretcore.template.errors import FunctionError
from secretcore.template.functions.charging import work
from secretcore.template.values import normal

if TYPE_CHECKING:
    from secretcore.regexp import Regexp


_SCAN = 4096
"""Bytes that may be searched for one step: a single match can read the whole rest of the text."""
_STEPS_PER_MATCH = 8


def _compiled(env: Environment, pattern: str, value: str) -> "Regexp":
    from secretcore import regexp

    env.meter.regex(len(pattern))
    env.meter.string(len(value))
    work(env, len(value), 7)
    if not value.isascii():
        env.meter.step(len(value) // 2)
    try:
        return regexp.compile(pattern)
    except ValueError:
        raise FunctionError(f"error parsing regexp: a pattern of {len(pattern)} bytes is not valid") from None


def _matches(env: Environment, expression: "Regexp", value: str, count: int = -1) -> list[str]:
    """At most `count` matches (all, if negative), charged; too many are noticed without being collected."""
    most = min(env.budget.elements, env.meter.steps_left // _STEPS_PER_MATCH) + 1
    wanted = most if count < 0 else min(count, most)
    found = expression.find_all(value, wanted, lambda rest: env.meter.step(rest // _SCAN))
    env.meter.elements(len(found))
    env.meter.step(_STEPS_PER_MATCH * len(found))
    return found


def _must_match(env: Environment, pattern: str, value: str) -> bool:
    return _compiled(env, pattern, value).match(value)


def _match(env: Environment, pattern: str, value: str) -> bool:
    try:
        return _must_match(env, pattern, value)
    except FunctionError:
        return False


def _find(env: Environment, pattern: str, value: str) -> str:
    return _compiled(env, pattern, value).find(value)


def _find_all(env: Environment, pattern: str, value: str, count: int) -> list[str] | None:
    return _matches(env, _compiled(env, pattern, value), value, count) or None


def _for_replacing(env: Environment, pattern: str, value: str, replacement: str, references: int) -> "Regexp":
    """The expression, once its matches and the largest result that they can give are charged."""
    expression = _compiled(env, pattern, value)
    matches = _matches(env, expression, value)
    env.meter.step(_STEPS_PER_MATCH * len(matches))
    matched = sum(map(len, matches))
    env.meter.string(len(value) + len(matches) * len(replacement) + references * matched)
    return expression


def _replace_all(env: Environment, pattern: str, value: str, replacement: str) -> str:
    expression = _for_replacing(env, pattern, value, replacement, replacement.count("$"))
    return normal(expression.replace_all(value, replacement))


def _replace_all_literal(env: Environment, pattern: str, value: str, replacement: str) -> str:
    expression = _for_replacing(env, pattern, value, replacement, 0)
    return normal(expression.replace_all_literal(value, replacement))


def _split(env: Environment, pattern: str, value: str, count: int) -> list[str] | None:
    expression = _compiled(env, pattern, value)
    if count == 0:
        return None
    _matches(env, expression, value, count)
    return expression.split(value, count)


def _quote_meta(env: Environment, value: str) -> str:
    from secretcore import regexp

    env.meter.string(2 * len(value))
    return regexp.quote_meta(value)


_FIND = "func(string, string) string"
_LIST = "func(string, string, int) []string"
_REPLACE = "func(string, string, string) string"


def _twins(name: str, declared: Function) -> dict[str, Function]:
    return {name: declared, f"must{name[0].upper()}{name[1:]}": declared}


FUNCTIONS: Mapping[str, Function] = {
    "regexMatch": function("func(string, string) bool", _match, env=True),
    "mustRegexMatch": function("func(string, string) (bool, error)", _must_match, env=True),
    **_twins("regexFind", function(_FIND, _find, env=True)),
    **_twins("regexFindAll", function(_LIST, _find_all, env=True)),
    **_twins("regexReplaceAll", function(_REPLACE, _replace_all, env=True)),
    **_twins("regexReplaceAllLiteral", function(_REPLACE, _replace_all_literal, env=True)),
    **_twins("regexSplit", function(_LIST, _split, env=True)),
    "regexQuoteMeta": function("func(string) string", _quote_meta, env=True),
}
