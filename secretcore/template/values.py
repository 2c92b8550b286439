"""Go's values, in Python: what templates are given, what functions take and give back.

Contract for whoever writes functions (`secretcore/template/functions/`); `declare` has the registry entry.

=====================  ==================================================================================
Go                     Python
=====================  ==================================================================================
nil                    None
bool                   bool (test it before int: bool is an int in Python)
int                    int, plain
int8 ... uint64        Int8, Int16, Int32 (rune), Int64, Uint, Uint8 (byte), Uint16, Uint32, Uint64
                       are int subclasses. Arithmetic gives plain int; the declared result type wraps it
float64                float, plain (float32: Float32)
string                 str; bytes that aren't UTF-8 are surrogateescape-d, as `text` and `octets` do
[]byte                 bytes
map[K]V                GoMap, a dict that knows its GoType
[]T                    GoSlice, a list that knows its GoType
struct, *struct        a subclass of GoObject that lists its fields and methods: nothing else can be reached
named basic types      a subclass of the basic class with a `go_type` of its own (time.Duration: of Int64)
=====================  ==================================================================================

Strings. Go's length, index and slice count bytes: use `octets(s)` and `text(b)`. Whoever joins strings that
may hold surrogates (`"\\udcc3" + "\\udca9"`) must pass the result through `normal`, so that equal bytes are
equal strings; for pure ASCII all of these cost nothing. Order strings by `octets`, not by code points.

Maps and slices. `GoMap(DICT, {...})`, `GoSlice(LIST, [...])`; the types are in `gotypes` (`go_type("[]int")`
makes any). Their elements are values of this model. `GoMap(DICT, nil=True)` is Go's nil map,
`GoSlice(STRINGS, nil=True)` its nil slice (JSON null; `isNil`); writing to a nil map is the panic "assignment
to entry in nil map", which you raise as a FunctionError. Maps are shared by reference, as in Go: `set`
changes the dict that it was given. A map has no order in Go; where Go sorts keys (printing, JSON, range),
sort them by `octets`.

Results. The evaluator adopts what a function returns by its declared result type: an int becomes an Int64 for
`int64` (wrapping around like Go's), a float for `float64`; a plain list or dict becomes a GoSlice or GoMap of
that type (None: the nil one), so that you may return `["a", "b"]` for `[]string`. Under `interface {}`
nothing is changed: there, return Int64(3) if Go returns an int64, GoMap(DICT, ...) and never a plain dict.

Objects. A GoObject declares `go_type`, `fields` (name of the Go field -> name of the Python attribute, in
Go's order) and `methods` (Go name -> a `declare.Function` whose callable takes the object first).
`go_string()` other than None is the String() method that printing uses. A GoObject whose go_type has kind
`ptr` is a pointer.

Errors. Raise `errors.FunctionError("text as Go's error has it")`, never with a secret value in it: a value is
replaced by its length or type (`strconv.Atoi: parsing a string of 6 bytes: invalid syntax`). A panic of Go's
is the same: the evaluator turns both into `error calling NAME: text`. For the number formats, `%v` and the
like, use `format.sprint`, `format.sprintf` and `format.show` (%v of one value); for truth `truth`; for `==`
and order `compare`.

Templates can nest a value in itself (`set $d "self" $d`) or share it over and over: what walks values must
charge the meter for every node, or stop at some depth.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from secretcore.template.gotypes import (
    BOOL,
    BYTES,
    COMPLEX128,
    DICT,
    FLOAT64,
    INT,
    LIST,
    NUMBER_BITS,
    STRING,
    STRING_MAP,
    GoType,
    go_type,
)

if TYPE_CHECKING:
    from secretcore.template.declare import Function


class Int64(int):
    """Go's int64; the other integer types are alike. Plain int is Go's int."""

    __slots__ = ()
    go_type: ClassVar[GoType] = go_type("int64")


class Int32(int):
    """Go's int32, which is a rune."""

    __slots__ = ()
    go_type: ClassVar[GoType] = go_type("int32")


class Int16(int):
    """Go's int16."""

    __slots__ = ()
    go_type: ClassVar[GoType] = go_type("int16")


class Int8(int):
    """Go's int8."""

    __slots__ = ()
    go_type: ClassVar[GoType] = go_type("int8")


class Uint(int):
    """Go's uint."""

    __slots__ = ()
    go_type: ClassVar[GoType] = go_type("uint")


class Uint64(int):
    """Go's uint64."""

    __slots__ = ()
    go_type: ClassVar[GoType] = go_type("uint64")


class Uint32(int):
    """Go's uint32."""

    __slots__ = ()
    go_type: ClassVar[GoType] = go_type("uint32")


class Uint16(int):
    """Go's uint16."""

    __slots__ = ()
    go_type: ClassVar[GoType] = go_type("uint16")


class Uint8(int):
    """Go's uint8, which is a byte: what indexing a string gives."""

    __slots__ = ()
    go_type: ClassVar[GoType] = go_type("uint8")


