"""The order of a certificate chain: leaf first, root last, by authority and subject key identifiers.

Input: certificates from a PEM bundle or a PKCS#12 file. Output: the same in order. It only formats: nothing
here says that a chain is valid or trusted.
"""

from collections.abc import Sequence

from secretcore.template.golib import pem
from secretcore.template.golib.x509_reading import Certificate, parse_certificate


class ChainError(ValueError):
    """The certificates are no single chain; the messages are ESO's."""


def read_certificates(data: bytes) -> list[Certificate]:
    """All PEM blocks as certificates, whatever their type says. CertificateError."""
    return [parse_certificate(block.der) for block in pem.blocks(data)]


def ordered(certificates: Sequence[Certificate]) -> list[Certificate]:
    """From the one that signed no other up to the root. ChainError."""
    count = len(certificates)
    parents: list[int | None] = [_parent(certificates, index) for index in range(count)]
    leaves = [index for index in range(count) if index not in parents]
    if len(leaves) > 1:
        raise ChainError("found multiple leaf or disjunct certificates")
    if not leaves:
        raise ChainError("no leaf certificate found")
    chain: list[Certificate] = []
    at: int | None = leaves[0]
    while at is not None:
        if len(chain) == count:
            raise ChainError("constructing chain resulted in cycle")
        chain.append(certificates[at])
        at = parents[at]
    return chain


def _parent(certificates: Sequence[Certificate], index: int) -> int | None:
    """The first other certificate with the wanted key identifier; none at all equals none at all, as in
    ESO.
    """
    wanted = certificates[index].authority_key_id or b""
    for other, certificate in enumerate(certificates):
        if other != index and (certificate.subject_key_id or b"") == wanted:
            return other
    return None
