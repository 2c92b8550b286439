"""Stands for a value where a person must see whether two are equal, and never which value it is.

A plain hash would be an oracle: whoever sees that of a PIN or a short password tries them all. These are HMACs under a
key that one run makes and forgets, so that equal ones mean equal values within one output, and nothing outside it.
Pure; the randomness is given.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

KEY_BYTES = 32
DIGITS = 12
NOTE = "hashes are keyed anew in each run: equal ones mean equal values, in this output only"


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """A key of a Secret, and what may be told of its value."""

    key: str
    size: int
    """Bytes."""
    hash: str


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Makes the hashes of one run. `secret` is random, of `KEY_BYTES` bytes."""

    secret: bytes = field(repr=False)

    def of(self, value: bytes) -> str:
        """Twelve hexadecimal digits."""
        return hmac.digest(self.secret, value, "sha256").hex()[:DIGITS]

    def facts(self, data: Mapping[str, bytes]) -> tuple[KeyFacts, ...]:
        """Of each key, by name."""
        return tuple(KeyFacts(key, len(data[key]), self.of(data[key])) for key in sorted(data))
