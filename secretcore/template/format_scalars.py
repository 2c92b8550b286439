"""One number, string or bool under a verb, as Go's fmt prints it: what `format_values` builds on."""

from typing import Any

from secretcore.template.budget import Meter
from secretcore.template.errors import BudgetError
from secretcore.template.format_numbers import (
    Flags,
    pad_character,
    pad_floating,
    pad_integer,
    pad_quoted_character,
    pad_unicode,
)
from secretcore.template.gotypes import NUMBER_BITS, STRING, GoType
from secretcore.template.quoting import is_escaped_byte, printable, quote
from secretcore.template.values import Float32, normal, octets, type_of

LARGEST = 2 * 1024 * 1024
"""Characters that one printing may make."""
_BASES = {"v": "d", "d": "d", "b": "b", "o": "o", "O": "o", "x": "x", "X": "X"}
_FLOAT_VERBS = {
    "v": ("g", -1), "b": ("b", -1), "g": ("g", -1), "G": ("G", -1), "x": ("x", -1), "X": ("X", -1),
    "f": ("f", 6), "F": ("f", 6), "e": ("e", 6), "E": ("E", 6),
}  # fmt: skip


class ScalarPrinter:
    """Text in the making, of which `format_values.Printer` knows every kind of value."""

    def __init__(self, largest: int = LARGEST, meter: Meter | None = None) -> None:
        self._parts: list[str] = []
        self._left = largest
        self._meter = meter
        self._faulty = False

    def charge(self, steps: int) -> None:
        """Take steps from the meter, if there is one."""
        if self._meter is not None:
            self._meter.step(steps)

    def write(self, shown: str) -> None:
        """Add text. BudgetError beyond the size."""
        self._parts.append(shown)
        self._left -= len(shown) + 1
        if self._left < 0:
            raise BudgetError("printing more than a string may hold")

    def result(self) -> str:
        return normal("".join(self._parts))

    def _bad(self, value: Any, verb: str, flags: Flags) -> None:
        """Text for a verb that doesn't fit the value."""
        self._faulty = True
        self.write(f"%!{verb}({go_type_of(value).name}=")
        self.plain_value(value, flags)
        self.write(")")
        self._faulty = False

    def _bool(self, value: bool, verb: str, flags: Flags) -> None:
        if verb in "tv":
            self.write(flags.pad("true" if value else "false"))
        else:
            self._bad(value, verb, flags)

    def _integer(self, value: int, verb: str, flags: Flags) -> None:
        if verb in _BASES:
            if verb == "v" and flags.sharp_v and not NUMBER_BITS[go_type_of(value).kind][1]:
                self._byte(value, flags)
            else:
                self.write(pad_integer(flags, int(value), _BASES[verb], verb))
        elif verb == "c":
            self.write(pad_character(flags, value))
        elif verb == "q":
            self.write(pad_quoted_character(flags, value))
        elif verb == "U":
            self.write(pad_unicode(flags, value))
        else:
            self._bad(value, verb, flags)

    def _byte(self, value: int, flags: Flags) -> None:
        """An unsigned integer in Go syntax."""
        sharp, flags.sharp = flags.sharp, True
        self.write(pad_integer(flags, value, "x"))
        flags.sharp = sharp

    def _float(self, value: float | complex, verb: str, flags: Flags) -> None:
        if verb not in _FLOAT_VERBS:
            self._bad(value, verb, flags)
            return
        spelling, precision = _FLOAT_VERBS[verb]
        if isinstance(value, complex):
            plus = flags.plus
            self.write("(" + pad_floating(flags, value.real, spelling, precision))
            flags.plus = True
            self.write(pad_floating(flags, value.imag, spelling, precision) + "i)")
            flags.plus = plus
        else:
            bits = 32 if isinstance(value, Float32) else 64
            self.write(pad_floating(flags, value, spelling, precision, bits))

    def _string(self, value: str, verb: str, flags: Flags) -> None:
        if verb == "s" or (verb == "v" and not flags.sharp_v):
            self.write(flags.pad(value if flags.precision is None else value[: flags.precision]))
        elif verb in "vq":
            self._quoted(value, flags)
        elif verb in "xX":
            self._hexadecimal(octets(value), verb, flags)
        else:
            self._bad(value, verb, flags)

    def _quoted(self, value: str, flags: Flags) -> None:
        value = value if flags.precision is None else value[: flags.precision]
        if not value.isprintable():
            self.charge(len(value) // 32)
        if flags.sharp and _can_backquote(value):
            self.write(flags.pad(f"`{value}`"))
        else:
            self.write(flags.pad(quote(value, ascii_only=flags.plus)))

    def _hexadecimal(self, value: bytes, verb: str, flags: Flags) -> None:
        value = value if flags.precision is None else value[: flags.precision]
        prefix = ("0" + verb) if flags.sharp and value else ""
        apart = [prefix + f"{byte:02x}" for byte in value] if flags.space else [prefix + value.hex()]
        shown = " ".join(apart)
        self.write(flags.pad(shown.upper() if verb == "X" else shown))

    def plain_value(self, value: Any, flags: Flags) -> None:
        """%v of a value under the flags of its verb."""
        raise NotImplementedError


def go_type_of(value: Any) -> GoType:
    return type_of(value) or STRING


def _can_backquote(value: str) -> bool:
    return all(
        (character == "\t" or printable(character) or ord(character) >= 0x80)
        and character not in "`\ufeff\x7f"
        and not is_escaped_byte(character)
        for character in value
    )
