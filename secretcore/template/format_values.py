"""Any value under a verb, as Go's fmt prints it: the part of `format` that knows the value model.

A `Printer` collects text and watches its size, so that small templates can't print big things: values may
be shared, even contain themselves.
"""

from typing import Any

from secretcore.template.budget import Meter
from secretcore.template.errors import BudgetError, FunctionError
from secretcore.template.format_numbers import Flags, floating, pad_integer
from secretcore.template.format_scalars import LARGEST, ScalarPrinter, go_type_of
from secretcore.template.values import GoMap, GoObject, GoSlice, Uint8, octets, text

NO_FLAGS = Flags()
DEEPEST = 50
"""How deep printed values may be nested."""


def sort_key(key: Any) -> Any:
    """What to sort a map's keys by: strings by their bytes, numbers by their value."""
    return octets(key) if isinstance(key, str) else key


def sorted_items(mapping: GoMap) -> list[tuple[Any, Any]]:
    """The entries in the order in which Go prints and ranges over them."""
    return sorted(mapping.items(), key=_item_key)


def _item_key(item: tuple[Any, Any]) -> Any:
    return sort_key(item[0])


def show(value: Any, largest: int = LARGEST, meter: Meter | None = None) -> str:
    """%v of one value: what `{{ value }}` prints. BudgetError if it is too big."""
    printer = Printer(largest, meter)
    printer.plain(value)
    return printer.result()


class Printer(ScalarPrinter):
    """Text in the making."""

    def plain(self, value: Any, depth: int = 0) -> None:
        """%v without flags: what nearly all printing is."""
        kind = type(value)
        if kind is str:
            self.write(value)
        elif kind is bool:
            self.write("true" if value else "false")
        elif kind is int:
            self.write(str(value))
        elif kind is float:
            self.write(floating(value))
        elif kind is GoSlice and depth < DEEPEST:
            self.charge(len(value) + 1)
            self.write("[")
            for at, item in enumerate(value):
                if at:
                    self.write(" ")
                self.plain(item, depth + 1)
            self.write("]")
        elif kind is GoMap and depth < DEEPEST:
            self.charge(3 * len(value) + 1)
            between = "map["
            for key, item in sorted_items(value):
                self.write(between)
                self.plain(key, depth + 1)
                self.write(":")
                self.plain(item, depth + 1)
                between = " "
            self.write("]" if value else "map[]")
        elif value is None:
            self.write("<nil>")
        else:
            self._value(value, "v", Flags(), depth)

    def argument(self, value: Any, verb: str, flags: Flags) -> None:
        """One argument of printf under its verb."""
        if flags is NO_FLAGS and (verb == "v" or (verb == "s" and type(value) is str)):
            self.plain(value)
        elif value is None:
            if verb in "vT":
                self.write(flags.pad("<nil>"))
            else:
                self.write(f"%!{verb}(<nil>)")
        elif verb == "T":
            self._string(go_type_of(value).name, "s", flags)
        elif verb == "p":
            if isinstance(value, GoMap | GoSlice | bytes):
                raise FunctionError("%p is not supported, values have no address here")
            self._bad(value, verb, flags)
        else:
            self._value(value, verb, flags, 0)

    def _value(self, value: Any, verb: str, flags: Flags, depth: int) -> None:
        if isinstance(value, str):
            self._string(value, verb, flags)
        elif isinstance(value, bool):
            self._bool(value, verb, flags)
        elif self._stringer(value, verb, flags):
            pass
        elif isinstance(value, int):
            self._integer(value, verb, flags)
        elif isinstance(value, float | complex):
            self._float(value, verb, flags)
        elif value is None:
            self.write("interface {}(nil)" if flags.sharp_v else "<nil>")
        elif depth >= DEEPEST:
            raise BudgetError(f"printing a value that is nested more than {DEEPEST} deep")
        else:
            self._composite(value, verb, flags, depth)

    def _stringer(self, value: Any, verb: str, flags: Flags) -> bool:
        """Print by the String() method if there is one and it applies."""
        if verb == "w":
            self._bad(value, verb, flags)
            return True
        if self._faulty or flags.sharp_v or verb not in "vsxXq" or not hasattr(value, "go_string"):
            return False
        shown = value.go_string()
        if shown is None:
            return False
        self._string(shown, verb, flags)
        return True

    def _composite(self, value: Any, verb: str, flags: Flags, depth: int) -> None:
        self.charge(3)
        if isinstance(value, bytes):
            self.charge(len(value))
            self._bytes(value, verb, flags)
        elif isinstance(value, GoMap):
            self.charge(12 * len(value))
            self._map(value, verb, flags, depth)
        elif isinstance(value, GoSlice):
            self.charge(6 * len(value))
            self._slice(value, verb, flags, depth)
        elif isinstance(value, GoObject):
            self._object(value, verb, flags, depth)
        else:
            raise TypeError(f"no Go value: {type(value).__name__}")

    def _bytes(self, value: bytes, verb: str, flags: Flags) -> None:
        if verb == "s":
            self._string(text(value), "s", flags)
        elif verb == "q":
            self._quoted(text(value), flags)
        elif verb in "xX":
            self._hexadecimal(value, verb, flags)
        elif verb in "vd" and flags.sharp_v:
            self.write("[]byte{")
            for at, byte in enumerate(value):
                self.write(", " if at else "")
                self._byte(byte, flags)
            self.write("}")
        elif verb in "vd":
            self.write("[" + " ".join([pad_integer(flags, byte, "d") for byte in value]) + "]")
        else:
            self._sequence([Uint8(byte) for byte in value], verb, flags, 0)

    def _map(self, value: GoMap, verb: str, flags: Flags, depth: int) -> None:
        if flags.sharp_v and value.nil:
            self.write(f"{value.go_type.name}(nil)")
            return
        between, closing = (", ", "}") if flags.sharp_v else (" ", "]")
        self.write(value.go_type.name + "{" if flags.sharp_v else "map[")
        for at, (key, item) in enumerate(sorted_items(value)):
            self.write(between if at else "")
            self._value(key, verb, flags, depth + 1)
            self.write(":")
            self._value(item, verb, flags, depth + 1)
        self.write(closing)

    def _slice(self, value: GoSlice, verb: str, flags: Flags, depth: int) -> None:
        if not flags.sharp_v:
            self._sequence(value, verb, flags, depth)
        elif value.nil:
            self.write(f"{value.go_type.name}(nil)")
        else:
            self.write(value.go_type.name + "{")
            for at, item in enumerate(value):
                self.write(", " if at else "")
                self._value(item, verb, flags, depth + 1)
            self.write("}")

    def _sequence(self, items: list[Any], verb: str, flags: Flags, depth: int) -> None:
        self.write("[")
        for at, item in enumerate(items):
            self.write(" " if at else "")
            self._value(item, verb, flags, depth + 1)
        self.write("]")

    def _object(self, value: GoObject, verb: str, flags: Flags, depth: int) -> None:
        struct = value.go_type
        if struct.kind == "ptr" and struct.elem is not None:
            struct = struct.elem
            self.write("&")
        self.write(struct.name + "{" if flags.sharp_v else "{")
        between = ", " if flags.sharp_v else " "
        for at, (name, attribute) in enumerate(value.fields.items()):
            self.write(between if at else "")
            if flags.sharp_v or flags.plus_v:
                self.write(name + ":")
            self._value(getattr(value, attribute), verb, flags, depth + 1)
        self.write("}")

    def plain_value(self, value: Any, flags: Flags) -> None:
        self._value(value, "v", flags, 0)
