"""The cryptography of PKCS#12: key derivation, encryption schemes, MACs. Everything that costs is charged
first.

Input: algorithm identifiers as DER, passwords as PKCS#12 spells them. Output: bytes. PfxError has
go-pkcs12's words.
"""

import hashlib
import hmac
from collections.abc import Callable
from typing import NamedTuple

from secretcore.template.golib import der, rc2
from secretcore.template.golib.der import Element

PBES2, PBKDF2, AES256_CBC = "1.2.840.113549.1.5.13", "1.2.840.113549.1.5.12", "2.16.840.1.101.3.4.1.42"
HMAC_SHA256, SHA256 = "1.2.840.113549.2.9", "2.16.840.1.101.3.4.2.1"
PBMAC1 = "1.2.840.113549.1.5.14"
_PBE_3DES, _PBE_RC2_128, _PBE_RC2_40 = (f"1.2.840.113549.1.12.1.{number}" for number in (3, 5, 6))
_PBE_KEYS = {_PBE_3DES: 24, _PBE_RC2_128: 16, _PBE_RC2_40: 5}
_HMACS = {"1.2.840.113549.2.7": "sha1", HMAC_SHA256: "sha256", "1.2.840.113549.2.11": "sha512"}
_DIGESTS = {"1.3.14.3.2.26": "sha1", SHA256: "sha256", "2.16.840.1.101.3.4.2.3": "sha512"}
_AES_KEYS = {AES256_CBC: 32, "2.16.840.1.101.3.4.1.22": 24, "2.16.840.1.101.3.4.1.2": 16}
INCORRECT = "pkcs12: decryption password incorrect"

Charge = Callable[[int], None]
"""Called with the iterations of a key derivation, or what costs as much, before the work."""


class PfxError(ValueError):
    """The file is damaged, unknown, or the password is wrong."""


class Password(NamedTuple):
    """A password in both spellings; an empty one may be two zero bytes or none at all."""

    bmp: bytes
    utf8: bytes


def password_of(value: str) -> Password:
    """PfxError for characters beyond UCS-2."""
    if any(char > "\uffff" for char in value):
        raise PfxError("pkcs12: string contains characters that cannot be encoded in UCS-2")
    clean = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return Password(clean.encode("utf-16-be") + b"\0\0", clean.encode())


def derive(
    digest: str, salt: bytes, password: bytes, iterations: int, purpose: int, size: int, charge: Charge
) -> bytes:
    """The key derivation of RFC 7292, appendix B.2; purpose 1 is a key, 2 a vector, 3 a MAC key."""
    charge(iterations)
    block = 128 if digest == "sha512" else 64
    filled = _fill(salt, block) + _fill(password, block)
    out = b""
    while len(out) < size:
        chunk = bytes([purpose]) * block + filled
        for _ in range(max(iterations, 1)):
            chunk = hashlib.new(digest, chunk, usedforsecurity=False).digest()
        out += chunk
        step = int.from_bytes(_fill(chunk, block)[:block], "big") + 1
        filled = b"".join(
            ((int.from_bytes(filled[at : at + block], "big") + step) % (1 << 8 * block)).to_bytes(block, "big")
            for at in range(0, len(filled), block)
        )
    return out[:size]


