"""sprig's password hashes: bcrypt, htpasswd, and derivePassword (the Master Password algorithm).

Input: Go strings. Output: texts; what can't be hashed gives the reason as the text, as in sprig.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping

from secretcore.template.declare import Environment, Function, function
from secretcore.template.functions import native
from secretcore.template.gotypes import named_type
from secretcore.template.values import normal, octets

named_type("sprig.HashAlgorithm", "string")

_COST = b"10"
_SALT_ALPHABET = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
)
_LONGEST = 72


def _bcrypt(env: Environment, password: str) -> str:
    raw = octets(password)
    if len(raw) > _LONGEST:
        return f"failed to encrypt string with bcrypt: bcrypt: password length exceeds {_LONGEST} bytes"
    import bcrypt

    env.meter.native(native.BCRYPT)
    salt = base64.b64encode(env.random.randbytes(16)).rstrip(b"=").translate(_SALT_ALPHABET)
    return bcrypt.hashpw(raw, b"$2a$" + _COST + b"$" + salt).decode("ascii")


def _htpasswd(env: Environment, user: str, password: str, algorithm: str) -> str:
    env.meter.string(len(user) + len(password))
    if ":" in user:
        return f"invalid username: {user}"
    if algorithm == "sha":
        digest = hashlib.sha1(octets(password), usedforsecurity=False).digest()
        return f"{user}:{{SHA}}{base64.b64encode(digest).decode('ascii')}"
    return normal(f"{user}:{_bcrypt(env, password)}")


_SEED = b"com.lyndir.masterpassword"
_TEMPLATES = {
    "maximum": "anoxxxxxxxxxxxxxxxxx axxxxxxxxxxxxxxxxxno",
    "long": "CvcvnoCvcvCvcv CvcvCvcvnoCvcv CvcvCvcvCvcvno CvccnoCvcvCvcv CvccCvcvnoCvcv CvccCvcvCvcvno"
    " CvcvnoCvccCvcv CvcvCvccnoCvcv CvcvCvccCvcvno CvcvnoCvcvCvcc CvcvCvcvnoCvcc CvcvCvcvCvccno"
    " CvccnoCvccCvcv CvccCvccnoCvcv CvccCvccCvcvno CvcvnoCvccCvcc CvcvCvccnoCvcc CvcvCvccCvccno"
    " CvccnoCvcvCvcc CvccCvcvnoCvcc CvccCvcvCvccno",
    "medium": "CvcnoCvc CvcCvcno",
    "short": "Cvcn",
    "basic": "aaanaaan aannaaan aaannaaa",
    "pin": "nnnn",
}
"""Shapes of passwords: C and c are consonants, V and v vowels, a letters, n digits, o signs, x anything."""
_CONSONANTS, _VOWELS = "BCDFGHJKLMNPQRSTVWXYZ", "AEIOU"
_LETTERS = _VOWELS + _VOWELS.lower() + _CONSONANTS + _CONSONANTS.lower()
_CHARACTERS = {
    "V": _VOWELS,
    "C": _CONSONANTS,
    "v": _VOWELS.lower(),
    "c": _CONSONANTS.lower(),
    "a": _LETTERS,
    "n": "0123456789",
    "o": "@&%?,=[]_:-+*$#!'^~;()/.",
    "x": _LETTERS + "0123456789!@#$%^&*()",
}


def _derive(env: Environment, counter: int, kind: str, password: str, user: str, site: str) -> str:
    if kind not in _TEMPLATES:
        return f"cannot find password template {kind}"
    env.meter.native(native.SCRYPT)
    salt = _SEED + _prefixed(user)
    key = hashlib.scrypt(octets(password), salt=salt, n=32768, r=8, p=2, maxmem=64 << 20, dklen=64)
    message = _SEED + _prefixed(site) + int(counter).to_bytes(4, "big")
    seed = hmac.digest(key, message, "sha256")
    templates = _TEMPLATES[kind].split()
    shape = templates[seed[0] % len(templates)]
    alphabets = [_CHARACTERS[char] for char in shape]
    return "".join(letters[seed[at] % len(letters)] for at, letters in enumerate(alphabets, 1))


def _prefixed(value: str) -> bytes:
    raw = octets(value)
    return len(raw).to_bytes(4, "big") + raw


FUNCTIONS: Mapping[str, Function] = {
    "bcrypt": function("func(string) string", _bcrypt, env=True, slow=True),
    "htpasswd": function("func(string, string, sprig.HashAlgorithm) string", _htpasswd, env=True, slow=True),
    "derivePassword": function("func(uint32, string, string, string, string) string", _derive, env=True, slow=True),
}
