"""sprig's regular expressions: RE2 with Go's replacement syntax, through secretcore.regexp.

Input: patterns and Go strings. Output: strings, lists and booleans. The plain functions fail on a bad
pattern like their must* twins, but for regexMatch, which says false.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from secretcore.template.declare import Environment, Function, function
from secretcore.template.errors import FunctionError

if TYPE_CHECKING:
    from secretcore.regexp import Regexp


def _compiled(env: Environment, pattern: str, value: str) -> "Regexp":
    from secretcore import regexp

    env.meter.regex(len(pattern))
    env.meter.string(8 * len(value))
    try:
        return regexp.compile(pattern)
    except ValueError:
        raise FunctionError(f"error parsing regexp: a pattern of {len(pattern)} bytes") from None


def _must_match(env: Environment, pattern: str, value: str) -> bool:
    return _compiled(env, pattern, value).match(value)


def _match(env: Environment, pattern: str, value: str) -> bool:
    try:
        return _must_match(env, pattern, value)
    except FunctionError:
        return False


def _find(env: Environment, pattern: str, value: str) -> str:
    return _compiled(env, pattern, value).find(value) or ""


def _find_all(env: Environment, pattern: str, value: str, count: int) -> list[str] | None:
    found = _compiled(env, pattern, value).find_all(value, _limit(env, count))
    env.meter.elements(len(found or ()))
    return found or None


def _limit(env: Environment, count: int) -> int:
    """One more than the budget's elements at most, so that too many are noticed without being collected."""
    most = env.budget.elements + 1
    return most if count < 0 else min(count, most)


def _replace_all(env: Environment, pattern: str, value: str, replacement: str) -> str:
    expression = _compiled(env, pattern, value)
    env.meter.string((len(value) + 1) * max(len(replacement), 1))
    return expression.replace_all(value, replacement)


def _replace_all_literal(env: Environment, pattern: str, value: str, replacement: str) -> str:
    expression = _compiled(env, pattern, value)
    env.meter.string((len(value) + 1) * max(len(replacement), 1))
    return expression.replace_all_literal(value, replacement)


def _split(env: Environment, pattern: str, value: str, count: int) -> list[str] | None:
    expression = _compiled(env, pattern, value)
    if count == 0:
        return None
    parts = expression.split(value, _limit(env, count))
    env.meter.elements(len(parts))
    return parts


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
