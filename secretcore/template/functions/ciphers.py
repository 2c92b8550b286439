"""sprig's encryptAES and decryptAES: AES-256 in CBC mode, the password padded with zeros as the key.

Input: password and text. Output: base64 of vector and ciphertext, and back.
"""

import base64
from collections.abc import Mapping

from secretcore.template.declare import Environment, Function, function
from secretcore.template.errors import FunctionError
from secretcore.template.functions.encoding import CorruptInputError, decode_base64
from secretcore.template.values import octets, text

_BLOCK = 16


def _key(password: str) -> bytes:
    return octets(password)[:32].ljust(32, b"\0")


def _encrypt(env: Environment, password: str, plain: str) -> str:
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import CBC

    if not plain:
        return ""
    raw = octets(plain)
    env.meter.string(2 * len(raw))
    padding = _BLOCK - len(raw) % _BLOCK
    vector = env.random.randbytes(_BLOCK)
    encryptor = Cipher(AES(_key(password)), CBC(vector)).encryptor()
    encrypted = encryptor.update(raw + bytes([padding]) * padding) + encryptor.finalize()
    return base64.b64encode(vector + encrypted).decode("ascii")


def _decrypt(env: Environment, password: str, encrypted: str) -> str:
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import CBC

    if not encrypted:
        return ""
    env.meter.string(2 * len(encrypted))
    try:
        raw = decode_base64(octets(encrypted))
    except CorruptInputError as error:
        raise FunctionError(str(error)) from None
    if len(raw) < _BLOCK:
        raise FunctionError(f"runtime error: slice bounds out of range [:{_BLOCK}] with capacity {len(raw)}")
    if len(raw) % _BLOCK:
        raise FunctionError("crypto/cipher: input not full blocks")
    decryptor = Cipher(AES(_key(password)), CBC(raw[:_BLOCK])).decryptor()
    plain = decryptor.update(raw[_BLOCK:]) + decryptor.finalize()
    if not plain:
        raise FunctionError("runtime error: index out of range [-1]")
    if plain[-1] > len(plain):
        raise FunctionError("decryption error: the padding is longer than the text")
    return text(plain[: len(plain) - plain[-1]])


_SIGNATURE = "func(string, string) (string, error)"

FUNCTIONS: Mapping[str, Function] = {
    "encryptAES": function(_SIGNATURE, _encrypt, env=True),
    "decryptAES": function(_SIGNATURE, _decrypt, env=True),
}
