"""Number and character constants of templates, read as Go reads them.

`constant` is the parser's way in; `parse_float` and `parse_integer` are Go's strconv.ParseFloat and
ParseInt with base 0, for constants only: their errors carry no text.
"""

import math
import re

from secretcore.template.nodes import Number
from secretcore.template.quoting import quote, unquote_character
from secretcore.template.tokens import CHARACTER, COMPLEX

_DECIMAL = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_HEXADECIMAL = re.compile(r"([+-]?)0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)[pP]([+-]?\d+)", re.ASCII)
_INTEGER = re.compile(
    r"[+-]?(?:0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0(?:_?[0-7])*|[1-9](?:_?[0-9])*)",
    re.ASCII,
)
_MISPLACED = re.compile(r"(?<![0-9])_|_(?![0-9])")
_MISPLACED_IN_HEXADECIMAL = re.compile(r"(?<![0-9a-fA-FxX])_|_(?![0-9a-fA-F])")
_BASES = {"x": 16, "b": 2, "o": 8}
_LONGEST = 400
"""Characters of a constant; a longer one could only be refused or lose digits."""
_SMALLEST, _LARGEST, _LARGEST_UNSIGNED = -(1 << 63), (1 << 63) - 1, (1 << 64) - 1


def parse_integer(text: str) -> int | None:
    """The integer that the text is (decimal, 0x, 0o, 0b, leading 0; underscores between digits); None if it
    is none.
    """
    if not _INTEGER.fullmatch(text):
        return None
    digits = text.lstrip("+-").replace("_", "").lower()
    base = _BASES.get(digits[1:2], 8) if digits.startswith("0") and len(digits) > 1 else 10
    number = int(digits[2:] if digits[1:2] in _BASES else digits, base)
    return -number if text.startswith("-") else number


def parse_float(text: str) -> float | None:
    """The float that the text is (decimal, or hexadecimal with p exponent); None if it is none or too
    large.
    """
    if "_" in text:
        hexadecimal = text.lstrip("+-")[:2].lower() == "0x"
        if (_MISPLACED_IN_HEXADECIMAL if hexadecimal else _MISPLACED).search(text):
            return None
        text = text.replace("_", "")
    if _DECIMAL.fullmatch(text):
        number = float(text)
    else:
        matched = _HEXADECIMAL.fullmatch(text)
        if not matched or not matched[2] + matched[3] or abs(int(matched[4])) > 10_000:
            return None
        try:
            number = float.fromhex(text)
        except (OverflowError, ValueError):
            return None
    return None if math.isinf(number) else number


def constant(position: int, text: str, kind: int) -> Number:
    """The number that a token stands for. ValueError with Go's words if it stands for none."""
    if len(text) > _LONGEST:
        raise ValueError(f"a number of {len(text)} characters")
    if len(text) < 19 and text.isdecimal() and text.isascii() and text[0] != "0":
        plain = int(text)
        return Number(position, text, plain, plain, float(plain))
    if kind == CHARACTER:
        code = unquote_character(text)
        return Number(position, text, code, code, float(code))
    if kind == COMPLEX:
        return _simplified(Number(position, text, imaginary=_complex(text)))
    if text.endswith("i") and (imaginary := parse_float(text[:-1])) is not None:
        return _simplified(Number(position, text, imaginary=complex(0, imaginary)))
    number = Number(position, text)
    integer = parse_integer(text)
    if integer is not None:
        if not text.startswith(("+", "-")) and integer <= _LARGEST_UNSIGNED:
            number.unsigned = integer
        if _SMALLEST <= integer <= _LARGEST:
            number.integer = integer
            number.unsigned = 0 if integer == 0 else number.unsigned
    if number.integer is not None:
        number.floating = float(number.integer)
    elif number.unsigned is not None:
        number.floating = float(number.unsigned)
    else:
        _as_float(number)
    return number


def _as_float(number: Number) -> None:
    floating = parse_float(number.text)
    if floating is None:
        raise ValueError(f"illegal number syntax: {quote(number.text)}")
    if not any(mark in number.text for mark in ".eEpP"):
        raise ValueError(f"integer overflow: {quote(number.text)}")
    number.floating = floating
    _integers_of(number, floating)


def _integers_of(number: Number, floating: float) -> None:
    if floating.is_integer():
        if -(2.0**63) <= floating < 2.0**63:
            number.integer = int(floating)
        if 0 <= floating < 2.0**64:
            number.unsigned = int(floating)


def _simplified(number: Number) -> Number:
    if number.imaginary is not None and number.imaginary.imag == 0:
        number.floating = number.imaginary.real
        _integers_of(number, number.floating)
    return number


def _complex(text: str) -> complex:
    split = max(text.rfind("+"), text.rfind("-"))
    if text[split - 1] in "eEpP" and split > 1:
        split = max(text.rfind("+", 0, split), text.rfind("-", 0, split))
    real, imaginary = parse_float(text[:split]), parse_float(text[split:-1])
    if real is None or imaginary is None:
        raise ValueError("syntax error scanning complex number")
    return complex(real, imaginary)
