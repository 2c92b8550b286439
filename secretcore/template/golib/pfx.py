"""PKCS#12 files as software.sslmate.com/src/go-pkcs12 reads them and its `Modern` encoder writes them.

Input: the file and a password; or keys and certificates as DER. Output: DER in both directions. An empty
password encrypts too, which `cryptography` refuses to do.
"""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from typing import NamedTuple

from secretcore.template.golib import der, pfx_crypto
from secretcore.template.golib.der import DerError, Element
from secretcore.template.golib.pfx_crypto import Charge, Password, PfxError, password_of

_DATA, _ENCRYPTED = "1.2.840.113549.1.7.1", "1.2.840.113549.1.7.6"
_KEY_BAG, _SHROUDED_BAG, _CERT_BAG = (f"1.2.840.113549.1.12.10.1.{number}" for number in (1, 2, 3))
_X509, _FRIENDLY_NAME, _LOCAL_KEY_ID = (
    "1.2.840.113549.1.9.22.1",
    "1.2.840.113549.1.9.20",
    "1.2.840.113549.1.9.21",
)
_JAVA_TRUST, _ANY_USAGE = "2.16.840.1.113894.746875.1.1", "2.5.29.37.0"
_ITERATIONS, _SALT = 2048, 16

RandomBytes = Callable[[int], bytes]


class Contents(NamedTuple):
    """What a file has: the private key (PKCS#8), the first certificate, the others."""

    key: bytes
    certificate: bytes
    others: tuple[bytes, ...]


def decode_chain(data: bytes, password: str, charge: Charge) -> Contents:
    """Exactly one key and at least one certificate. PfxError."""
    try:
        bags, used = _bags(data, password_of(password), charge)
        return _contents(bags, used, charge)
    except (DerError, IndexError) as error:
        detail = str(error) if isinstance(error, DerError) else "asn1: structure error"
        raise PfxError(f"pkcs12: error reading P12 data: {detail}") from None


def _bags(data: bytes, password: Password, charge: Charge) -> tuple[list[Element], Password]:
    version, safe, *mac_data = der.read(data).expect(der.SEQUENCE).children()
    if version.number() != 3:
        raise PfxError("pkcs12: can only decode v3 PFX PDU's")
    kind, content = safe.children()
    if kind.oid() != _DATA:
        raise PfxError("pkcs12: only password-protected PFX is implemented")
    message = der.read(content.content).expect(der.OCTETS).content
    password = _checked(mac_data, message, password, charge)
    infos = der.read(message).expect(der.SEQUENCE).children()
    if not 1 <= len(infos) <= 2:
        raise PfxError(
            f"pkcs12: expected between 1 and 2 items in the authenticated safe, but this file has {len(infos)}"
        )
    return [bag for info in infos for bag in _safe_contents(info, password, charge)], password


def _checked(mac_data: list[Element], message: bytes, password: Password, charge: Charge) -> Password:
    """The password in the spelling that the MAC was made with."""
    if not mac_data:
        if password.utf8:
            raise PfxError("pkcs12: no MAC in data")
        return password
    spellings = [password] if password.utf8 else [password, Password(b"", b"")]
    for spelling in spellings:
        found, wanted = pfx_crypto.mac(mac_data[0], message, spelling, charge)
        if hmac.compare_digest(found, wanted):
            return spelling
    raise PfxError(pfx_crypto.INCORRECT)


def _safe_contents(info: Element, password: Password, charge: Charge) -> list[Element]:
    kind, content = info.children()
    inner = der.read(content.content)
    if kind.oid() == _DATA:
        data = inner.expect(der.OCTETS).content
    elif kind.oid() == _ENCRYPTED:
        version, encrypted = inner.children()[:2]
        if version.number() != 0:
            raise PfxError("pkcs12: only version 0 of EncryptedData is supported")
        _, algorithm, body = encrypted.children()
        data = pfx_crypto.decrypt(algorithm, body.expect(0x80).content, password, charge)
    else:
        raise PfxError("pkcs12: only data and encryptedData content types are supported in authenticated safe")
    return der.read(data).expect(der.SEQUENCE).children()


def _contents(bags: list[Element], password: Password, charge: Charge) -> Contents:
    keys: list[bytes] = []
    certificates: list[bytes] = []
    for bag in bags:
        kind, value = bag.children()[:2]
        match kind.oid():
            case kind_oid if kind_oid == _CERT_BAG:
                certificates.append(_certificate(der.read(value.content)))
            case kind_oid if kind_oid in (_KEY_BAG, _SHROUDED_BAG):
                if keys:
                    raise PfxError("pkcs12: expected exactly one key bag")
                keys.append(value.content if kind_oid == _KEY_BAG else _unshrouded(value, password, charge))
    if not certificates:
        raise PfxError("pkcs12: certificate missing")
    if not keys:
        raise PfxError("pkcs12: private key missing")
    return Contents(keys[0], certificates[0], tuple(certificates[1:]))


