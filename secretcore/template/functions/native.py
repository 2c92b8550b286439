"""What native cryptography costs in units of the budget, charged before the work; key and certificate
functions use it.

Input: the Environment and the size of the work. A unit is some 10 ms.
"""

from collections.abc import Callable

from secretcore.template.declare import Environment
from secretcore.template.values import octets

RSA_2048, RSA_4096, DSA_2048, BCRYPT, SCRYPT = 8, 40, 40, 6, 20
_ITERATIONS_PER_UNIT = 20_000


def iterations(env: Environment) -> Callable[[int], None]:
    """A function that charges iterations of a key derivation."""

    def charge(count: int) -> None:
        env.meter.native(1 + max(count, 0) // _ITERATIONS_PER_UNIT)

    return charge


def key(env: Environment) -> Callable[[int], None]:
    """A function that charges the loading of a private key of so many bits: RSA primes are checked."""

    def charge(bits: int) -> None:
        env.meter.native(1 + 4 * (bits // 1024) ** 3 // 8)

    return charge


def document(env: Environment, value: str) -> bytes:
    """The bytes of a PEM, DER or PKCS#12 text, charged by its size."""
    raw = octets(value)
    env.meter.document(len(raw))
    return raw


def certificates(env: Environment, count: int) -> None:
    """Charge the parsing of so many certificates or keys."""
    env.meter.native(1 + count // 50)
