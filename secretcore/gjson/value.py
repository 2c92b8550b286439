"""What a path finds: `Result` for callers (text), `Value` inside this package (bytes, as in Go)."""

from enum import Enum
from typing import Final

import msgspec

from secretcore.gjson.floats import format_float, parse_float


class Type(Enum):
    """The kind of a found value; nothing found is Null with an empty raw text."""

    NULL = "Null"
    FALSE = "False"
    NUMBER = "Number"
    STRING = "String"
    TRUE = "True"
    JSON = "JSON"


class Value:
    """A value as a slice of its document. `string` is the decoded text, set for strings only."""

    __slots__ = ("raw", "string", "type")

    def __init__(self, type_: Type, raw: bytes, string: bytes = b"") -> None:
        self.type: Final = type_
        self.raw: Final = raw
        self.string: Final = string

    def exists(self) -> bool:
        return self.type is not Type.NULL or bool(self.raw)

    def number(self) -> float:
        return parse_float(self.raw)

    def text(self) -> bytes:
        if self.type is Type.JSON:
            return self.raw
        if self.type is Type.STRING:
            return self.string
        if self.type is Type.NUMBER:
            return _number_text(self.raw)
        return {Type.TRUE: b"true", Type.FALSE: b"false"}.get(self.type, b"")

    def is_array(self) -> bool:
        return self.type is Type.JSON and self.raw.startswith(b"[")

    def is_object(self) -> bool:
        return self.type is Type.JSON and self.raw.startswith(b"{")

    def truth(self) -> bool:
        """Go's Result.Bool(): what an option such as `{"deep":"true"}` means."""
        if self.type is Type.STRING:
            return boolean_word(self.string) is True
        if self.type is Type.NUMBER:
            return self.number() != 0
        return self.type is Type.TRUE


NOTHING: Final = Value(Type.NULL, b"")

_WORDS = {b"1": True, b"t": True, b"true": True, b"0": False, b"f": False, b"false": False}


def boolean_word(text: bytes) -> bool | None:
    """The boolean that Go's strconv.ParseBool reads from a text of any case; None where it reads none."""
    return _WORDS.get(text.lower())


def _number_text(raw: bytes) -> bytes:
    digits = raw[1:] if raw.startswith(b"-") else raw
    if digits.isdigit() or not digits:
        return raw
    return format_float(parse_float(raw)).encode()


class Result(msgspec.Struct, frozen=True):
    """The answer to a path.

    `raw` is the slice of the document, so number formatting and key order are kept. Bytes of the document
    that were not UTF-8 stay surrogateescape-d. `refused` says that the evaluation gave up at its budget:
    nothing was found then, but nothing is known about the document either.
    """

    type: Type
    raw: str
    _text: str
    refused: bool = False

    @property
    def exists(self) -> bool:
        return self.type is not Type.NULL or bool(self.raw)

    def text(self) -> str:
        """The value: strings unquoted, integers as written, other numbers without exponent, JSON raw."""
        return self._text

    def __repr__(self) -> str:
        return f"Result(type={self.type.value}, exists={self.exists}, refused={self.refused})"  # never the value
