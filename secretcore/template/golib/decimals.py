"""The decimal arithmetic behind addf, subf, mulf and divf: exact sums and products, quotients to 16 places.

Input: floats. Output: the nearest float. Go uses shopspring/decimal, which starts from the shortest text of
a float.
"""

import math
from dataclasses import dataclass

DIVISION_PLACES = 16


class DecimalError(ValueError):
    """A number that decimal arithmetic has no result for; the message is Go's."""


@dataclass(frozen=True, slots=True)
class Decimal:
    """coefficient * 10**exponent."""

    coefficient: int
    exponent: int

    def __add__(self, other: "Decimal") -> "Decimal":
        exponent = min(self.exponent, other.exponent)
        return Decimal(self.scaled(exponent) + other.scaled(exponent), exponent)

    def __neg__(self) -> "Decimal":
        return Decimal(-self.coefficient, self.exponent)

    def __sub__(self, other: "Decimal") -> "Decimal":
        return self + -other

    def __mul__(self, other: "Decimal") -> "Decimal":
        return Decimal(self.coefficient * other.coefficient, self.exponent + other.exponent)

    def __truediv__(self, other: "Decimal") -> "Decimal":
        """Rounded to 16 places, halves away from zero."""
        if other.coefficient == 0:
            raise DecimalError("decimal division by 0")
        shift = self.exponent - other.exponent + DIVISION_PLACES
        numerator, denominator = abs(self.coefficient), abs(other.coefficient)
        if shift >= 0:
            numerator *= 10**shift
        else:
            denominator *= 10**-shift
        quotient, rest = divmod(numerator, denominator)
        quotient += rest * 2 >= denominator
        negative = (self.coefficient < 0) != (other.coefficient < 0)
        return Decimal(-quotient if negative else quotient, -DIVISION_PLACES)

    def scaled(self, exponent: int) -> int:
        """The coefficient at a lower exponent."""
        return self.coefficient * int(10 ** (self.exponent - exponent))

    @property
    def digits(self) -> int:
        """About how many digits the coefficient has, for the budget."""
        return self.coefficient.bit_length() // 3 + 1


def from_float(number: float) -> Decimal:
    """The shortest decimal that reads back as this float."""
    if not math.isfinite(number):
        name = "NaN" if math.isnan(number) else "+Inf" if number > 0 else "-Inf"
        raise DecimalError(f"Cannot create a Decimal from {name}")
    mantissa, _, exponent = repr(number).partition("e")
    whole, _, fraction = mantissa.partition(".")
    return Decimal(int(whole + fraction), int(exponent or 0) - len(fraction))


def to_float(number: Decimal) -> float:
    """The nearest float, infinite when there is none."""
    try:
        if number.exponent >= 0:
            return float(number.coefficient * 10**number.exponent)
        return float(number.coefficient / 10**-number.exponent)
    except OverflowError:
        return math.inf if number.coefficient > 0 else -math.inf
