"""Private keys as DER: which form they have, loading them within limits, and writing them as Go does.

Input: DER from PEM blocks, PKCS#12 files and JWKs. Output: keys of `cryptography`, and DER. KeyFormatError
never holds anything of the key. `cryptography` is imported only when a key is at hand.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from secretcore.template.golib import der
from secretcore.template.golib.der import DerError, Element

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

Charge = Callable[[int], None]
"""Called with the bits of a key before it is loaded, because checking its primes takes long."""

PKCS1, PKCS8, SEC1, DSA = "PKCS#1", "PKCS#8", "EC", "DSA"
LARGEST_BITS = 8192
"""RSA and DSA keys beyond this are refused: checking one takes seconds."""


class KeyFormatError(ValueError):
    """The bytes are no private key of the expected form."""


def form(data: bytes) -> str | None:
    """Which form the DER has; None for none of them."""
    try:
        parts = der.read(data).expect(der.SEQUENCE).children()
    except DerError:
        return None
    tags = [part.tag for part in parts]
    if tags[:3] == [der.INTEGER, der.SEQUENCE, der.OCTETS]:
        return PKCS8
    if tags[:2] == [der.INTEGER, der.OCTETS]:
        return SEC1
    if tags[:6] == [der.INTEGER] * 6:
        return DSA if len(tags) == 6 else PKCS1
    return None


def load(data: bytes, charge: Charge, *forms: str) -> "PrivateKeyTypes":
    """Load a key that has one of these forms; its bits are charged first. KeyFormatError."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    found = form(data)
    if found not in forms:
        raise KeyFormatError(f"x509: failed to parse private key: not {' or '.join(forms)}")
    bits = _bits(data, found)
    if bits > LARGEST_BITS:
        raise KeyFormatError(f"a private key of more than {LARGEST_BITS} bits")
    charge(bits)
    try:
        return load_der_private_key(data, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyFormatError("x509: failed to parse private key") from None


def _bits(data: bytes, found: str | None) -> int:
    """The size of the largest number in the key."""
    parts = der.read(data).children()
    if found == PKCS8:
        parts = [*_inside(parts[1].content), *_inside(parts[2].content)]
    lengths = [len(part.content.lstrip(b"\0")) for part in parts if part.tag == der.INTEGER]
    return 8 * max(lengths, default=0)


def _inside(content: bytes) -> list[Element]:
    """The elements inside, and those one level below where they are sequences."""
    try:
        direct = list(der.elements(content))
        return [*direct, *(child for part in direct if part.tag == der.SEQUENCE for child in part.children())]
    except DerError:
        return []


def pkcs8(key: Any) -> bytes:
    """x509.MarshalPKCS8PrivateKey."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    encoded: bytes = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return encoded


def traditional(key: Any) -> tuple[str, bytes]:
    """PEM type and DER as sprig writes a key: PKCS#1, SEC 1 or DSA where it can, else PKCS#8."""
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    for of, kind in (
        (rsa.RSAPrivateKey, "RSA"),
        (ec.EllipticCurvePrivateKey, "EC"),
        (dsa.DSAPrivateKey, "DSA"),
    ):
        if isinstance(key, of):
            encoded = key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
            return f"{kind} PRIVATE KEY", encoded
    return "PRIVATE KEY", pkcs8(key)
