"""What a manifest asks to be done with fetched keys and values, in ESO's order: convert keys, check keys, decode
values, look for NUL bytes. Pure; `render` calls it step by step. Messages name keys, never values.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Mapping

from secretcore.errors import TransformFailed
from secretcore.model.external_secret import ConversionStrategy, DecodingStrategy, NullBytePolicy
from secretcore.plan import Transform

_KEY = re.compile(r"[-._a-zA-Z0-9]+")
LONGEST_KEY = 253
KEY_RULE = "make keys of letters, digits, '-', '_' and '.', at most 253 of them"
_BASE64 = re.compile(rb"[A-Za-z0-9+/]*={0,2}")
_BASE64URL = re.compile(rb"[A-Za-z0-9_-]*={0,2}")


def transform_map(data: Mapping[str, bytes], wanted: Transform) -> dict[str, bytes]:
    """The pipeline of extract and find."""
    keyed = convert_keys(data, wanted.conversion)
    return transform_values(check_keys(keyed), wanted)


def transform_values(data: Mapping[str, bytes], wanted: Transform) -> dict[str, bytes]:
    """Decoding and the NUL-byte check: all that happens to a value of `spec.data`."""
    decoded = {key: decode(value, wanted.decoding, key) for key, value in data.items()}
    check_null_bytes(decoded, wanted.null_bytes)
    return decoded


def convert_keys(data: Mapping[str, bytes], strategy: ConversionStrategy) -> dict[str, bytes]:
    """Replaces what a Secret's key can't have: by `_` (Default) or `_U002f_` (Unicode)."""
    converted: dict[str, bytes] = {}
    origins: dict[str, str] = {}
    for key, value in data.items():
        name = "".join(_convert(character, strategy) for character in key)
        if name in converted:
            raise TransformFailed(
                f'secret name collision during conversion: "{origins[name]}" and "{key}" both become "{name}"',
                remedy="use conversionStrategy Unicode, or rewrite the keys",
            )
        converted[name] = value
        origins[name] = key
    return converted


def _convert(character: str, strategy: ConversionStrategy) -> str:
    if character in "-._" or unicodedata.category(character)[0] in "LN":
        return character
    return f"_U{ord(character):04x}_" if strategy == "Unicode" else "_"


def is_key(key: str) -> bool:
    """Whether a Secret may have it."""
    return bool(_KEY.fullmatch(key)) and len(key) <= LONGEST_KEY


def check_keys(data: Mapping[str, bytes]) -> dict[str, bytes]:
    """Drops an empty key and refuses one that Kubernetes would."""
    for key in data:
        if key and not _KEY.fullmatch(key):
            wrong = next(character for character in key if not _KEY.fullmatch(character))
            raise TransformFailed(
                f'invalid secret keys (TIP: use rewrite or conversionStrategy to change keys): key "{key}" has '
                f"invalid character {wrong!r}, only alphanumeric, '-', '.' and '_' are allowed",
            )
        if len(key) > LONGEST_KEY:
            raise TransformFailed(
                "invalid secret keys (TIP: use rewrite or conversionStrategy to change keys): key "
                f'"{key[:40]}..." is {len(key)} characters long, the most is {LONGEST_KEY}',
            )
    return {key: value for key, value in data.items() if key}


def decode(value: bytes, strategy: DecodingStrategy, key: str) -> bytes:
    """The value decoded. Raises `TransformFailed` when Base64 or Base64URL is asked for and it isn't."""
    match strategy:
        case "None":
            return value
        case "Base64":
            decoded = _decode(value, _BASE64, b"+/")
        case "Base64URL":
            decoded = _decode(value, _BASE64URL, b"-_")
        case "Auto":
            standard = _decode(value, _BASE64, b"+/")
            decoded = standard if standard is not None else _decode(value, _BASE64URL, b"-_")
            return value if decoded is None else decoded
    if decoded is None:
        raise TransformFailed(
            f'the value of key "{key}" is not {strategy}, which decodingStrategy asks for',
            remedy="set decodingStrategy to None or Auto, or store an encoded value",
        )
    return decoded


def _decode(value: bytes, alphabet: re.Pattern[bytes], altchars: bytes) -> bytes | None:
    """As Go decodes: padding is required, line breaks are skipped."""
    text = value.replace(b"\r", b"").replace(b"\n", b"")
    if len(text) % 4 or not alphabet.fullmatch(text):
        return None
    try:
        return base64.b64decode(text, altchars=altchars)
    except binascii.Error:
        return None


def check_null_bytes(data: Mapping[str, bytes], policy: NullBytePolicy) -> None:
    """Refuses a NUL byte under nullBytePolicy Fail, naming the first key in sorted order."""
    if policy == "Ignore":
        return
    for key in sorted(data):
        if 0 in data[key]:
            raise TransformFailed(
                f'the value of key "{key}" has a NUL byte, which nullBytePolicy refuses',
                remedy="set nullBytePolicy to Ignore, or store a value without NUL bytes",
            )
