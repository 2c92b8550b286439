"""Charging the budget for functions whose work grows with their texts and lists; every function file uses it.

Input: a plain function. Output: the callable for its declaration (with `env=True`), which charges first.
"""

from collections.abc import Callable
from typing import Any

from secretcore.template.budget import BYTES_PER_STEP
from secretcore.template.declare import Environment


def size(value: Any) -> int:
    """About how many bytes a value's own text or list takes."""
    if isinstance(value, str | bytes):
        return len(value)
    return 16 * len(value) if isinstance(value, list | dict) else 16


def work(env: Environment, length: int, times: int) -> None:
    """Charge work on so many bytes, each of which costs `times` as much as copying it."""
    env.meter.step(length * times // BYTES_PER_STEP)


def charged(call: Callable[..., Any], times: int = 1) -> Callable[..., Any]:
    """`call` with a first argument, the Environment, to which the arguments' size is charged; each byte costs
    `times` as much as copying it.
    """

    def charging(env: Environment, *arguments: Any) -> Any:
        total = sum(map(size, arguments))
        env.meter.string(total)
        work(env, total, times - 1)
        return call(*arguments)

    return charging
