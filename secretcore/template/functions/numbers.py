"""sprig's number functions: integer arithmetic with Go's wrap-around, decimal arithmetic, ranges of integers.

Input: any values, read by `casts`. Output: int64, float64, lists of ints.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

from secretcore.template.declare import Environment, Function, function
from secretcore.template.errors import FunctionError
from secretcore.template.format import show
from secretcore.template.functions.casts import to_float64, to_int64
from secretcore.template.golib import decimals
from secretcore.template.golib.decimals import Decimal
from secretcore.template.golib.integers import divide, parse_int, power, remainder, wrap64


def _atoi(value: str) -> int:
    return parse_int(value)[0]


def _add(*values: Any) -> int:
    return wrap64(sum(map(to_int64, values)))


def _add1(value: Any) -> int:
    return to_int64(value) + 1


def _sub(left: Any, right: Any) -> int:
    return to_int64(left) - to_int64(right)


def _mul(first: Any, *others: Any) -> int:
    product = to_int64(first)
    for other in others:
        product = wrap64(product * to_int64(other))
    return product


def _divisor(value: Any) -> int:
    number = to_int64(value)
    if number == 0:
        raise FunctionError("runtime error: integer divide by zero")
    return number


def _div(left: Any, right: Any) -> int:
    return divide(to_int64(left), _divisor(right))


def _mod(left: Any, right: Any) -> int:
    return remainder(to_int64(left), _divisor(right))


def _max(first: Any, *others: Any) -> int:
    return max(map(to_int64, (first, *others)))


def _min(first: Any, *others: Any) -> int:
    return min(map(to_int64, (first, *others)))


def _extreme(values: tuple[Any, ...], sign: float) -> float:
    """math.Max (sign 1) or math.Min (sign -1) over all: infinity wins, then NaN, and 0 beats -0."""
    out = to_float64(values[0])
    for value in values[1:]:
        other = to_float64(value)
        if sign * math.inf in (out, other):
            out = sign * math.inf
        elif math.isnan(out) or math.isnan(other):
            out = math.nan
        elif out == other == 0:
            out = out if math.copysign(1, out) == sign else other
        else:
            out = other if sign * other > sign * out else out
    return out


def _maxf(first: Any, *others: Any) -> float:
    return _extreme((first, *others), 1.0)


def _minf(first: Any, *others: Any) -> float:
    return _extreme((first, *others), -1.0)


def _whole(rounding: Callable[[float], int], number: float) -> float:
    return math.copysign(float(rounding(number)), number) if math.isfinite(number) else number


def _floor(value: Any) -> float:
    return _whole(math.floor, to_float64(value))


def _ceil(value: Any) -> float:
    return _whole(math.ceil, to_float64(value))


def _round(value: Any, places: int, *threshold: float) -> float:
    """Rounds up where the fraction reaches the threshold (.5), otherwise down: negative numbers always
    down.
    """
    scale = power(10.0, places)
    scaled = scale * to_float64(value)
    fraction = math.modf(scaled)[0] if math.isfinite(scaled) else scaled if math.isnan(scaled) else math.nan
    rounding = math.ceil if fraction >= (threshold[0] if threshold else 0.5) else math.floor
    number = _whole(rounding, scaled)
    if scale == 0:
        return math.nan if number == 0 or math.isnan(number) else math.copysign(math.inf, number)
    return number / scale


def _to_decimal(env: Environment, value: Any) -> int:
    number, error = parse_int(show(value, env.budget.string, env.meter), 8)
    return 0 if error else number


def _exactly(operation: Callable[[Decimal, Decimal], Decimal]) -> Callable[..., float]:
    def run(env: Environment, first: Any, *others: Any) -> float:
        try:
            result = decimals.from_float(to_float64(first))
            for other in others:
                env.meter.step((result.digits + abs(result.exponent)) // 32 + 1)
                result = operation(result, decimals.from_float(to_float64(other)))
            env.meter.step((result.digits + abs(result.exponent)) // 32 + 1)
            return decimals.to_float(result)
        except decimals.DecimalError as error:
            raise FunctionError(str(error)) from None

    return run


_subtracted = _exactly(Decimal.__sub__)
_multiplied = _exactly(Decimal.__mul__)
_divided = _exactly(Decimal.__truediv__)
_added = _exactly(Decimal.__add__)


def _addf(env: Environment, *values: Any) -> float:
    return _added(env, 0.0, *values)


def _add1f(env: Environment, value: Any) -> float:
    return _added(env, value, 1)


def _steps(env: Environment, start: int, stop: int, step: int) -> list[int]:
    """start, start+step, ... before stop; empty where the step leads away from it."""
    if step == 0 or (stop < start) != (step < 0):
        return []
    numbers = range(start, stop, step)
    env.meter.elements(-((start - stop) // step))
    return list(numbers)


def _until(env: Environment, count: int) -> list[int]:
    return _steps(env, 0, count, -1 if count < 0 else 1)


def _seq(env: Environment, *params: int) -> str:
    match params:
        case [end]:
            start, step = 1, -1 if end < 1 else 1
        case [start, end]:
            step = -1 if end < start else 1
        case [start, step, end]:
            if end < start and step > 0:
                return ""
        case _:
            return ""
    numbers = _steps(env, start, end + (-1 if end < start else 1), step)
    env.meter.string(20 * len(numbers))
    return " ".join(map(str, numbers))


_ANY, _ANYS = "interface {}", "...interface {}"
_ONE_INT, _MORE_INTS = f"func({_ANY}) int64", f"func({_ANY}, {_ANYS}) int64"
_ONE_FLOAT, _MORE_FLOATS = f"func({_ANY}) float64", f"func({_ANY}, {_ANYS}) float64"

FUNCTIONS: Mapping[str, Function] = {
    "atoi": function("func(string) int", _atoi),
    "int": function(f"func({_ANY}) int", to_int64),
    "int64": function(_ONE_INT, to_int64),
    "float64": function(_ONE_FLOAT, to_float64),
    "toDecimal": function(_ONE_INT, _to_decimal, env=True),
    "add": function(f"func({_ANYS}) int64", _add),
    "add1": function(_ONE_INT, _add1),
    "sub": function(f"func({_ANY}, {_ANY}) int64", _sub),
    "div": function(f"func({_ANY}, {_ANY}) int64", _div),
    "mod": function(f"func({_ANY}, {_ANY}) int64", _mod),
    "mul": function(_MORE_INTS, _mul),
    "max": function(_MORE_INTS, _max),
    "biggest": function(_MORE_INTS, _max),
    "min": function(_MORE_INTS, _min),
    "maxf": function(_MORE_FLOATS, _maxf),
    "minf": function(_MORE_FLOATS, _minf),
    "add1f": function(_ONE_FLOAT, _add1f, env=True),
    "addf": function(f"func({_ANYS}) float64", _addf, env=True),
    "subf": function(_MORE_FLOATS, _subtracted, env=True),
    "mulf": function(_MORE_FLOATS, _multiplied, env=True),
    "divf": function(_MORE_FLOATS, _divided, env=True),
    "floor": function(_ONE_FLOAT, _floor),
    "ceil": function(_ONE_FLOAT, _ceil),
    "round": function(f"func({_ANY}, int, ...float64) float64", _round),
    "until": function("func(int) []int", _until, env=True),
    "untilStep": function("func(int, int, int) []int", _steps, env=True),
    "seq": function("func(...int) string", _seq, env=True),
}