def _fill(value: bytes, block: int) -> bytes:
    """The value repeated up to a multiple of the block."""
    size = -(-len(value) // block) * block
    return (value * (size // len(value) + 1))[:size] if value else b""


def decrypt(algorithm: Element, data: bytes, password: Password, charge: Charge) -> bytes:
    """Decrypt by a password-based scheme. PfxError, DerError."""
    name, *parameters = algorithm.expect(der.SEQUENCE).children()
    if not data:
        raise PfxError("pkcs12: empty encrypted data")
    scheme = name.oid()
    block = 16 if scheme == PBES2 else 8
    if len(data) % block:
        raise PfxError("pkcs12: input is not a multiple of the block size")
    if scheme == PBES2:
        key, iv = _pbes2_key(_first(parameters), password.utf8, charge)
        plain = _aes(key, iv, data, encrypt=False)
    elif scheme in _PBE_KEYS:
        plain = _decrypt_pbe1(scheme, _first(parameters), data, password.bmp, charge)
    else:
        raise PfxError(f"pkcs12: pbe algorithm {scheme} is not supported")
    padding = plain[-1]
    if not 1 <= padding <= block or plain[-padding:] != bytes([padding]) * padding:
        raise PfxError("pkcs12: decryption error, incorrect padding")
    return plain[:-padding]


def _first(parameters: list[Element]) -> Element:
    if not parameters:
        raise PfxError("pkcs12: an algorithm without parameters")
    return parameters[0]


def _decrypt_pbe1(scheme: str, parameters: Element, data: bytes, password: bytes, charge: Charge) -> bytes:
    salt, count = _pair(parameters)
    key = derive("sha1", salt.content, password, count.number(), 1, _PBE_KEYS[scheme], charge)
    iv = derive("sha1", salt.content, password, count.number(), 2, 8, charge)
    if scheme != _PBE_3DES:
        charge(4 * len(data))
        return rc2.decrypt_cbc(key, iv, data)
    from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.modes import CBC

    decryptor = Cipher(TripleDES(key), CBC(iv)).decryptor()
    return decryptor.update(data) + decryptor.finalize()


def _pair(element: Element) -> tuple[Element, Element]:
    parts = element.expect(der.SEQUENCE).children()
    if len(parts) != 2:
        raise PfxError("pkcs12: malformed parameters")
    return parts[0], parts[1]


def _pbes2_key(parameters: Element, password: bytes, charge: Charge) -> tuple[bytes, bytes]:
    kdf, scheme = _pair(parameters)
    kdf_name, kdf_parameters = _pair(kdf)
    scheme_name, iv = _pair(scheme)
    if kdf_name.oid() != PBKDF2:
        raise PfxError(f"pkcs12: pbes2 kdf algorithm {kdf_name.oid()} is not supported")
    size = _AES_KEYS.get(scheme_name.oid())
    if size is None:
        raise PfxError(f"pkcs12: pbes2 algorithm {scheme_name.oid()} is not supported")
    return _pbkdf2(kdf_parameters, password, size, charge), iv.expect(der.OCTETS).content


def _pbkdf2(parameters: Element, password: bytes, size: int, charge: Charge) -> bytes:
    salt, count, *rest = parameters.expect(der.SEQUENCE).children()
    prf = next((item.children()[0].oid() for item in rest if item.tag == der.SEQUENCE), "1.2.840.113549.2.7")
    if prf not in _HMACS:
        raise PfxError(f"pkcs12: pbes2 prf {prf} is not supported")
    if salt.tag != der.OCTETS:
        raise PfxError("pkcs12: only octet string salts are supported for pbes2/pbkdf2")
    charge(count.number())
    return hashlib.pbkdf2_hmac(_HMACS[prf], password, salt.content, max(count.number(), 1), size)


def aes_encrypt(key: bytes, iv: bytes, data: bytes) -> bytes:
    """AES in CBC mode, padded as PKCS#7 has it."""
    padding = 16 - len(data) % 16
    return _aes(key, iv, data + bytes([padding]) * padding, encrypt=True)


def _aes(key: bytes, iv: bytes, data: bytes, *, encrypt: bool) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import CBC

    if len(iv) != 16:
        raise PfxError("pkcs12: an initialisation vector of the wrong length")
    cipher = Cipher(AES(key), CBC(iv))
    context = cipher.encryptor() if encrypt else cipher.decryptor()
    return context.update(data) + context.finalize()


def mac(mac_data: Element, message: bytes, password: Password, charge: Charge) -> tuple[bytes, bytes]:
    """The MAC that the file has, and the one that it should have. PfxError, DerError."""
    info, salt, *count = mac_data.expect(der.SEQUENCE).children()
    algorithm, digest = _pair(info)
    name, *parameters = algorithm.children()
    if name.oid() == PBMAC1:
        return digest.content, _pbmac1(_first(parameters), message, password, charge)
    kind = _DIGESTS.get(name.oid())
    if kind is None:
        raise PfxError(f"pkcs12: MAC digest algorithm not supported: {name.oid()}")
    iterations = count[0].number() if count else 1
    size = hashlib.new(kind, usedforsecurity=False).digest_size
    key = derive(kind, salt.content, password.bmp, iterations, 3, size, charge)
    return digest.content, hmac.digest(key, message, kind)


def _pbmac1(parameters: Element, message: bytes, password: Password, charge: Charge) -> bytes:
    kdf, scheme = _pair(parameters)
    kdf_name, kdf_parameters = _pair(kdf)
    digest = _HMACS.get(scheme.children()[0].oid())
    if kdf_name.oid() != PBKDF2 or digest is None:
        raise PfxError("pkcs12: PBMAC1 with this algorithm is not supported")
    size = next((item.number() for item in kdf_parameters.children()[2:] if item.tag == der.INTEGER), 0)
    if not 0 < size <= 1024:
        raise PfxError("pkcs12: PBMAC1 requires explicit KeyLength parameter in PBKDF2 parameters")
    return hmac.digest(_pbkdf2(kdf_parameters, password.utf8, size, charge), message, digest)
