"""What can go wrong between a manifest and its data, drawn as a tree.

    SecretError
    ├── InvalidSpec                the manifest is wrong: `path` says where
    ├── TransformFailed            values came, but what the manifest wants done with them failed
    ├── FetchFailed                one or more steps of a plan failed: `failures` says which
    └── StoreError                 a store, or the backend behind it, did not answer as asked
        ├── StoreUnavailable       transient: network, time-out, 5xx
        ├── Throttled              transient: asked to slow down, `retry_after` seconds
        ├── AccessDenied           the backend knows us and refuses, or does not know us
        ├── CredentialNotFound     a Secret, key, ConfigMap or token that the store names is not there
        ├── SecretNotFound         the backend has no such secret; deletionPolicy reacts to this one only
        ├── PropertyNotFound       the secret is there, the property in it is not
        ├── Malformed              the answer is not what the backend's API promises, or exceeds a limit
        └── ProviderBroken         the provider itself failed in a way that its contract does not know

The class alone says whether to try again (`transient`). Messages name objects, fields, keys and properties; never
a value and never a response body. Providers raise `StoreError`s; parse, plan and render raise the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct

LONGEST_PAUSE = 3600.0
"""Seconds: a backend that asks for a longer pause is asked again after this one."""


class SecretError(Exception):
    """The root. `str(error)` is one sentence for a person; `remedy` is what they can do about it."""

    transient: ClassVar[bool] = False
    default_remedy: ClassVar[str] = ""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy or self.default_remedy


class InvalidSpec(SecretError):
    """A field of a manifest can't be used. `path` is the field as a person writes it: `spec.data[0].remoteRef.key`."""

    default_remedy = "correct the manifest"

    def __init__(self, path: str, reason: str, *, remedy: str = "") -> None:
        super().__init__(f"{path}: {reason}" if path else reason, remedy=remedy)
        self.path = path
        self.reason = reason


class TransformFailed(SecretError):
    """What a step fetched can't be converted, decoded, rewritten or rendered as the manifest asks."""

    default_remedy = "correct the manifest, or the secret at the backend"


class StoreError(SecretError):
    """A store or its backend did not answer as asked."""


class StoreUnavailable(StoreError):
    """The backend can't be reached, answers 5xx, or is too slow."""

    transient = True
    default_remedy = "check that the backend is up and can be reached from here"


class Throttled(StoreError):
    """The backend asks to slow down. `retry_after` is in seconds, at most LONGEST_PAUSE; None where it did not say."""

    transient = True
    default_remedy = "read less often, or raise the backend's limit"

    def __init__(self, message: str, *, retry_after: float | None = None, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.retry_after = None if retry_after is None else min(retry_after, LONGEST_PAUSE)


class AccessDenied(StoreError):
    """The backend refuses the credentials, or what they may do."""

    default_remedy = "check the store's credentials, and that the backend lets them read this"


class CredentialNotFound(StoreError):
    """A Secret, a key of it, a ConfigMap or a token that the store names can't be had."""

    default_remedy = "create it, or correct the reference in the store"


class SecretNotFound(StoreError):
    """The backend has no secret (or no such version) under this key."""

    default_remedy = "create it at the backend, or correct the key"


class PropertyNotFound(StoreError):
    """The secret exists, the property does not."""

    default_remedy = "correct the property, or add it to the secret"


class Malformed(StoreError):
    """The answer is not what the backend's API promises, or is larger than the limits allow."""

    default_remedy = "check that the store's address is that of the backend's API"


class ProviderBroken(StoreError):
    """A provider raised what it must not. The message has the class of it only: its text may hold anything."""

    default_remedy = "report it to whoever maintains the provider"

    @classmethod
    def by(cls, error: Exception) -> ProviderBroken:
        """The error that stands for what was raised."""
        return cls(f"the provider failed with {type(error).__name__}")


class Failure(Struct, frozen=True):
    """What went wrong, and the field of the manifest that asked for it. `str(failure)` is the sentence."""

    path: str
    error: SecretError

    def __str__(self) -> str:
        if isinstance(self.error, InvalidSpec) and self.error.path:
            return f"{self.path}.{self.error}"
        return f"{self.path}: {self.error}"


class FetchFailed(SecretError):
    """Steps of a plan failed. `failures` has them all."""

    def __init__(self, failures: Sequence[Failure]) -> None:
        super().__init__("; ".join(map(str, failures)))
        self.failures = tuple(failures)
