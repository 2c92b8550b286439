"""sprig's certificates: genCA, genSelfSignedCert, genSignedCert, their variants with a given key,
buildCustomCert.

Input: names, addresses, days, PEM texts. Output: `sprig.certificate` values with the fields Cert and Key.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from secretcore.template.declare import Environment, Function, function
from secretcore.template.errors import FunctionError
from secretcore.template.functions import keys, native
from secretcore.template.functions.encoding import CorruptInputError, decode_base64
from secretcore.template.golib import pem
from secretcore.template.golib.x509_reading import CertificateError, parse_certificate
from secretcore.template.golib.x509_writing import Issuer, Request, SigningError, sign
from secretcore.template.gotypes import GoType, named_type
from secretcore.template.values import GoObject, GoSlice, octets, text


@dataclass(frozen=True, slots=True, repr=False)
class CertificatePair(GoObject):
    """sprig's certificate struct: certificate and private key in PEM."""

    go_type: ClassVar[GoType] = named_type("sprig.certificate", "struct")
    fields: ClassVar[Mapping[str, str]] = {"Cert": "cert", "Key": "key"}
    cert: str
    key: str

    def to_json(self) -> dict[str, Any]:
        """Its fields."""
        return {"Cert": self.cert, "Key": self.key}


def _request(
    env: Environment, name: str, days: int, ips: GoSlice | None, dns: GoSlice | None, *, ca: bool = False
) -> Request:
    for value in ips or ():
        if not isinstance(value, str):
            raise FunctionError("error parsing ip: not a string")
    for value in dns or ():
        if not isinstance(value, str):
            raise FunctionError("error processing alternate dns name: not a string")
    serial = int.from_bytes(env.random.randbytes(16), "big") or 1
    return Request(name, days, tuple(ips or ()), tuple(dns or ()), serial, env.now, is_ca=ca)


def _signed(env: Environment, request: Request, key: Any, issuer: Issuer | None) -> CertificatePair:
    env.meter.native(1)
    try:
        raw = sign(request, key, issuer)
    except SigningError as error:
        raise FunctionError(str(error)) from None
    return CertificatePair(pem.encode_der("CERTIFICATE", raw), keys.to_pem(key))


def _given_key(env: Environment, value: str) -> Any:
    try:
        return keys.parse_pem(env, value)
    except FunctionError as error:
        raise FunctionError(f"parsing private key: {error}") from None


def _ca(env: Environment, name: str, days: int) -> CertificatePair:
    request = _request(env, name, days, None, None, ca=True)
    return _signed(env, request, keys.generate_rsa(env, 2048), None)


def _ca_with_key(env: Environment, name: str, days: int, key: str) -> CertificatePair:
    loaded = _given_key(env, key)
    return _signed(env, _request(env, name, days, None, None, ca=True), loaded, None)


def _self_signed(env: Environment, name: str, ips: Any, dns: Any, days: int) -> CertificatePair:
    request = _request(env, name, days, ips, dns)
    return _signed(env, request, keys.generate_rsa(env, 2048), None)


def _self_signed_with_key(env: Environment, name: str, ips: Any, dns: Any, days: int, key: str) -> CertificatePair:
    loaded = _given_key(env, key)
    return _signed(env, _request(env, name, days, ips, dns), loaded, None)


def _by_ca(env: Environment, name: str, ips: Any, dns: Any, days: int, ca: CertificatePair) -> CertificatePair:
    issuer = _issuer(env, ca)
    request = _request(env, name, days, ips, dns)
    return _signed(env, request, keys.generate_rsa(env, 2048), issuer)


def _by_ca_with_key(
    env: Environment, name: str, ips: Any, dns: Any, days: int, ca: CertificatePair, key: str
) -> CertificatePair:  # fmt: skip
    loaded = _given_key(env, key)
    issuer = _issuer(env, ca)
    return _signed(env, _request(env, name, days, ips, dns), loaded, issuer)


def _issuer(env: Environment, ca: CertificatePair) -> Issuer:
    block, _ = pem.decode(native.document(env, ca.cert))
    if block is None:
        raise FunctionError("unable to decode certificate")
    env.meter.native(1)
    try:
        certificate = parse_certificate(block.der)
    except CertificateError as error:
        raise FunctionError(f"error parsing certificate: decodedSignerCert.Bytes: {error}") from None
    try:
        return Issuer(certificate, keys.parse_pem(env, ca.key))
    except FunctionError as error:
        raise FunctionError(f"error parsing private key: {error}") from None


def _custom(env: Environment, cert64: str, key64: str) -> CertificatePair:
    cert = _decoded(env, cert64, "certificate")
    key = text(_decoded(env, key64, "private key"))
    block, _ = pem.decode(cert)
    if block is None:
        raise FunctionError("unable to decode certificate")
    env.meter.native(1)
    try:
        parse_certificate(block.der)
    except CertificateError as error:
        raise FunctionError(f"error parsing certificate: decodedCert.Bytes: {error}") from None
    try:
        keys.parse_pem(env, key)
    except FunctionError as error:
        raise FunctionError(f"error parsing private key: {error}") from None
    return CertificatePair(text(cert), key)


def _decoded(env: Environment, value: str, what: str) -> bytes:
    env.meter.document(len(value))
    try:
        return decode_base64(octets(value))
    except CorruptInputError:
        raise FunctionError(f"unable to decode base64 {what}") from None


_LIST, _PAIR = "[]interface {}", "(sprig.certificate, error)"
_SIGNED = f"string, {_LIST}, {_LIST}, int"


def _declared(params: str, call: Any) -> Function:
    return function(f"func({params}) {_PAIR}", call, env=True, slow=True)


FUNCTIONS: Mapping[str, Function] = {
    "genCA": _declared("string, int", _ca),
    "genCAWithKey": _declared("string, int, string", _ca_with_key),
    "genSelfSignedCert": _declared(_SIGNED, _self_signed),
    "genSelfSignedCertWithKey": _declared(f"{_SIGNED}, string", _self_signed_with_key),
    "genSignedCert": _declared(f"{_SIGNED}, sprig.certificate", _by_ca),
    "genSignedCertWithKey": _declared(f"{_SIGNED}, sprig.certificate, string", _by_ca_with_key),
    "buildCustomCert": _declared("string, string", _custom),
}
