"""sprig's JSON functions: fromJson and toJson in their kinds. The plain ones swallow errors, the must* ones
don't.

Input: texts and values. Output: values (numbers are float64) and texts.
"""

from collections.abc import Callable, Mapping
from typing import Any

from secretcore.template.declare import Environment, Function, function
from secretcore.template.errors import FunctionError
from secretcore.template.golib.json_text import JsonError, Writer, parse


def _read(env: Environment, document: str) -> tuple[Any, JsonError | None]:
    env.meter.document(len(document))
    env.meter.step(sum(map(document.count, "[{,")))
    return parse(document)


def _from_json(env: Environment, document: str) -> Any:
    return _read(env, document)[0]


def _must_from_json(env: Environment, document: str) -> Any:
    value, error = _read(env, document)
    if error is not None:
        raise FunctionError(str(error))
    return value


def _written(env: Environment, value: Any, *, html: bool, indent: str) -> str:
    total = 0

    def charge(length: int) -> None:
        nonlocal total
        total += length
        env.meter.step()
        if total > env.budget.string or length > env.budget.string // 8:
            env.meter.string(total)

    shown = Writer(charge, html=html, indent=indent).write(value)
    env.meter.string(len(shown))
    return shown


def _must_write(*, html: bool = True, indent: str = "") -> Callable[[Environment, Any], str]:
    def run(env: Environment, value: Any) -> str:
        try:
            return _written(env, value, html=html, indent=indent)
        except JsonError as error:
            raise FunctionError(str(error)) from None

    return run


def _write(*, indent: str = "") -> Callable[[Environment, Any], str]:
    def run(env: Environment, value: Any) -> str:
        try:
            return _written(env, value, html=True, indent=indent)
        except JsonError:
            return ""

    return run


_PRETTY = "  "
_READ, _WRITE = "func(string) interface {}", "func(interface {}) string"

FUNCTIONS: Mapping[str, Function] = {
    "fromJson": function(_READ, _from_json, env=True),
    "mustFromJson": function(_READ, _must_from_json, env=True),
    "toJson": function(_WRITE, _write(), env=True),
    "mustToJson": function(_WRITE, _must_write(), env=True),
    "toPrettyJson": function(_WRITE, _write(indent=_PRETTY), env=True),
    "mustToPrettyJson": function(_WRITE, _must_write(indent=_PRETTY), env=True),
    "toRawJson": function(_WRITE, _must_write(html=False), env=True),
    "mustToRawJson": function(_WRITE, _must_write(html=False), env=True),
}
