"""Certificates as Go's x509.CreateCertificate writes them for sprig: which extensions, which signature.

Input: a Request, the key that it is for, and the issuer (none: self-signed). Output: DER. SigningError
tells in words what can't be signed.
"""

import hashlib
import ipaddress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from secretcore.template.golib.x509_reading import Certificate, is_printable

if TYPE_CHECKING:
    from cryptography import x509


class SigningError(ValueError):
    """The certificate can't be made."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to certify; times are those of the start, and `days` after it."""

    name: str
    days: int
    ips: tuple[str, ...]
    dns: tuple[str, ...]
    serial: int
    now: datetime
    is_ca: bool = False


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who signs."""

    certificate: Certificate
    key: Any = field(repr=False)


def sign(request: Request, key: Any, issuer: Issuer | None) -> bytes:
    """Make and sign the certificate. SigningError."""
    from cryptography.hazmat.primitives.serialization import Encoding

    names = alternative_names(request)
    signing_key = issuer.key if issuer else key
    digest = _digest(signing_key)
    if issuer and issuer.certificate.parsed.public_key() != issuer.key.public_key():
        raise SigningError("error creating certificate: x509: provided PrivateKey doesn't match parent's PublicKey")
    builder = _builder(request, key, issuer, names)
    try:
        return builder.sign(signing_key, digest).public_bytes(Encoding.DER)
    except (ValueError, TypeError):
        raise SigningError("error creating certificate: x509: the key can't sign it") from None


def _digest(key: Any) -> Any:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(key, rsa.RSAPrivateKey):
        return hashes.SHA256()
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return {384: hashes.SHA384(), 521: hashes.SHA512()}.get(key.curve.key_size, hashes.SHA256())
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return None
    raise SigningError("error creating certificate: x509: only RSA, ECDSA and Ed25519 keys supported")


def _name(text: str) -> "x509.Name":
    from cryptography import x509
    from cryptography.x509.name import _ASN1Type

    if not text:
        return x509.Name([])
    kind = _ASN1Type.PrintableString if is_printable(text) else _ASN1Type.UTF8String
    try:
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text, kind)])
    except ValueError:
        raise SigningError("error creating certificate: a common name of more than 64 characters") from None


def alternative_names(request: Request) -> "list[x509.GeneralName]":
    """The DNS names and addresses. SigningError."""
    from cryptography import x509

    names: list[x509.GeneralName] = []
    for name in request.dns:
        if not name.isascii():
            raise SigningError("error creating certificate: x509: a DNS name cannot be encoded as an IA5String")
        names.append(x509.DNSName(name))
    return [*names, *(x509.IPAddress(parse_ip(ip)) for ip in request.ips)]


def parse_ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """net.ParseIP: no zone, and an IPv4 address in IPv6 dress is one. SigningError."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise SigningError("error parsing ip: not an address") from None
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.scope_id is not None:
        raise SigningError("error parsing ip: not an address")
    return address.ipv4_mapped or address


def _builder(
    request: Request, key: Any, issuer: Issuer | None, names: "list[x509.GeneralName]"
) -> "x509.CertificateBuilder":
    from cryptography import x509

    subject = _name(request.name)
    issued_by = issuer.certificate.parsed.subject if issuer else subject
    try:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issued_by)
            .public_key(key.public_key())
            .serial_number(request.serial)
            .not_valid_before(request.now)
            .not_valid_after(request.now + timedelta(days=request.days))
        )
    except (ValueError, OverflowError):
        raise SigningError("error creating certificate: x509: the days of its validity lead nowhere") from None
    for extension, critical in _extensions(request, key, issuer if issued_by != subject else None, names):
        builder = builder.add_extension(extension, critical)
    return builder


def _extensions(
    request: Request, key: Any, issuer: Issuer | None, names: "list[x509.GeneralName]"
) -> "list[tuple[x509.ExtensionType, bool]]":
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    usages = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    out: list[tuple[x509.ExtensionType, bool]] = [
        (_key_usage(is_ca=request.is_ca), True),
        (usages, False),
        (x509.BasicConstraints(ca=request.is_ca, path_length=None), True),
    ]
    if request.is_ca:
        out.append((x509.SubjectKeyIdentifier(_key_id(key)), False))
    if issuer and issuer.certificate.subject_key_id:
        out.append((x509.AuthorityKeyIdentifier(issuer.certificate.subject_key_id, None, None), False))
    if names:
        out.append((x509.SubjectAlternativeName(names), not request.name))
    return out


def _key_usage(*, is_ca: bool) -> "x509.KeyUsage":
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=True, data_encipherment=False,
        key_agreement=False, key_cert_sign=is_ca, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _key_id(key: Any) -> bytes:
    """The first 160 bits of the SHA-256 of the public key's bits, as Go does it since 1.25."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    from secretcore.template.golib import der

    info = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    bits = der.read(info).children()[1].expect(der.BIT_STRING).content[1:]
    return hashlib.sha256(bits).digest()[:20]
