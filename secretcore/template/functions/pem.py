"""ESO's functions on PEM: filterPEM, filterCertChain and certSANs.

Input: PEM texts. Output: PEM texts and names. The order of a chain is a matter of form, not of trust.
"""

from collections.abc import Mapping

from secretcore.template.declare import Environment, Function, function
from secretcore.template.errors import FunctionError
from secretcore.template.functions import native
from secretcore.template.golib import chains, pem
from secretcore.template.golib.chains import ChainError
from secretcore.template.golib.x509_reading import (
    Certificate,
    CertificateError,
    alternative_names,
    parse_certificate,
)

CERTIFICATE = "CERTIFICATE"


def _without_junk(data: bytes) -> bytes:
    return data[max(data.find(b"-----BEGIN"), 0) :]


def _filter(env: Environment, kind: str, value: str) -> str:
    data = _without_junk(native.document(env, value))
    out = []
    at = 0
    while True:
        block, at = pem.decode(data, at)
        if block is None:
            break
        if block.kind.lower() == kind.lower():
            if any(":" in name for name in block.headers):
                raise FunctionError("pem: cannot encode a header key that contains a colon")
            out.append(pem.encode(block))
    if not out and at < len(data):
        raise FunctionError("error filtering pem: found junk")
    return "".join(out)


def ordered_chain(env: Environment, data: bytes) -> list[Certificate]:
    """The certificates of a bundle from the leaf up. FunctionError in ESO's words."""
    native.certificates(env, data.count(b"-----BEGIN"))
    try:
        return chains.ordered(chains.read_certificates(data))
    except (CertificateError, ChainError) as error:
        raise FunctionError(str(error)) from None


def _filter_chain(env: Environment, kind: str, value: str) -> str:
    chain = ordered_chain(env, native.document(env, value))
    chosen: list[Certificate] = []
    if kind == "leaf":
        chosen = [] if chain[0].is_root else chain[:1]
    elif kind == "intermediate":
        for certificate in chain[1:]:
            if certificate.is_root:
                break
            chosen.append(certificate)
    elif kind == "root":
        chosen = chain[-1:] if chain[-1].is_root else []
    return "".join(pem.encode_der(CERTIFICATE, certificate.raw) for certificate in chosen)


def _alternative_names(env: Environment, value: str) -> list[str]:
    block, _ = pem.decode(_without_junk(native.document(env, value)))
    if block is None:
        raise FunctionError("failed to decode PEM block")
    native.certificates(env, 1)
    try:
        return alternative_names(parse_certificate(block.der))
    except CertificateError as error:
        raise FunctionError(f"failed to parse certificate: {error}") from None


FUNCTIONS: Mapping[str, Function] = {
    "filterPEM": function("func(string, string) (string, error)", _filter, env=True),
    "filterCertChain": function("func(string, string) (string, error)", _filter_chain, env=True, slow=True),
    "certSANs": function("func(string) ([]string, error)", _alternative_names, env=True, slow=True),
}
