"""What a store asks a shell's `Credentials` for, said beforehand: which keys, tokens and variables.

A provider may declare it (`needs`, see `provider`); for one that doesn't, every reference in its configuration counts
(`store.needs`). A shell that can't answer on demand, such as one that mounts files into a pod, provides just that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct

from secretcore.model.selectors import CAProvider, SecretKeySelector, Selector, ServiceAccountSelector


class KeyNeed(Struct, frozen=True):
    """A key of a Secret or ConfigMap. `path` is the field below the provider's key that asks for it."""

    path: str
    kind: Literal["Secret", "ConfigMap"]
    name: str | None
    key: str | None
    namespace: str | None = None
    """As the reference has it."""


class TokenNeed(Struct, frozen=True):
    """A token of a ServiceAccount for exactly these audiences (none: the API server's own)."""

    path: str
    account: ServiceAccountSelector | None
    """None is the identity that the shell itself runs as."""
    audiences: tuple[str, ...] = ()


class VariableNeed(Struct, frozen=True):
    """Environment variables with a credential of the shell's own identity."""

    path: str
    names: tuple[str, ...]


Need = KeyNeed | TokenNeed | VariableNeed


def key_need(path: str, selector: SecretKeySelector | CAProvider, key: str | None = None) -> KeyNeed:
    """The key that a reference names, or else `key`."""
    kind: Literal["Secret", "ConfigMap"] = "Secret" if isinstance(selector, SecretKeySelector) else selector.type
    return KeyNeed(path, kind, selector.name, selector.key or key, selector.namespace)


def needs_of(selectors: Sequence[tuple[str, Selector]]) -> Iterator[Need]:
    """What references ask for that nobody has explained."""
    for path, selector in selectors:
        if isinstance(selector, ServiceAccountSelector):
            yield TokenNeed(path, selector, selector.audiences)
        else:
            yield key_need(path, selector)
