"""spf13/cast: any value as an int64 or a float64; what can't be read is 0, without an error.

Input: values of the template model. Output: Python ints within int64, floats; the number functions start
with it.
"""

import re
from typing import Any

from secretcore.template.golib.integers import float_to_int64, parse_float, parse_int, wrap64

_DECIMAL = re.compile(r"([-+]?[0-9]*)(?:\.[0-9]*)?\Z")


def to_int64(value: Any) -> int:
    """cast.ToInt64: texts in any base (0x, 0o, leading 0), with a decimal fraction that is dropped."""
    if isinstance(value, int):
        return wrap64(int(value))
    if isinstance(value, float):
        return float_to_int64(value)
    if isinstance(value, str):
        return _from_text(value)
    return 0


def _from_text(value: str) -> int:
    if "." in value:
        found = _DECIMAL.match(value)
        if found is not None:
            value = found[1] + "0" if found[1] in ("", "-", "+") else found[1]
    number, error = parse_int(value, 0)
    return 0 if error else number


def to_float64(value: Any) -> float:
    """cast.ToFloat64."""
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str):
        number, error = parse_float(value)
        return 0.0 if error else number
    return 0.0