class Float32(float):
    """Go's float32; plain float is float64."""

    __slots__ = ()
    go_type: ClassVar[GoType] = go_type("float32")


INTEGERS: Mapping[str, type[int]] = {
    "int": int, "int8": Int8, "int16": Int16, "int32": Int32, "int64": Int64,
    "uint": Uint, "uint8": Uint8, "uint16": Uint16, "uint32": Uint32, "uint64": Uint64,
}  # fmt: skip
"""The Python class of every integer type, by Go's name."""


class GoMap(dict[Any, Any]):
    """A Go map: a dict with its type; shared by reference as in Go. `nil` tells Go's nil map, which must stay
    empty.
    """

    __slots__ = ("go_type", "nil")

    def __init__(
        self, of: GoType, items: Mapping[Any, Any] | Iterable[tuple[Any, Any]] = (), *, nil: bool = False
    ) -> None:
        super().__init__(items)
        self.go_type = of
        self.nil = nil

    def __repr__(self) -> str:
        return f"<{self.go_type.name} of {len(self)} entries>"


class GoSlice(list[Any]):
    """A Go slice: a list with its type. `nil` tells Go's nil slice, which is empty."""

    __slots__ = ("go_type", "nil")

    def __init__(self, of: GoType, items: Iterable[Any] = (), *, nil: bool = False) -> None:
        super().__init__(items)
        self.go_type = of
        self.nil = nil

    def __repr__(self) -> str:
        return f"<{self.go_type.name} of {len(self)} entries>"


class GoObject:
    """A struct or a pointer to one. Subclasses list what templates may reach: an allow-list, never Python's
    attributes.
    """

    __slots__ = ()
    go_type: ClassVar[GoType]
    fields: ClassVar[Mapping[str, str]] = {}
    methods: ClassVar[Mapping[str, "Function"]] = {}

    def go_string(self) -> str | None:
        """What Go's String() gives; None where the type has no such method."""
        return None

    def __repr__(self) -> str:
        return f"<{self.go_type.name}>"


_PLAIN: Mapping[type, GoType] = {
    str: STRING, bool: BOOL, int: INT, float: FLOAT64, bytes: BYTES, complex: COMPLEX128,
}  # fmt: skip


def type_of(value: Any) -> GoType | None:
    """The Go type of a value of this model; None for nil."""
    found = _PLAIN.get(type(value))
    if found is not None:
        return found
    if value is None:
        return None
    made: GoType = value.go_type
    return made


def type_name(value: Any) -> str:
    """What %T prints."""
    found = type_of(value)
    return "<nil>" if found is None else found.name


def kind_of(value: Any) -> str:
    """What reflect.Kind prints: `int64`, `map`, `slice`, `string`, `struct`, `ptr`; `invalid` for nil."""
    found = type_of(value)
    return "invalid" if found is None else found.kind


def is_nil(value: Any) -> bool:
    """Whether the value is nil: untyped, or a nil map or slice."""
    return value is None or (isinstance(value, GoMap | GoSlice) and value.nil)


def truth(value: Any) -> bool:
    """Go's truth in templates: not the zero value of its type, not empty; a struct is always true."""
    return True if isinstance(value, GoObject) else bool(value)


def octets(value: str) -> bytes:
    """The bytes of a Go string."""
    return value.encode("utf-8", "surrogateescape")


def text(value: bytes) -> str:
    """The Go string with these bytes."""
    return value.decode("utf-8", "surrogateescape")


def normal(value: str) -> str:
    """The one spelling of a string that was joined from others: bytes that now form a character become it."""
    return value if value.isascii() else text(octets(value))


def go_len(value: str) -> int:
    """Go's len of a string: its bytes."""
    return len(value) if value.isascii() else len(octets(value))


def wrap_integer(number: int, kind: str) -> int:
    """The number as Go's fixed-width integer of this kind holds it, in that type's class."""
    bits, signed = NUMBER_BITS[kind]
    number &= (1 << bits) - 1
    if signed and number >> (bits - 1):
        number -= 1 << bits
    return INTEGERS[kind](number)


def from_json(value: Any) -> Any:
    """Python's idea of a JSON document as Go's `interface {}` holds it: numbers are float64, objects are
    DICT.
    """
    if isinstance(value, dict):
        return GoMap(DICT, {key: from_json(item) for key, item in value.items()})
    if isinstance(value, list):
        return GoSlice(LIST, [from_json(item) for item in value])
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


def string_map(data: Mapping[str, str]) -> GoMap:
    """The data of an ExternalSecret's template: a map[string]string."""
    return GoMap(STRING_MAP, data)


def zero(of: GoType) -> Any:
    """The zero value of a type; None for pointers and interfaces."""
    if of.kind == "map":
        return GoMap(of, nil=True)
    if of.kind == "slice":
        return b"" if of is BYTES else GoSlice(of, nil=True)
    if of.kind == "string":
        return ""
    if of.kind == "bool":
        return False
    if of.kind in NUMBER_BITS:
        return INTEGERS[of.kind](0)
    return 0.0 if of.kind == "float64" else None
