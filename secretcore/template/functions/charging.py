"""Charging the budget for functions whose work grows with their texts and lists; every function file uses it.

Input: a plain function. Output: the callable for its declaration (with `env=True`), which charges first.
"""

from collections.abc import Callable
from typing import Any

from secretcore.template.declare import Environment


def size(value: Any) -> int:
    """About how many bytes a value's own text or list takes."""
    if isinstance(value, str | bytes):
        return len(value)
    return 16 * len(value) if isinstance(value, list | dict) else 16


def charged(call: Callable[..., Any], times: int = 1) -> Callable[..., Any]:
    """`call` with a first argument, the Environment, to which the arguments' size is charged `times` over."""

    def charging(env: Environment, *arguments: Any) -> Any:
        env.meter.string(times * sum(map(size, arguments)))
        return call(*arguments)

    return charging