def _certificate(bag: Element) -> bytes:
    kind, value = bag.children()
    if kind.oid() != _X509:
        raise PfxError("pkcs12: only X509 certificates are supported in cert bags")
    return der.read(value.content).expect(der.OCTETS).content


def _unshrouded(value: Element, password: Password, charge: Charge) -> bytes:
    algorithm, body = der.read(value.content).children()
    try:
        return pfx_crypto.decrypt(algorithm, body.expect(der.OCTETS).content, password, charge)
    except PfxError as error:
        raise PfxError(f"pkcs12: error decrypting PKCS#8 shrouded key bag: {error}") from None


def encode(key: bytes, certificates: Sequence[bytes], password: str, random: RandomBytes, charge: Charge) -> bytes:
    """A key (PKCS#8) with its certificate, first, and the certificates above it."""
    spelt = password_of(password)
    fingerprint = hashlib.sha1(certificates[0], usedforsecurity=False).digest()
    local_key = _attribute(_LOCAL_KEY_ID, der.write(der.OCTETS, fingerprint))
    bags = [_cert_bag(each, [local_key] if at == 0 else []) for at, each in enumerate(certificates)]
    algorithm, body = _encrypted(key, spelt, random, charge)
    shrouded = der.sequence(algorithm, der.write(der.OCTETS, body))
    key_bag = der.sequence(der.oid(_SHROUDED_BAG), der.write(der.CONTEXT0, shrouded), der.write(der.SET, local_key))
    infos = [_encrypted_info(bags, spelt, random, charge), _data_info(der.sequence(key_bag))]
    return _file(infos, spelt, random, charge)


def encode_trust_store(
    entries: Sequence[tuple[bytes, str]], password: str, random: RandomBytes, charge: Charge
) -> bytes:
    """Certificates with their names, marked as trusted the way Java wants it."""
    spelt = password_of(password)
    trusted = _attribute(_JAVA_TRUST, der.oid(_ANY_USAGE))
    bags = []
    for certificate, name in entries:
        friendly = der.write(der.BMP, password_of(name).bmp[:-2])
        bags.append(_cert_bag(certificate, [trusted, _attribute(_FRIENDLY_NAME, friendly)]))
    return _file([_encrypted_info(bags, spelt, random, charge)], spelt, random, charge)


def _attribute(name: str, value: bytes) -> bytes:
    return der.sequence(der.oid(name), der.write(der.SET, value))


def _cert_bag(certificate: bytes, attributes: list[bytes]) -> bytes:
    value = der.sequence(der.oid(_X509), der.write(der.CONTEXT0, der.write(der.OCTETS, certificate)))
    tail = [der.write(der.SET, *sorted(attributes))] if attributes else []
    return der.sequence(der.oid(_CERT_BAG), der.write(der.CONTEXT0, value), *tail)


def _encrypted(data: bytes, password: Password, random: RandomBytes, charge: Charge) -> tuple[bytes, bytes]:
    """Algorithm identifier and ciphertext: PBES2 with PBKDF2-HMAC-SHA256 and AES-256-CBC."""
    salt, iv = random(_SALT), random(16)
    charge(_ITERATIONS)
    key = hashlib.pbkdf2_hmac("sha256", password.utf8, salt, _ITERATIONS, 32)
    prf = der.sequence(der.oid(pfx_crypto.HMAC_SHA256))
    kdf = der.sequence(der.write(der.OCTETS, salt), der.number(_ITERATIONS), prf)
    parameters = der.sequence(
        der.sequence(der.oid(pfx_crypto.PBKDF2), kdf),
        der.sequence(der.oid(pfx_crypto.AES256_CBC), der.write(der.OCTETS, iv)),
    )
    algorithm = der.sequence(der.oid(pfx_crypto.PBES2), parameters)
    return algorithm, pfx_crypto.aes_encrypt(key, iv, data)


def _encrypted_info(bags: list[bytes], password: Password, random: RandomBytes, charge: Charge) -> bytes:
    algorithm, body = _encrypted(der.sequence(*bags), password, random, charge)
    info = der.sequence(der.oid(_DATA), algorithm, der.write(0x80, body))
    return der.sequence(der.oid(_ENCRYPTED), der.write(der.CONTEXT0, der.sequence(der.number(0), info)))


def _data_info(data: bytes) -> bytes:
    return der.sequence(der.oid(_DATA), der.write(der.CONTEXT0, der.write(der.OCTETS, data)))


def _file(infos: list[bytes], password: Password, random: RandomBytes, charge: Charge) -> bytes:
    message = der.sequence(*infos)
    salt = random(_SALT)
    key = pfx_crypto.derive("sha256", salt, password.bmp, _ITERATIONS, 3, 32, charge)
    digest = der.sequence(
        der.sequence(der.oid(pfx_crypto.SHA256)), der.write(der.OCTETS, hmac.digest(key, message, "sha256"))
    )
    mac = der.sequence(digest, der.write(der.OCTETS, salt), der.number(_ITERATIONS))
    return der.sequence(der.number(3), _data_info(message), mac)
