"""ESO's functions on PKCS#12: reading key and certificates, making files and trust stores of PEM texts.

Input: the bytes of a file, or PEM texts. Output: PEM texts, or the base64 of a file.
"""

import base64
from collections.abc import Mapping
from contextlib import suppress

from secretcore.template.declare import Environment, Function, function
from secretcore.template.errors import FunctionError
from secretcore.template.functions import native
from secretcore.template.functions.lists import NIL_PANIC
from secretcore.template.functions.pem import CERTIFICATE
from secretcore.template.golib import chains, pem, pfx, private_keys
from secretcore.template.golib.chains import ChainError
from secretcore.template.golib.pfx_crypto import PfxError
from secretcore.template.golib.private_keys import KeyFormatError
from secretcore.template.golib.x509_reading import (
    Certificate,
    CertificateError,
    parse_certificate,
    subject_text,
)


def _key_pass(env: Environment, password: str, value: str) -> str:
    try:
        contents = _contents(env, password, value)
        key = private_keys.pkcs8(private_keys.load(contents.key, native.key(env), private_keys.PKCS8))
    except (PfxError, KeyFormatError) as error:
        raise FunctionError(f"unable to decode pkcs12 with password: {error}") from None
    return pem.encode_der("PRIVATE KEY", key)


def _contents(env: Environment, password: str, value: str) -> pfx.Contents:
    return pfx.decode_chain(native.document(env, value), password, native.iterations(env))


def _key(env: Environment, value: str) -> str:
    return _key_pass(env, "", value)


def _cert_pass(env: Environment, password: str, value: str) -> str:
    try:
        contents = _contents(env, password, value)
        private_keys.load(contents.key, native.key(env), private_keys.PKCS8)
        native.certificates(env, 1 + len(contents.others))
        found = [parse_certificate(raw) for raw in (contents.certificate, *contents.others)]
    except (PfxError, KeyFormatError, CertificateError) as error:
        raise FunctionError(f"unable to decode pkcs12 certificate with password: {error}") from None
    with suppress(ChainError):  # no single chain: the order of the file
        found = chains.ordered(found)
    return "".join(pem.encode_der(CERTIFICATE, certificate.raw) for certificate in found)


def _cert(env: Environment, value: str) -> str:
    return _cert_pass(env, "", value)


def _first_certificate(env: Environment, value: str) -> tuple[Certificate, bytes]:
    """The certificate and what comes after it; no PEM at all is a nil pointer in ESO."""
    data = native.document(env, value)
    block, at = pem.decode(data)
    if block is None:
        raise FunctionError(NIL_PANIC)
    native.certificates(env, 1)
    return _parsed(block.der), data[at:]


def _parsed(raw: bytes) -> Certificate:
    try:
        return parse_certificate(raw)
    except CertificateError as error:
        raise FunctionError(str(error)) from None


def _all_certificates(env: Environment, data: bytes) -> list[Certificate]:
    native.certificates(env, data.count(b"-----BEGIN"))
    found = []
    at = 0
    while at < len(data):
        block, at = pem.decode(data, at)
        if block is None:
            raise FunctionError(NIL_PANIC)
        found.append(_parsed(block.der))
    return found


def _from_pem(env: Environment, certificates: list[Certificate], key: str, password: str) -> str:
    block, _ = pem.decode(native.document(env, key))
    if block is None:
        raise FunctionError(NIL_PANIC)
    try:
        loaded = private_keys.load(
            block.der, native.key(env), private_keys.PKCS1, private_keys.PKCS8, private_keys.SEC1
        )
    except KeyFormatError:
        raise FunctionError("unable to parse private key type") from None
    raw = [certificate.raw for certificate in certificates]
    try:
        made = pfx.encode(private_keys.pkcs8(loaded), raw, password, env.random.randbytes, native.iterations(env))
    except PfxError as error:
        raise FunctionError(str(error)) from None
    return base64.b64encode(made).decode("ascii")


def _pem_pass(env: Environment, cert: str, key: str, password: str) -> str:
    certificate, _ = _first_certificate(env, cert)
    return _from_pem(env, [certificate], key, password)


def _pem(env: Environment, cert: str, key: str) -> str:
    return _pem_pass(env, cert, key, "")


def _full_pem_pass(env: Environment, cert: str, key: str, password: str) -> str:
    certificate, rest = _first_certificate(env, cert)
    return _from_pem(env, [certificate, *_all_certificates(env, rest)], key, password)


def _full_pem(env: Environment, cert: str, key: str) -> str:
    return _full_pem_pass(env, cert, key, "")


def _trust_store_pass(env: Environment, certs: str, password: str) -> str:
    certificates = _all_certificates(env, native.document(env, certs))
    entries = [(certificate.raw, subject_text(certificate)) for certificate in certificates]
    try:
        made = pfx.encode_trust_store(entries, password, env.random.randbytes, native.iterations(env))
    except PfxError as error:
        raise FunctionError(str(error)) from None
    return base64.b64encode(made).decode("ascii")


def _trust_store(env: Environment, certs: str) -> str:
    return _trust_store_pass(env, certs, "")


def _declared(params: int, call: object) -> Function:
    assert callable(call)
    spelling = f"func({', '.join(['string'] * params)}) (string, error)"
    return function(spelling, call, env=True, slow=True)


FUNCTIONS: Mapping[str, Function] = {
    "pkcs12key": _declared(1, _key),
    "pkcs12keyPass": _declared(2, _key_pass),
    "pkcs12cert": _declared(1, _cert),
    "pkcs12certPass": _declared(2, _cert_pass),
    "pemToPkcs12": _declared(2, _pem),
    "pemToPkcs12Pass": _declared(3, _pem_pass),
    "fullPemToPkcs12": _declared(2, _full_pem),
    "fullPemToPkcs12Pass": _declared(3, _full_pem_pass),
    "pemTruststoreToPKCS12": _declared(1, _trust_store),
    "pemTruststoreToPKCS12Pass": _declared(2, _trust_store_pass),
}
