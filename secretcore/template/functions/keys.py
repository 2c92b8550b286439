"""sprig's genPrivateKey, and the private keys in PEM that the certificate functions take.

Input: a key type, PEM texts. Output: PEM texts and keys of `cryptography`.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from secretcore.template.declare import Environment, Function, function
from secretcore.template.errors import FunctionError
from secretcore.template.functions import native
from secretcore.template.golib import pem, private_keys
from secretcore.template.golib.private_keys import DSA, PKCS1, PKCS8, SEC1, KeyFormatError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes


def generate_rsa(env: Environment, bits: int) -> "PrivateKeyTypes":
    """A new RSA key; OpenSSL draws its primes itself, since no library takes them from elsewhere."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    env.meter.native(native.RSA_4096 if bits > 2048 else native.RSA_2048)
    return rsa.generate_private_key(65537, bits)


def _generate(env: Environment, kind: str) -> "PrivateKeyTypes | None":
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519

    match kind:
        case "" | "rsa":
            return generate_rsa(env, 4096)
        case "dsa":
            env.meter.native(native.DSA_2048)
            return dsa.generate_private_key(2048)
        case "ecdsa":
            env.meter.native(1)
            return ec.derive_private_key(_scalar(env), ec.SECP256R1())
        case "ed25519":
            env.meter.native(1)
            return ed25519.Ed25519PrivateKey.from_private_bytes(env.random.randbytes(32))
        case _:
            return None


_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def _scalar(env: Environment) -> int:
    while True:
        number = int.from_bytes(env.random.randbytes(32), "big")
        if 0 < number < _P256_ORDER:
            return number


def to_pem(key: Any) -> str:
    """A key as sprig writes it."""
    return pem.encode_der(*private_keys.traditional(key))


def _gen_private_key(env: Environment, kind: str) -> str:
    key = _generate(env, kind)
    return f"Unknown type {kind}" if key is None else to_pem(key)


_FORMS = {
    "PRIVATE KEY": (PKCS8, "decoding PEM as PKCS#8"),
    "RSA PRIVATE KEY": (PKCS1, "parsing RSA private key from PEM"),
    "EC PRIVATE KEY": (SEC1, "parsing EC private key from PEM"),
    "DSA PRIVATE KEY": (DSA, "parsing DSA private key from PEM"),
}


def parse_pem(env: Environment, value: str) -> "PrivateKeyTypes":
    """The first PEM block as a key, in the form that its type says. FunctionError."""
    block, _ = pem.decode(native.document(env, value))
    if block is None:
        raise FunctionError("no PEM data in input")
    if block.kind not in _FORMS:
        what = "invalid private key type" if block.kind.endswith(" PRIVATE KEY") else "no private key data"
        raise FunctionError(f"{what} in the PEM block")
    wanted, failure = _FORMS[block.kind]
    try:
        return private_keys.load(block.der, native.key(env), wanted)
    except KeyFormatError as error:
        raise FunctionError(f"{failure}: {error}") from None


FUNCTIONS: Mapping[str, Function] = {
    "genPrivateKey": function("func(string) string", _gen_private_key, env=True, slow=True),
}
