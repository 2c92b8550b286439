"""DER, as much as keys and PKCS#12 files need: writing elements, and reading them strictly.

Input and output: bytes. pkcs12 files, private keys and certificate names are taken apart and built with it.
"""

from collections.abc import Iterator
from typing import NamedTuple

INTEGER, BIT_STRING, OCTETS, NULL, OID = 0x02, 0x03, 0x04, 0x05, 0x06
UTF8, PRINTABLE, BMP, SEQUENCE, SET, CONTEXT0 = 0x0C, 0x13, 0x1E, 0x30, 0x31, 0xA0


class DerError(ValueError):
    """The bytes are no DER of the expected shape."""


class Element(NamedTuple):
    """One element: its tag byte, its content, and the whole of it with tag and length."""

    tag: int
    content: bytes
    whole: bytes

    def expect(self, tag: int) -> "Element":
        """Itself, if it has this tag. DerError."""
        if self.tag != tag:
            raise DerError("asn1: structure error: tags don't match")
        return self

    def number(self) -> int:
        """The value of an INTEGER."""
        return int.from_bytes(self.expect(INTEGER).content, "big", signed=True)

    def oid(self) -> str:
        """The dotted form of an OBJECT IDENTIFIER."""
        return _dotted(self.expect(OID).content)

    def children(self) -> list["Element"]:
        """The elements inside."""
        return list(elements(self.content))


def elements(data: bytes) -> Iterator[Element]:
    """All elements, one after the other. DerError."""
    at = 0
    while at < len(data):
        tag, length, body = _head(data, at)
        end = body + length
        if end > len(data):
            raise DerError("asn1: syntax error: data truncated")
        yield Element(tag, data[body:end], data[at:end])
        at = end


def _head(data: bytes, at: int) -> tuple[int, int, int]:
    if at + 2 > len(data) or data[at] & 0x1F == 0x1F:
        raise DerError("asn1: syntax error: truncated tag or length")
    length, body = data[at + 1], at + 2
    if length & 0x80:
        count = length & 0x7F
        if not 1 <= count <= 4 or body + count > len(data):
            raise DerError("asn1: structure error: indefinite or huge length")
        length = int.from_bytes(data[body : body + count], "big")
        body += count
    return data[at], length, body


def read(data: bytes) -> Element:
    """The one element that the data is. DerError."""
    found = list(elements(data))
    if len(found) != 1:
        raise DerError("pkcs12: trailing data found" if found else "asn1: syntax error: sequence truncated")
    return found[0]


def _dotted(content: bytes) -> str:
    numbers = []
    value = 0
    for byte in content:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(value)
            value = 0
    if not numbers:
        raise DerError("asn1: structure error: zero length OBJECT IDENTIFIER")
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))


def write(tag: int, *parts: bytes) -> bytes:
    """An element from the concatenated parts."""
    content = b"".join(parts)
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size + content


def sequence(*parts: bytes) -> bytes:
    """A SEQUENCE."""
    return write(SEQUENCE, *parts)


def number(value: int) -> bytes:
    """An INTEGER."""
    return write(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER."""
    first, second, *rest = map(int, dotted.split("."))
    out = bytearray()
    for value in (first * 40 + second, *rest):
        chunk = [value & 0x7F]
        while value := value >> 7:
            chunk.append(value & 0x7F | 0x80)
        out += bytes(reversed(chunk))
    return write(OID, bytes(out))
