"""Go's 64-bit integers and strconv: wrap-around, division, ParseInt, ParseFloat, float to int conversion.

Input: Python ints, floats and texts from the function tables. Output: Python ints within int64, floats, or
an error kind; never the text itself, because templates work on secret values.
"""

import math
import re
from enum import Enum

MIN_INT64 = -(1 << 63)
MAX_INT64 = (1 << 63) - 1
MAX_UINT64 = (1 << 64) - 1


class NumError(Enum):
    """Why strconv refuses a text."""

    SYNTAX = "invalid syntax"
    RANGE = "value out of range"


def wrap64(number: int) -> int:
    """The int64 that Go's arithmetic leaves of an exact result."""
    if MIN_INT64 <= number <= MAX_INT64:
        return number
    return ((number + (1 << 63)) & MAX_UINT64) - (1 << 63)


def divide(left: int, right: int) -> int:
    """Go's int64 division: towards zero; right must not be 0."""
    quotient = abs(left) // abs(right)
    return wrap64(quotient if (left < 0) == (right < 0) else -quotient)


def remainder(left: int, right: int) -> int:
    """Go's int64 remainder: the sign of the left operand; right must not be 0."""
    rest = abs(left) % abs(right)
    return -rest if left < 0 else rest


def float_to_int64(number: float) -> int:
    """Go's int64(f) on amd64: truncated, and the smallest int64 for everything that doesn't fit."""
    if math.isfinite(number) and -(2.0**63) <= number < 2.0**63:
        return int(number)
    return MIN_INT64


_DIGITS = {2: "01", 8: "01234567", 10: "0123456789", 16: "0123456789abcdef"}


def parse_int(text: str, base: int = 10) -> tuple[int, NumError | None]:
    """strconv.ParseInt(text, base, 64): the value and why it is not exact (the nearest int64 when out of
    range).

    base 0 takes the base from the prefix (0x, 0o, 0, 0b) and allows underscores between digits.
    """
    negative = text[:1] == "-"
    magnitude, error = parse_uint(text[1:] if text[:1] in ("+", "-") and text else text, base)
    if error is NumError.SYNTAX:
        return 0, error
    limit = 1 << 63
    if not negative and magnitude >= limit:
        return MAX_INT64, NumError.RANGE
    if negative and magnitude > limit:
        return MIN_INT64, NumError.RANGE
    return (-magnitude if negative else magnitude), error


def parse_uint(text: str, base: int = 10) -> tuple[int, NumError | None]:
    """strconv.ParseUint(text, base, 64), as parse_int says it."""
    digits, base, ok = _split_base(text) if base == 0 else (text, base, True)
    allowed = _DIGITS[base]
    lowered = digits.lower() if digits.isascii() else ""
    if not ok or not lowered or any(char not in allowed for char in lowered):
        return 0, NumError.SYNTAX
    lowered = lowered.lstrip("0") or "0"
    if len(lowered) > 64:
        return MAX_UINT64, NumError.RANGE
    value = int(lowered, base)
    return (value, None) if value <= MAX_UINT64 else (MAX_UINT64, NumError.RANGE)


def _split_base(text: str) -> tuple[str, int, bool]:
    base, digits = 10, text
    if text[:1] == "0":
        prefix = text[1:2].lower()
        base = {"b": 2, "o": 8, "x": 16}.get(prefix, 8)
        digits = text[2:] if prefix in ("b", "o", "x") and len(text) >= 3 else text[1:]
        if digits == "" and text == "0":
            return "0", 10, True
    if "_" in text:
        return digits.replace("_", ""), base, _underscores_ok(text)
    return digits, base, True


def _underscores_ok(text: str) -> bool:
    """Whether each underscore stands between digits, or between a base prefix and a digit."""
    body = text.lstrip("+-") if text[:1] in ("+", "-") else text
    hexadecimal = False
    last = "^"
    if len(body) >= 2 and body[0] == "0" and body[1] in "bBoOxX":
        hexadecimal = body[1] in "xX"
        body, last = body[2:], "0"
    for char in body:
        if char.isascii() and (char.isdigit() or (hexadecimal and char in "abcdefABCDEF")):
            last = "0"
        elif char == "_":
            if last != "0":
                return False
            last = "_"
        else:
            if last == "_":
                return False
            last = "!"
    return last != "_"


_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z")
_HEXADECIMAL = re.compile(r"[+-]?0[xX](?:_?[0-9a-fA-F]+)*\.?[0-9a-fA-F_]*[pP][+-]?[0-9_]+\Z")
_SPECIAL = re.compile(r"(?:[+-]?inf(?:inity)?|nan)\Z", re.IGNORECASE)
_LONGEST = 10_000  # a number text beyond this is refused: its parsing would cost more than it can be worth


def parse_float(text: str) -> tuple[float, NumError | None]:
    """strconv.ParseFloat(text, 64): infinity and RANGE when too large."""
    if not text.isascii() or len(text) > _LONGEST:
        return 0.0, NumError.SYNTAX
    if "_" in text and _underscores_ok(text) and text.lstrip("+-")[:2].lower() != "0x":
        text = text.replace("_", "")
    if _DECIMAL.match(text) or _SPECIAL.match(text):
        value = float(text)
        return value, NumError.RANGE if math.isinf(value) and not _SPECIAL.match(text) else None
    if _HEXADECIMAL.match(text) and _underscores_ok(text):
        return _parse_hex_float(text.replace("_", ""))
    return 0.0, NumError.SYNTAX


def _parse_hex_float(text: str) -> tuple[float, NumError | None]:
    try:
        return float.fromhex(text), None
    except OverflowError:
        return (-math.inf if text.startswith("-") else math.inf), NumError.RANGE
    except ValueError:
        return 0.0, NumError.SYNTAX


def power(base: float, exponent: int) -> float:
    """Go's math.Pow for a whole exponent: repeated squaring on the mantissa, so its last bit is Go's."""
    if base in (0.0, 1.0) or exponent == 0:
        return math.pow(base, exponent) if not (base == 0.0 and exponent < 0) else math.inf
    if abs(exponent) >= 1 << 20:
        return math.inf if exponent > 0 else 0.0
    result, result_exponent = 1.0, 0
    mantissa, binary = math.frexp(base)
    count = abs(exponent)
    while count:
        if count & 1:
            result *= mantissa
            result_exponent += binary
        mantissa *= mantissa
        binary <<= 1
        if mantissa < 0.5:
            mantissa += mantissa
            binary -= 1
        count >>= 1
    if exponent < 0:
        result, result_exponent = 1 / result, -result_exponent
    try:
        return math.ldexp(result, result_exponent)
    except OverflowError:
        return math.inf
