"""The ExternalSecret that a reconcile is about: its manifest, parsed. `gather` makes it; everything after reads it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from controller.index import stores_of
from controller.kinds import StoreKey
from controller.timestamps import parse_time
from secretcore.durations import parse_duration
from secretcore.model.external_secret import ExternalSecret, ExternalSecretSpec
from secretcore.target.hashing import synced_resource_version

Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Subject:
    """An ExternalSecret that could be parsed."""

    manifest: Manifest
    external_secret: ExternalSecret
    version: str = field(init=False, repr=False)
    """What `status.syncedResourceVersion` is after a sync of what this is now."""

    stores: tuple[StoreKey, ...] = field(init=False, repr=False)
    """Those that it names, wherever it does."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "stores", tuple(stores_of(self.manifest)))
        metadata = self.external_secret.metadata
        version = synced_resource_version(metadata.generation, metadata.labels, metadata.annotations)
        object.__setattr__(self, "version", sys.intern(version))  # the status has the same, mostly

    @property
    def spec(self) -> ExternalSecretSpec:
        return self.external_secret.spec

    @property
    def name(self) -> str:
        return self.external_secret.metadata.name

    @property
    def namespace(self) -> str:
        return self.external_secret.metadata.namespace

    @property
    def uid(self) -> str:
        return self.external_secret.metadata.uid

    @property
    def identity(self) -> str:
        """Which object it is, and which version of it: one that was made anew may have every other mark of the last."""
        return f"{self.uid} {self.version}"

    @property
    def target_name(self) -> str:
        return self.external_secret.target_name

    @property
    def being_deleted(self) -> bool:
        return bool(self.manifest["metadata"].get("deletionTimestamp"))

    @property
    def finalizers(self) -> Sequence[str]:
        return self.manifest["metadata"].get("finalizers") or ()

    @property
    def synced_version(self) -> str:
        status = self.external_secret.status
        return status.synced_resource_version if status else ""

    @property
    def refreshed_at(self) -> datetime | None:
        """`status.refreshTime`; None where it is absent or no time."""
        status = self.external_secret.status
        return parse_time(status.refresh_time) if status and status.refresh_time else None

    @property
    def interval(self) -> timedelta:
        """Between two refreshes; zero where there are none by time."""
        return _interval(self.spec.refresh_interval)


@lru_cache(maxsize=1024)  # asked for again and again
def _interval(text: str) -> timedelta:
    return max(timedelta(0), timedelta(microseconds=parse_duration(text) / 1000))
