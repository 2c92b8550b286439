"""Texts of float64 as encoding/json and strconv's 'g' write them.

Input: finite floats. Output: text; repr gives the digits, since Go and Python both take the shortest that
read back.
"""

import math
import struct


def shortest(value: float) -> tuple[str, int]:
    """The digits of a positive float without zeros at the ends, and the power of ten of the first one."""
    mantissa, _, exponent = repr(value).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    lead = len(whole) - 1 if whole != "0" else len(digits) - len(fraction) - 1
    return digits.rstrip("0"), lead + int(exponent or 0)


def _sign(value: float) -> str:
    return "-" if math.copysign(1, value) < 0 else ""


def _scientific(digits: str, exponent: int, width: int) -> str:
    point = "." if len(digits) > 1 else ""
    return f"{digits[0]}{point}{digits[1:]}e{'-' if exponent < 0 else '+'}{abs(exponent):0{width}d}"


def _fixed(digits: str, exponent: int) -> str:
    if exponent < 0:
        return f"0.{'0' * (-exponent - 1)}{digits}"
    whole, fraction = digits[: exponent + 1].ljust(exponent + 1, "0"), digits[exponent + 1 :]
    return f"{whole}.{fraction}" if fraction else whole


def as_json(value: float) -> str:
    """encoding/json: fixed from 1e-6 to 1e21."""
    if value == 0:
        return _sign(value) + "0"
    digits, exponent = shortest(abs(value))
    fixed = 1e-6 <= abs(value) < 1e21
    return _sign(value) + (_fixed(digits, exponent) if fixed else _scientific(digits, exponent, 1))


def as_general(value: float) -> str:
    """strconv.FormatFloat(value, 'g', -1, 64): fixed from 1e-4 to 1e6."""
    if value == 0:
        return _sign(value) + "0"
    digits, exponent = shortest(abs(value))
    fixed = -4 <= exponent < 6
    return _sign(value) + (_fixed(digits, exponent) if fixed else _scientific(digits, exponent, 2))


def as_general32(value: float) -> str:
    """strconv.FormatFloat(value, 'g', -1, 32): the shortest digits that read back as the same float32."""
    single = struct.unpack("f", struct.pack("f", value))[0] if abs(value) < _LARGEST_SINGLE else math.inf
    if math.isinf(single):
        return "-Inf" if value < 0 else "+Inf"
    for precision in range(1, 10):
        rounded = float(f"{single:.{precision}g}")
        if struct.unpack("f", struct.pack("f", rounded))[0] == single:
            return as_general(rounded)
    return as_general(single)


_LARGEST_SINGLE = 3.4028235677973366e38
