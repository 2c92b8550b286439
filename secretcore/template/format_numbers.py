"""Numbers as Go's fmt and strconv print them.

`floating` is strconv.FormatFloat; `pad_*` apply the flags, width and precision of a verb. Used by
`format_values`, and by functions that print floats.
"""

import math
import struct
from dataclasses import dataclass

from secretcore.template.quoting import printable, quote_character

_SHORTEST_LIMIT = 6
"""From this decimal exponent on the shortest %g is in exponential notation."""


@dataclass(slots=True)
class Flags:
    """What stands between % and the verb."""

    width: int | None = None
    precision: int | None = None
    minus: bool = False
    plus: bool = False
    sharp: bool = False
    space: bool = False
    zero: bool = False
    sharp_v: bool = False
    """# with %v: Go syntax."""
    plus_v: bool = False
    """+ with %v: field names."""

    def pad(self, shown: str, *, zero: bool | None = None) -> str:
        """Widen to the width, on the left unless there is a minus."""
        missing = (self.width or 0) - len(shown)
        if missing <= 0:
            return shown
        if self.minus:
            return shown + " " * missing
        return ("0" if (self.zero if zero is None else zero) else " ") * missing + shown


def floating(number: float, verb: str = "g", precision: int = -1, bits: int = 64) -> str:
    """strconv.FormatFloat: verb one of e E f g G b x X, precision -1 for the shortest that reads back the
    same.
    """
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "+Inf" if number > 0 else "-Inf"
    sign = "-" if math.copysign(1, number) < 0 else ""
    number = abs(number)
    if verb in "xX":
        shown = _hexadecimal(number, precision, bits)
        return sign + (shown.upper() if verb == "X" else shown)
    if verb == "b":
        return sign + _binary(number, bits)
    shortest = precision < 0
    if shortest:
        digits, point = _shortest(number, bits)
        precision = {"e": len(digits) - 1, "f": max(len(digits) - point, 0), "g": len(digits)}[verb.lower()]
    elif verb.lower() == "g":
        precision = precision or 1
        digits, point = _rounded(number, precision)
    if verb == "f":
        return sign + (_plain(digits, point) if shortest else f"{number:.{precision}f}")
    if verb in "eE":
        shown = _exponential(digits, point) if shortest else _exponent_digits(f"{number:.{precision}e}")
    elif point - 1 < -4 or point - 1 >= (_SHORTEST_LIMIT if shortest else precision):
        shown = _exponential(digits, point)
    else:
        shown = _plain(digits, point)
    return sign + (shown.upper() if verb in "EG" else shown)


def _shortest(number: float, bits: int) -> tuple[str, int]:
    """The fewest digits that read back the same, without trailing zeros, and where the decimal point is."""
    if bits == 32:
        for precision in range(9):
            shown = f"{number:.{precision}e}"
            if struct.unpack("f", struct.pack("f", float(shown)))[0] == number:
                break
        return _split(shown)
    return _split(repr(number))


def _rounded(number: float, precision: int) -> tuple[str, int]:
    return _split(f"{number:.{precision - 1}e}")


def _split(shown: str) -> tuple[str, int]:
    mantissa, _, exponent = shown.partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    return (digits, point) if digits else ("", 0)


def _plain(digits: str, point: int) -> str:
    if not digits:
        return "0"
    if point <= 0:
        return "0." + "0" * -point + digits
    whole = digits[:point].ljust(point, "0")
    return f"{whole}.{digits[point:]}" if digits[point:] else whole


def _exponential(digits: str, point: int) -> str:
    exponent = point - 1 if digits else 0
    first, rest = digits[:1] or "0", digits[1:]
    return f"{first}{'.' if rest else ''}{rest}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _exponent_digits(shown: str) -> str:
    mantissa, _, exponent = shown.partition("e")
    return f"{mantissa}e{exponent[0]}{exponent[1:].rjust(2, '0')}"


def _mantissa(number: float, bits: int) -> tuple[int, int]:
    """The number as mantissa * 2 ** exponent, the mantissa as wide as the format's."""
    width, smallest = (24, -149) if bits == 32 else (53, -1074)
    _, exponent = math.frexp(number)
    exponent = max(exponent - width, smallest)
    return int(math.ldexp(number, -exponent)), exponent


def _binary(number: float, bits: int) -> str:
    mantissa, exponent = _mantissa(number, bits)
    if not number:
        exponent = -149 if bits == 32 else -1074
    return f"{mantissa}p{exponent:+d}"


