"""Go's fmt.Sprint, Sprintln and Sprintf over values of this model.

The builtins print, println and printf are these, and functions format with them; `format_values` prints one
value, `format_numbers` one number.
"""

from typing import Any

from secretcore.template.budget import Meter
from secretcore.template.format_numbers import Flags
from secretcore.template.format_scalars import LARGEST
from secretcore.template.format_values import NO_FLAGS, Printer, show
from secretcore.template.values import INTEGERS, kind_of, type_name

__all__ = ["show", "sprint", "sprintf", "sprintln"]

_LARGEST_WIDTH = 1_000_000
_FLAG_NAMES = {"#": "sharp", "0": "zero", "+": "plus", "-": "minus", " ": "space"}


def sprint(values: tuple[Any, ...], largest: int = LARGEST, meter: Meter | None = None) -> str:
    """Sprint: a space between two neighbours of which neither is a string."""
    printer = Printer(largest, meter)
    before = True
    for at, value in enumerate(values):
        is_string = kind_of(value) == "string"
        if at and not is_string and not before:
            printer.write(" ")
        printer.plain(value)
        before = is_string
    return printer.result()


def sprintln(values: tuple[Any, ...], largest: int = LARGEST, meter: Meter | None = None) -> str:
    """Sprintln: a space between all, a newline at the end."""
    printer = Printer(largest, meter)
    for at, value in enumerate(values):
        if at:
            printer.write(" ")
        printer.plain(value)
    printer.write("\n")
    return printer.result()


def sprintf(
    pattern: str, values: tuple[Any, ...], largest: int = LARGEST, meter: Meter | None = None
) -> str:  # fmt: skip
    """Sprintf, mistakes in the pattern included: they come out as text such as `%!d(string=hi)`."""
    return _Format(pattern, values, Printer(largest, meter)).run()


class _Format:
    """One run over one pattern."""

    def __init__(self, pattern: str, values: tuple[Any, ...], printer: Printer) -> None:
        self._pattern = pattern
        self._values = values
        self._printer = printer
        self._at = 0
        self._argument = 0
        self._reordered = False
        self._good_index = True
        self._after_index = False

    def run(self) -> str:
        pattern, printer = self._pattern, self._printer
        while True:
            found = pattern.find("%", self._at)
            if found < 0:
                printer.write(pattern[self._at :])
                break
            printer.write(pattern[self._at : found])
            self._at = found + 1
            self._verb()
            if self._at > len(pattern):
                break
        if not self._reordered and self._argument < len(self._values):
            self._extra()
        return printer.result()

    def _verb(self) -> None:
        verb = self._here()
        self._printer.charge(2)
        if "a" <= verb <= "z" and self._argument < len(self._values):
            self._printer.argument(self._values[self._argument], verb, NO_FLAGS)
            self._argument += 1
            self._at += 1
            return
        self._verb_with_flags()

    def _verb_with_flags(self) -> None:
        self._printer.charge(8)
        flags = self._flags()
        self._good_index, self._after_index = True, False
        if "a" <= self._here() <= "z" and self._argument < len(self._values):
            self._print(self._here(), flags)
            self._at += 1
            return
        self._index()
        self._width(flags)
        if self._here() == "." and self._at + 1 < len(self._pattern):
            self._precision(flags)
        if not self._after_index:
            self._index()
        verb = self._here()
        self._at += 1
        if not verb:
            self._printer.write("%!(NOVERB)")
        elif verb == "%":
            self._printer.write("%")
        elif not self._good_index:
            self._printer.write(f"%!{verb}(BADINDEX)")
        elif self._argument >= len(self._values):
            self._printer.write(f"%!{verb}(MISSING)")
        else:
            self._print(verb, flags)

    def _here(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _print(self, verb: str, flags: Flags) -> None:
        if verb in "vw":
            flags.sharp_v, flags.sharp = flags.sharp, False
            flags.plus_v, flags.plus = flags.plus, False
        self._printer.argument(self._values[self._argument], verb, flags)
        self._argument += 1

    def _flags(self) -> Flags:
        flags = Flags()
        while (name := _FLAG_NAMES.get(self._here())) is not None:
            setattr(flags, name, True)
            self._at += 1
        return flags

    def _number(self, end: int) -> int | None:
        """Read decimal digits up to `end`; None if there are none or it is too large, which ends the
        pattern.
        """
        start, number = self._at, 0
        while self._at < end and "0" <= self._pattern[self._at] <= "9":
            if number > _LARGEST_WIDTH:
                self._at = end
                return None
            number = number * 10 + int(self._pattern[self._at])
            self._at += 1
        return number if self._at > start else None

    def _index(self) -> None:
        """Read `[n]`, the number of the argument to take."""
        if self._here() != "[":
            self._after_index = False
            return
        self._reordered = True
        start = self._at
        closing = self._pattern.find("]", start + 1)
        self._after_index = False
        if closing < 0 or len(self._pattern) - start < 3:
            self._at, self._good_index = start + 1, False
            return
        self._at += 1
        number = self._number(closing)
        whole = number is not None and self._at == closing
        self._at = closing + 1
        if number is not None and whole and 0 < number <= len(self._values):
            self._argument, self._after_index = number - 1, True
        else:
            self._good_index, self._after_index = False, whole

    def _width(self, flags: Flags) -> None:
        if self._here() == "*":
            self._at += 1
            flags.width = self._integer_argument()
            if flags.width is None:
                self._printer.write("%!(BADWIDTH)")
            elif flags.width < 0:
                flags.width, flags.minus, flags.zero = -flags.width, True, False
            self._after_index = False
        else:
            flags.width = self._number(len(self._pattern))
            if self._after_index and flags.width is not None:
                self._good_index = False

    def _precision(self, flags: Flags) -> None:
        self._at += 1
        if self._after_index:
            self._good_index = False
        self._index()
        if self._here() == "*":
            self._at += 1
            flags.precision = self._integer_argument()
            if flags.precision is not None and flags.precision < 0:
                flags.precision = None
            if flags.precision is None:
                self._printer.write("%!(BADPREC)")
            self._after_index = False
        else:
            number = self._number(len(self._pattern))
            flags.precision = 0 if number is None else number

    def _integer_argument(self) -> int | None:
        if self._argument >= len(self._values):
            return None
        value = self._values[self._argument]
        self._argument += 1
        if kind_of(value) not in INTEGERS or abs(value) > _LARGEST_WIDTH:
            return None
        return int(value)

    def _extra(self) -> None:
        self._printer.write("%!(EXTRA ")
        for at, value in enumerate(self._values[self._argument :]):
            self._printer.write(", " if at else "")
            if value is None:
                self._printer.write("<nil>")
            else:
                self._printer.write(type_name(value) + "=")
                self._printer.plain(value)
        self._printer.write(")")
