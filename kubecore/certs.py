"""A serving certificate with a CA of our own: made, and renewed so that no client ever meets one it doesn't
trust.

The webhook keeps the four PEM texts in its Secret, publishes `ca_bundle` to the API server and serves
`certificate`. A new CA is published a day before it signs what is served, and the old one stays published
until it expires: whoever still serves what it signed is trusted. Other names are signed by the CA that is
trusted already. `now` is an argument (aware); nothing here reads a clock or writes anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CA_LIFE = timedelta(days=365)
LIFE = timedelta(days=90)
OVERLAP = timedelta(days=1)  # for which a new CA is published before it is used
SKEW = timedelta(hours=1)  # by which clocks of clients may be behind


@dataclass(frozen=True)
class Certificates:
    """PEM texts. `ca_bundle` holds the newest CA first; `ca_key` is its key."""

    ca_bundle: str
    ca_key: str = field(repr=False)
    certificate: str
    key: str = field(repr=False)


def renewed(kept: Certificates | None, names: Sequence[str], now: datetime) -> Certificates:
    """What to keep and serve from now on for these DNS names: `kept` itself when nothing is due.

    Each is replaced when two thirds of its life are over. What cannot be used (None, broken, expired) is made
    anew; of what cannot be used as a whole, a CA that signed what is served stays in the bundle.
    """
    have = None if kept is None else _read(kept, now)
    if kept is None or have is None:
        return _made(names, now, _still_serving(kept, now))
    if not have.serves(names, now):
        return _signed(kept, have, names, now)
    if now >= _two_thirds(have.authorities[0]):
        authority, key = _new_authority(now)
        bundle = "".join(_pem(ca) for ca in (authority, *have.authorities))
        return Certificates(bundle, _key_pem(key), kept.certificate, kept.key)
    return _signed(kept, have, names, now) if now >= have.due() else kept


def renewal_due(kept: Certificates, now: datetime) -> datetime:
    """When `renewed` has something to do next; `now` if it has already."""
    have = _read(kept, now)
    return now if have is None else max(now, min(have.due(), _two_thirds(have.authorities[0])))


@dataclass(frozen=True)
class _Readable:
    """Certificates that belong together: `authorities` have not expired, and one of them signed
    `certificate`.
    """

    authorities: tuple[x509.Certificate, ...]
    ca_key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def serves(self, names: Sequence[str], now: datetime) -> bool:
        alternatives = self.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        same = set(alternatives.get_values_for_type(x509.DNSName)) == set(names)
        return same and now < self.certificate.not_valid_after_utc

    def due(self) -> datetime:
        """When a new certificate is to be signed: by age, or because a newer CA has been published long
        enough.
        """
        newest = self.authorities[0]
        ready = newest.not_valid_before_utc + SKEW + OVERLAP
        by_age = _two_thirds(self.certificate)
        return max(by_age, ready) if _issued_by(self.certificate, newest) else ready


def _read(kept: Certificates, now: datetime) -> _Readable | None:
    try:
        authorities = _valid(kept.ca_bundle, now)
        certificate = x509.load_pem_x509_certificate(kept.certificate.encode())
        ca_key, key = (_read_key(pem) for pem in (kept.ca_key, kept.key))
        certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (ValueError, TypeError, x509.ExtensionNotFound):
        return None
    if not authorities or ca_key is None or authorities[0].public_key() != ca_key.public_key():
        return None
    if key is None or certificate.public_key() != key.public_key():
        return None
    if not any(_issued_by(certificate, ca) for ca in authorities):
        return None
    return _Readable(authorities, ca_key, certificate)


def _read_key(pem: str) -> ec.EllipticCurvePrivateKey | None:
    key = serialization.load_pem_private_key(pem.encode(), None)
    return key if isinstance(key, ec.EllipticCurvePrivateKey) else None


def _made(names: Sequence[str], now: datetime, trusted: Sequence[x509.Certificate]) -> Certificates:
    authority, ca_key = _new_authority(now)
    certificate, key = _new_certificate(names, now, authority, ca_key)
    bundle = "".join(map(_pem, (authority, *trusted)))
    return Certificates(bundle, _key_pem(ca_key), _pem(certificate), _key_pem(key))


def _signed(kept: Certificates, have: _Readable, names: Sequence[str], now: datetime) -> Certificates:
    certificate, key = _new_certificate(names, now, have.authorities[0], have.ca_key)
    return Certificates(kept.ca_bundle, kept.ca_key, _pem(certificate), _key_pem(key))


def _still_serving(kept: Certificates | None, now: datetime) -> list[x509.Certificate]:
    """The CAs that a certificate which others may serve for a while was signed by."""
    try:
        certificate = x509.load_pem_x509_certificate((kept.certificate if kept else "").encode())
        authorities = _valid(kept.ca_bundle if kept else "", now)
    except ValueError:
        return []
    alive = now < certificate.not_valid_after_utc
    return [ca for ca in authorities if alive and _issued_by(certificate, ca)]


def _valid(bundle: str, now: datetime) -> tuple[x509.Certificate, ...]:
    """Those that have not expired. Raises ValueError."""
    return tuple(ca for ca in x509.load_pem_x509_certificates(bundle.encode()) if now < ca.not_valid_after_utc)


def _new_authority(now: datetime) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    # The serial number tells one CA's name from the next one's.
    serial = x509.random_serial_number()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"ca-{serial:x}")])
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    builder = (
        _builder(name, name, key, now, CA_LIFE)
        .serial_number(serial)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return builder.sign(key, hashes.SHA256()), key


def _new_certificate(
    names: Sequence[str], now: datetime, authority: x509.Certificate, ca_key: ec.EllipticCurvePrivateKey
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
    life = min(LIFE, authority.not_valid_after_utc - now)
    builder = (
        _builder(subject, authority.subject, key, now, life)
        .serial_number(x509.random_serial_number())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
    )
    return builder.sign(ca_key, hashes.SHA256()), key


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + life)
    )


def _issued_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _two_thirds(certificate: x509.Certificate) -> datetime:
    life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    return certificate.not_valid_before_utc + life * 2 / 3


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
