"""sprig's random values. All randomness is the Environment's; the results change with every refresh.

Input: lengths and limits. Output: texts and ints.
"""

import base64
from collections.abc import Mapping

from secretcore.template.declare import Environment, Function, function
from secretcore.template.errors import FunctionError
from secretcore.template.golib import runes

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DIGITS = "0123456789"
_ASCII = "".join(map(chr, range(32, 127)))
"""goutils draws from the printable ASCII characters."""


def _drawn(env: Environment, count: int, alphabet: str) -> str:
    if count <= 0:
        return ""
    env.meter.string(count)
    env.meter.step(count)
    return "".join([alphabet[env.random.randrange(0, len(alphabet))] for _ in range(count)])


def _alpha_numeric(env: Environment, count: int) -> str:
    return _drawn(env, count, _LETTERS + _DIGITS)


def _alpha(env: Environment, count: int) -> str:
    return _drawn(env, count, _LETTERS)


def _numeric(env: Environment, count: int) -> str:
    return _drawn(env, count, _DIGITS)


def _ascii(env: Environment, count: int) -> str:
    return _drawn(env, count, _ASCII)


def _int(env: Environment, low: int, high: int) -> int:
    if high <= low:
        raise FunctionError("invalid argument to Intn")
    return env.random.randrange(low, high)


def _bytes(env: Environment, count: int) -> str:
    if count < 0:
        raise FunctionError("runtime error: makeslice: len out of range")
    env.meter.string(count * 2)
    return base64.b64encode(env.random.randbytes(count)).decode("ascii")


def _uuid(env: Environment) -> str:
    raw = bytearray(env.random.randbytes(16))
    raw[6] = (raw[6] & 0x0F) | 0x40
    raw[8] = (raw[8] & 0x3F) | 0x80
    digits = raw.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _shuffle(env: Environment, value: str) -> str:
    env.meter.string(len(value))
    env.meter.step(2 * len(value))
    chars = list(runes.clean_runes(value))
    for at in range(len(chars) - 1, 0, -1):
        other = env.random.randrange(0, at + 1)
        chars[at], chars[other] = chars[other], chars[at]
    return "".join(chars)


_COUNT = "func(int) string"

FUNCTIONS: Mapping[str, Function] = {
    "randAlphaNum": function(_COUNT, _alpha_numeric, env=True),
    "randAlpha": function(_COUNT, _alpha, env=True),
    "randNumeric": function(_COUNT, _numeric, env=True),
    "randAscii": function(_COUNT, _ascii, env=True),
    "randInt": function("func(int, int) int", _int, env=True),
    "randBytes": function("func(int) (string, error)", _bytes, env=True),
    "uuidv4": function("func() string", _uuid, env=True),
    "shuffle": function("func(string) string", _shuffle, env=True),
}
