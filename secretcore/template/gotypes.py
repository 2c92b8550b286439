"""Go's types, as far as a template can see them.

A `GoType` is interned: one object per spelling, so types are compared with `is`. The spelling is what `%T`
and the error messages of text/template show (`map[string]interface {}`, never `map[string]any`). Types are
made from their spelling with `go_type`; `values` tells which type a value has, `declare` reads signatures
with it, `evaluate` checks assignability with it.
"""

from dataclasses import dataclass

NUMBER_BITS = {
    "int": (64, True), "int8": (8, True), "int16": (16, True), "int32": (32, True), "int64": (64, True),
    "uint": (64, False), "uint8": (8, False), "uint16": (16, False), "uint32": (32, False),
    "uint64": (64, False), "uintptr": (64, False),
}  # fmt: skip
"""Width in bits and signedness of every integer kind."""

_BASIC = (*NUMBER_BITS, "bool", "string", "float32", "float64", "complex64", "complex128")
_NILLABLE = frozenset({"interface", "map", "slice", "ptr", "func"})


@dataclass(frozen=True, slots=True, eq=False)
class GoType:
    """One Go type: `name` as %T prints it, `kind` as reflect.Kind prints it, `key` and `elem` of maps,
    slices, pointers.
    """

    name: str
    kind: str
    key: "GoType | None" = None
    elem: "GoType | None" = None
    named: bool = False
    """Whether the type was declared with a name (time.Duration): such types are not assignable to their
    underlying one.
    """

    @property
    def nillable(self) -> bool:
        """Whether an untyped nil may be assigned."""
        return self.kind in _NILLABLE

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<GoType {self.name}>"


_types: dict[str, GoType] = {name: GoType(name, name) for name in _BASIC}
ANY = _types.setdefault("interface {}", GoType("interface {}", "interface"))
_SYNONYMS = {"any": "interface {}", "interface{}": "interface {}", "byte": "uint8", "rune": "int32"}


def go_type(name: str) -> GoType:
    """The type with this spelling; `[]T`, `map[K]V` and `*T` are built as needed. ValueError if it isn't
    known.
    """
    name = _SYNONYMS.get(name, name)
    found = _types.get(name)
    if found is not None:
        return found
    if name.startswith("[]"):
        elem = go_type(name[2:])
        return _intern(GoType("[]" + elem.name, "slice", None, elem))
    if name.startswith("map["):
        key_name, _, elem_name = name[4:].partition("]")
        key, elem = go_type(key_name), go_type(elem_name)
        return _intern(GoType(f"map[{key.name}]{elem.name}", "map", key, elem))
    if name.startswith("*"):
        elem = go_type(name[1:])
        return _intern(GoType("*" + elem.name, "ptr", None, elem))
    raise ValueError(f"unknown Go type {name!r}")


def named_type(name: str, kind: str) -> GoType:
    """Declare a named type, such as `time.Duration` of kind `int64` or `sprig.certificate` of kind
    `struct`.
    """
    return _intern(GoType(name, kind, named=True))


def _intern(made: GoType) -> GoType:
    return _types.setdefault(made.name, made)


BOOL, STRING, INT, INT64, FLOAT64 = (_types[name] for name in ("bool", "string", "int", "int64", "float64"))
COMPLEX128 = _types["complex128"]
BYTES = go_type("[]uint8")
STRINGS = go_type("[]string")
INTS = go_type("[]int")
LIST = go_type("[]interface {}")
LISTS = go_type("[][]interface {}")
DICT = go_type("map[string]interface {}")
STRING_MAP = go_type("map[string]string")