def _hexadecimal(number: float, precision: int, bits: int) -> str:
    if not number:
        fraction = "." + "0" * precision if precision > 0 else ""
        return f"0x0{fraction}p+00"
    mantissa, exponent = _mantissa(number, bits)
    exponent += mantissa.bit_length() - 1
    mantissa <<= 61 - mantissa.bit_length()  # one bit before the point, 60 after it
    if 0 <= precision < 15:
        shift = 60 - precision * 4
        extra = mantissa & ((1 << shift) - 1)
        mantissa >>= shift
        half = 1 << (shift - 1)
        mantissa += extra > half or (extra == half and mantissa & 1)
        mantissa <<= shift
        if mantissa >> 61:
            mantissa >>= 1
            exponent += 1
    digits = f"{mantissa & ((1 << 60) - 1):015x}"
    digits = digits.rstrip("0") if precision < 0 else digits[:precision].ljust(precision, "0")
    return f"0x1{'.' if digits else ''}{digits}p{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def pad_floating(flags: Flags, number: float, verb: str, precision: int, bits: int = 64) -> str:
    """A float under the flags of its verb; the precision is the verb's own, used where the flags give
    none.
    """
    precision = precision if flags.precision is None else flags.precision
    shown = floating(number, verb, precision, bits)
    sign, shown = (shown[0], shown[1:]) if shown[0] in "+-" else ("+", shown)
    if flags.space and sign == "+" and not flags.plus:
        sign = " "
    if shown in ("Inf", "NaN"):
        if shown == "NaN" and not flags.space and not flags.plus:
            return flags.pad(shown, zero=False)
        return flags.pad(sign + shown if flags.plus or sign != "+" else shown, zero=False)
    if flags.sharp and verb != "b":
        shown = _with_point(shown, verb, precision)
    if not flags.plus and sign == "+":
        return flags.pad(shown)
    missing = (flags.width or 0) - len(shown) - 1
    if flags.zero and not flags.minus and missing > 0:
        return sign + "0" * missing + shown
    return flags.pad(sign + shown)


def _with_point(shown: str, verb: str, precision: int) -> str:
    """What # asks for: a decimal point always, and for %g the trailing zeros."""
    digits = (6 if precision < 0 else precision) if verb in "gGx" else 0
    marks = "pP" if verb in "xX" else "eEpP"
    at = next((index for index, character in enumerate(shown) if character in marks), len(shown))
    number, tail = shown[:at], shown[at:]
    significant = number.replace(".", "").lstrip("0")
    digits -= len(significant)
    if "." not in number:
        digits -= number == "0"
        number += "."
    return number + "0" * max(digits, 0) + tail


def pad_integer(flags: Flags, number: int, base: str, verb: str = "d") -> str:
    """An integer under the flags of its verb; base is one of d b o x X."""
    digits = format(abs(number), base)
    least = 0
    if flags.precision is not None:
        least = flags.precision
        if least == 0 and number == 0:
            return " " * (flags.width or 0)
    elif flags.zero and not flags.minus and flags.width is not None:
        least = flags.width - (number < 0 or flags.plus or flags.space)
    digits = digits.rjust(least, "0")
    if flags.sharp:
        digits = _with_prefix(digits, base)
    if verb == "O":
        digits = "0o" + digits
    sign = "-" if number < 0 else "+" if flags.plus else " " if flags.space else ""
    return flags.pad(sign + digits, zero=False)


def _with_prefix(digits: str, base: str) -> str:
    if base == "o":
        return digits if digits.startswith("0") else "0" + digits
    return {"b": "0b", "x": "0x", "X": "0X"}.get(base, "") + digits


def pad_character(flags: Flags, number: int) -> str:
    """%c."""
    valid = 0 <= number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF
    return flags.pad(chr(number) if valid else "\ufffd")


def pad_quoted_character(flags: Flags, number: int) -> str:
    """%q of an integer."""
    return flags.pad(quote_character(number, ascii_only=flags.plus))


def pad_unicode(flags: Flags, number: int) -> str:
    """%U of an integer."""
    number &= (1 << 64) - 1
    shown = "U+" + format(number, "X").rjust(max(flags.precision or 0, 4), "0")
    if flags.sharp and number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF and printable(chr(number)):
        shown += f" '{chr(number)}'"
    return flags.pad(shown, zero=False)
