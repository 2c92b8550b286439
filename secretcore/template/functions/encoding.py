"""Base64, base32 and hex as Go's encoders do it; decoding errors are returned as the text, as sprig does.

Input and output: Go strings, with any bytes in them. Certificates and AES use `decode_base64` too.
"""

import base64
import re
from collections.abc import Callable, Mapping

from secretcore.template.declare import Function, function
from secretcore.template.functions.charging import charged
from secretcore.template.quoting import printable
from secretcore.template.values import octets, text

_BASE64 = re.compile(rb"[A-Za-z0-9+/]*={0,2}")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/\r\n]|\Z")
_NOT_BASE32 = re.compile(rb"[^A-Z2-7]|\Z")
_NOT_HEX = re.compile(rb"[^0-9a-fA-F]")
_BREAKS = b"\r\n"


class CorruptInputError(ValueError):
    """The text is not in the encoding; the message says at which byte."""


def decode_base64(value: bytes) -> bytes:
    """base64.StdEncoding.DecodeString: line breaks are skipped, padding is required. CorruptInputError."""
    kept = value.translate(None, _BREAKS)
    if len(kept) % 4 == 0 and _BASE64.fullmatch(kept):
        return base64.b64decode(kept)
    raise CorruptInputError(f"illegal base64 data at input byte {_base64_fault(value)}")


def _base64_fault(value: bytes) -> int:
    """The byte that Go names: the first bad one, the start of an unfinished group, what follows padding."""
    found = _NOT_BASE64.search(value)
    at = found.start() if found else len(value)
    group = len(value[:at].translate(None, _BREAKS)) % 4
    if at == len(value):
        return at - group
    if value[at : at + 1] != b"=" or group < 2:
        return at
    following = _skip_breaks(value, at + 1)
    if group == 2:
        if following == len(value):
            return following
        if value[following : following + 1] != b"=":
            return following - 1
        following = _skip_breaks(value, following + 1)
    return following


def _skip_breaks(value: bytes, at: int) -> int:
    while value[at : at + 1] in (b"\r", b"\n"):
        at += 1
    return at


def decode_base32(value: bytes) -> bytes:
    """base32.StdEncoding.DecodeString, which ignores what follows complete padding. CorruptInputError."""
    kept = value.translate(None, _BREAKS)
    found = _NOT_BASE32.search(kept)
    at = found.start() if found else len(kept)
    fault = _base32_fault(kept, at)
    if fault is not None:
        raise CorruptInputError(f"illegal base32 data at input byte {fault}")
    return base64.b32decode(kept[:at] + b"=" * (-at % 8))


def _base32_fault(kept: bytes, at: int) -> int | None:
    """The byte that Go names, `at` being the first one outside the alphabet; None if all is well."""
    group, left = at % 8, len(kept) - at - 1
    if at == len(kept):
        return at - group if group else None
    if kept[at : at + 1] != b"=" or group < 2 or left >= 8:
        return at
    if left + group < 7:
        return len(kept)
    for offset in range(7 - group):
        if kept[at + 1 + offset : at + 2 + offset] != b"=":
            return at + offset
    return at if group in (3, 6) else None


def decode_hex(value: bytes) -> bytes:
    """hex.DecodeString. CorruptInputError."""
    found = _NOT_HEX.search(value)
    if found:
        char = chr(found[0][0])
        shown = f" '{char}'" if printable(char) else ""
        raise CorruptInputError(f"encoding/hex: invalid byte: U+{ord(char):04X}{shown}")
    if len(value) % 2:
        raise CorruptInputError("encoding/hex: odd length hex string")
    return bytes.fromhex(value.decode("ascii"))


def _or_error(decode: Callable[[bytes], bytes]) -> Callable[[str], str]:
    def run(value: str) -> str:
        try:
            return text(decode(octets(value)))
        except CorruptInputError as error:
            return str(error)

    return run


def _encode64(value: str) -> str:
    return base64.b64encode(octets(value)).decode("ascii")


def _encode32(value: str) -> str:
    return base64.b32encode(octets(value)).decode("ascii")


_ONE = "func(string) string"

FUNCTIONS: Mapping[str, Function] = {
    "b64enc": function(_ONE, charged(_encode64), env=True),
    "b64dec": function(_ONE, charged(_or_error(decode_base64)), env=True),
    "b32enc": function(_ONE, charged(_encode32, 8), env=True),
    "b32dec": function(_ONE, charged(_or_error(decode_base32), 8), env=True),
    "hexdec": function(_ONE, charged(_or_error(decode_hex)), env=True),
}
