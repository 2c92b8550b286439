"""One thing that is wrong, in one sentence, and what to do about it. Pure; `judge_…` make them, `text` prints them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class Order(IntEnum):
    """What to look at first: causes before what follows from them."""

    DEFINITIONS = 1
    CONTROLLER = 2
    RIGHTS = 3
    WEBHOOK = 4
    REFERENCE = 5
    CREDENTIAL = 6
    STORE = 7
    SPEC = 8
    TARGET = 9
    EXTERNAL_SECRET = 10
    INJECTION = 11
    AGENT = 12


@dataclass(frozen=True, slots=True)
class Finding:
    """`about` is the object: `SecretStore team/vault`. Neither sentence ends with a full stop."""

    order: Order
    about: str
    problem: str
    remedy: str


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Each once, by what to do first."""
    return sorted(dict.fromkeys(findings), key=lambda finding: finding.order)
