"""ESO's jwkPublicKeyPem and jwkPrivateKeyPem.

Input: one JSON Web Key as JSON. Output: PEM, PKIX for public keys and PKCS#8 for private ones.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any

from secretcore.template.declare import Environment, Function, function
from secretcore.template.errors import FunctionError
from secretcore.template.functions import native
from secretcore.template.golib import json_text, pem, private_keys
from secretcore.template.values import GoMap, octets

_LARGEST = private_keys.LARGEST_BITS // 8
_CURVES = {"P-256": "SECP256R1", "P-384": "SECP384R1", "P-521": "SECP521R1"}
_TYPES = {"RSA": "*rsa", "EC": "*ecdsa", "OKP": "ed25519"}
_TEXTS = ("kid", "alg", "use", "x5t", "x5u")


def _read(env: Environment, document: str) -> GoMap:
    env.meter.document(len(octets(document)))
    value, error = json_text.parse(document)
    if error is not None or not isinstance(value, GoMap):
        raise FunctionError("failed to unmarshal JSON into a key")
    if value.get("kty") not in ("RSA", "EC", "OKP", "oct"):
        raise FunctionError("invalid key type in the JSON Web Key")
    if not all(isinstance(value.get(name, ""), str) for name in _TEXTS):
        raise FunctionError("failed to unmarshal JSON into a key: a field that must be a string is none")
    return value


def _bytes(key: GoMap, name: str) -> bytes:
    value = key.get(name)
    if not isinstance(value, str) or not value:
        raise FunctionError(f"required field {name} is missing from the JSON Web Key")
    try:
        if not re.fullmatch(r"[A-Za-z0-9+/_=-]*", value):
            raise binascii.Error
        plain = value.rstrip("=").replace("-", "+").replace("_", "/")
        raw = base64.b64decode(plain + "=" * (-len(plain) % 4))
    except (binascii.Error, ValueError):
        raise FunctionError(f"field {name} of the JSON Web Key is not base64") from None
    if len(raw) > _LARGEST:
        raise FunctionError(f"field {name} of the JSON Web Key has more than {_LARGEST * 8} bits")
    return raw


def _number(key: GoMap, name: str) -> int:
    return int.from_bytes(_bytes(key, name), "big")


def _rsa(env: Environment, key: GoMap) -> Any:
    from cryptography.hazmat.primitives.asymmetric import rsa

    public = rsa.RSAPublicNumbers(_number(key, "e"), _number(key, "n"))
    if "d" not in key:
        return public.public_key()
    native.key(env)(public.n.bit_length())
    d, p, q = (_number(key, name) for name in ("d", "p", "q"))
    factors = (rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q))
    return rsa.RSAPrivateNumbers(p, q, d, *factors, public).private_key()


def _ec(env: Environment, key: GoMap) -> Any:
    from cryptography.hazmat.primitives.asymmetric import ec

    native.key(env)(256)
    name = _CURVES.get(str(key.get("crv")))
    if name is None:
        raise FunctionError("invalid elliptic curve in the JSON Web Key")
    public = ec.EllipticCurvePublicNumbers(_number(key, "x"), _number(key, "y"), getattr(ec, name)())
    if "d" not in key:
        return public.public_key()
    return ec.EllipticCurvePrivateNumbers(_number(key, "d"), public).private_key()


def _okp(env: Environment, key: GoMap) -> Any:
    from cryptography.hazmat.primitives.asymmetric import ed25519

    native.key(env)(256)
    if key.get("crv") != "Ed25519":
        raise FunctionError("x509: unsupported key type: the curve of the JSON Web Key is not Ed25519")
    if "d" not in key:
        return ed25519.Ed25519PublicKey.from_public_bytes(_bytes(key, "x"))
    private = ed25519.Ed25519PrivateKey.from_private_bytes(_bytes(key, "d"))
    if private.public_key().public_bytes_raw() != _bytes(key, "x"):
        raise FunctionError("the x and d of the JSON Web Key don't belong together")
    return private


_LOADERS: Mapping[str, Callable[[Environment, GoMap], Any]] = {"RSA": _rsa, "EC": _ec, "OKP": _okp}


def _loaded(env: Environment, document: str, what: str) -> Any:
    key = _read(env, document)
    kind = str(key["kty"])
    if kind == "oct":
        raise FunctionError(f"x509: {what}: []uint8")
    wants_private = what.startswith("unknown")
    if ("d" in key) is not wants_private:
        raise FunctionError(f"x509: {what}: {_TYPES[kind]}.{'PrivateKey' if 'd' in key else 'PublicKey'}")
    try:
        return _LOADERS[kind](env, key)
    except ValueError:
        raise FunctionError("the numbers of the JSON Web Key make no key") from None


def _public(env: Environment, document: str) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = _loaded(env, document, "unsupported public key type")
    return pem.encode_der("PUBLIC KEY", key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def _private(env: Environment, document: str) -> str:
    key = _loaded(env, document, "unknown key type while marshaling PKCS#8")
    return pem.encode_der("PRIVATE KEY", private_keys.pkcs8(key))


FUNCTIONS: Mapping[str, Function] = {
    "jwkPublicKeyPem": function("func(string) (string, error)", _public, env=True, slow=True),
    "jwkPrivateKeyPem": function("func(string) (string, error)", _private, env=True, slow=True),
}
