"""Certificates as Go's x509 package shows them: key identifiers, alternative names, the subject's text.

Input: DER. Output: Certificate values. CertificateError never holds anything of the certificate.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from secretcore.template.golib import der

if TYPE_CHECKING:
    from cryptography import x509


class CertificateError(ValueError):
    """The bytes are no certificate."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A parsed certificate; the key identifiers are None where the extension is missing."""

    raw: bytes = field(repr=False)
    parsed: "x509.Certificate" = field(repr=False)
    subject_key_id: bytes | None
    authority_key_id: bytes | None

    @property
    def is_root(self) -> bool:
        """Whether it names no authority other than itself."""
        return self.authority_key_id is None or self.authority_key_id == self.subject_key_id


def parse_certificate(raw: bytes) -> Certificate:
    """Parse DER. CertificateError."""
    from cryptography import x509

    try:
        parsed = x509.load_der_x509_certificate(raw)
        subject = _extension(parsed, x509.SubjectKeyIdentifier)
        authority = _extension(parsed, x509.AuthorityKeyIdentifier)
        return Certificate(raw, parsed, subject and subject.digest, authority.key_identifier if authority else None)
    except ValueError:
        raise CertificateError("x509: malformed certificate") from None


def _extension(parsed: "x509.Certificate", kind: Any) -> Any:
    from cryptography import x509

    try:
        return parsed.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
    except x509.DuplicateExtension:
        raise CertificateError("x509: certificate contains duplicate extensions") from None


def alternative_names(certificate: Certificate) -> list[str]:
    """DNS names, IP addresses, mail addresses, URIs, in this order."""
    from cryptography import x509

    try:
        names = _extension(certificate.parsed, x509.SubjectAlternativeName)
    except ValueError:
        raise CertificateError("x509: malformed certificate") from None
    if names is None:
        return []
    out = []
    for kind in (x509.DNSName, x509.IPAddress, x509.RFC822Name, x509.UniformResourceIdentifier):
        out += [_address(value) for value in names.get_values_for_type(kind)]
    return out


def _address(value: Any) -> str:
    mapped = getattr(value, "ipv4_mapped", None)
    return str(mapped or value)


_SHORT = {
    "2.5.4.6": "C", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.3": "CN", "2.5.4.5": "SERIALNUMBER",
    "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.9": "STREET", "2.5.4.17": "POSTALCODE",
}  # fmt: skip
_ORDER = (
    "2.5.4.6",
    "2.5.4.10",
    "2.5.4.11",
    "2.5.4.7",
    "2.5.4.8",
    "2.5.4.9",
    "2.5.4.17",
    "2.5.4.3",
    "2.5.4.5",
)
_SINGLE = frozenset({"2.5.4.3", "2.5.4.5"})


def subject_text(certificate: Certificate) -> str:
    """pkix.Name.String of the subject: known attributes grouped in Go's order, written from the last to the
    first.
    """
    attributes = [(attribute.oid.dotted_string, str(attribute.value)) for attribute in certificate.parsed.subject]
    groups = [[attribute] for attribute in attributes if attribute[0] not in _SHORT]
    for wanted in _ORDER:
        group = [attribute for attribute in attributes if attribute[0] == wanted]
        if group:
            groups.append(group[-1:] if wanted in _SINGLE else group)
    return ",".join("+".join(_written(groups[at])) for at in range(len(groups) - 1, -1, -1))


def _written(group: list[tuple[str, str]]) -> Iterator[str]:
    for oid, value in group:
        if oid in _SHORT:
            yield f"{_SHORT[oid]}={_escaped(value)}"
        else:
            yield f"{oid}=#{string_der(value).hex()}"


def is_printable(value: str) -> bool:
    """Whether Go writes the string as an ASN.1 PrintableString."""
    return all(char.isascii() and (char.isalnum() or char in "'() +,-./:=?") for char in value)


def string_der(value: str) -> bytes:
    """A string as Go's asn1.Marshal writes it."""
    return der.write(der.PRINTABLE if is_printable(value) else der.UTF8, value.encode())


def _escaped(value: str) -> str:
    out = []
    for at, char in enumerate(value):
        edge = char == " " and at in (0, len(value) - 1)
        out.append("\\" + char if edge or char in ',+"\\<>;' or (char == "#" and at == 0) else char)
    return "".join(out)
