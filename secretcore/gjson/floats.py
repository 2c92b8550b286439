"""Numbers as Go reads and writes them: strconv.ParseFloat without its error, and FormatFloat(x, 'f', -1, 64).

Input are the number tokens of documents and the right sides of queries, well-formed or not.
"""

import math
import re

_DIGITS = rb"[0-9](?:_?[0-9])*+"
_DECIMAL = re.compile(rb"[+-]?(?:%b(?:\.(?:%b)?)?|\.%b)(?:[eE][+-]?%b)?" % ((_DIGITS,) * 4))
_HEX_DIGITS = rb"[0-9a-fA-F](?:_?[0-9a-fA-F])*+"
_HEX = re.compile(
    rb"[+-]?0[xX]_?(?:%b(?:\.(?:%b)?)?|\.%b)[pP][+-]?%b" % (_HEX_DIGITS, _HEX_DIGITS, _HEX_DIGITS, _DIGITS)
)
_SPECIAL = {b"inf": math.inf, b"infinity": math.inf, b"nan": math.nan}


def parse_float(text: bytes) -> float:
    """The number that `text` spells: 0.0 where it is none, an infinity where it is too large."""
    if _DECIMAL.fullmatch(text):
        return float(text)
    if _HEX.fullmatch(text):
        return _parse_hex(text.replace(b"_", b"").decode())
    sign, unsigned = (text[:1], text[1:]) if text[:1] in (b"+", b"-") else (b"", text)
    number = _SPECIAL.get(unsigned.lower(), 0.0)
    if sign and math.isnan(number):
        return 0.0
    return -number if sign == b"-" and number else number


def _parse_hex(text: str) -> float:
    try:
        return float.fromhex(text)
    except OverflowError:
        return -math.inf if text.startswith("-") else math.inf


def format_float(number: float) -> str:
    """The shortest digits that name this float, never with an exponent: `1e21` is 1000000000000000000000."""
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "+Inf" if number > 0 else "-Inf"
    mantissa, _, exponent = repr(abs(number)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    if fraction == "0":
        fraction = ""
    digits, point = whole + fraction, len(whole) + int(exponent or 0)
    if point <= 0:
        text = "0." + "0" * -point + digits
    elif point >= len(digits):
        text = digits + "0" * (point - len(digits))
    else:
        text = digits[:point] + "." + digits[point:]
    return "-" + text if math.copysign(1, number) < 0 else text
