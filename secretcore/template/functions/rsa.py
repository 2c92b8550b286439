"""ESO's rsaDecrypt.

Input: scheme, hash, ciphertext (bytes) and a private key in PEM. Output: the plaintext.
"""

from collections.abc import Mapping

from secretcore.template.declare import Environment, Function, function
from secretcore.template.errors import FunctionError
from secretcore.template.functions import native
from secretcore.template.golib import pem, private_keys
from secretcore.template.golib.private_keys import KeyFormatError
from secretcore.template.values import octets, text


def _decrypt(env: Environment, scheme: str, digest: str, encrypted: str, key: str) -> str:
    if scheme == "None":
        return encrypted
    if scheme != "RSA-OAEP":
        raise FunctionError("decryption scheme is not supported: it must be None or RSA-OAEP")
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    block, _ = pem.decode(native.document(env, key))
    if block is None:
        raise FunctionError("failed to decode PEM block")
    try:
        loaded = private_keys.load(
            block.der, native.key(env), private_keys.PKCS1, private_keys.PKCS8, private_keys.SEC1
        )
    except KeyFormatError:
        raise FunctionError("could not parse private key: unable to parse private key type") from None
    if not isinstance(loaded, rsa.RSAPrivateKey):
        raise FunctionError("could not parse RSA private key")
    algorithm = {"SHA1": hashes.SHA1(), "SHA512": hashes.SHA512()}.get(digest, hashes.SHA256())  # noqa: S303
    try:
        plain = loaded.decrypt(octets(encrypted), padding.OAEP(padding.MGF1(algorithm), algorithm, None))
    except ValueError:
        raise FunctionError("error decrypting data with RSA: crypto/rsa: decryption error") from None
    return text(plain)


FUNCTIONS: Mapping[str, Function] = {
    "rsaDecrypt": function("func(string, string, string, string) (string, error)", _decrypt, env=True, slow=True),
}
