"""sprig's checksums: SHA-1, SHA-256 and SHA-512 in hex, Adler-32 as a decimal number.

Input: Go strings, hashed by their bytes. Output: text.
"""

import hashlib
import zlib
from collections.abc import Mapping

from secretcore.template.declare import Function, function
from secretcore.template.functions.charging import charged
from secretcore.template.values import octets


def _sha1(value: str) -> str:
    return hashlib.sha1(octets(value), usedforsecurity=False).hexdigest()


def _sha256(value: str) -> str:
    return hashlib.sha256(octets(value)).hexdigest()


def _sha512(value: str) -> str:
    return hashlib.sha512(octets(value)).hexdigest()


def _adler32(value: str) -> str:
    return str(zlib.adler32(octets(value)))


_ONE = "func(string) string"

FUNCTIONS: Mapping[str, Function] = {
    "sha1sum": function(_ONE, charged(_sha1), env=True),
    "sha256sum": function(_ONE, charged(_sha256), env=True),
    "sha512sum": function(_ONE, charged(_sha512), env=True),
    "adler32sum": function(_ONE, charged(_adler32), env=True),
}
