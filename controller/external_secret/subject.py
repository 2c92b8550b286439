"""The ExternalSecret that a reconcile is about: its manifest, parsed. `gather` makes it; everything after reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

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
    def target_name(self) -> str:
        return self.external_secret.target_name

    @property
    def being_deleted(self) -> bool:
        return bool(self.manifest["metadata"].get("deletionTimestamp"))

    @property
    def finalizers(self) -> Sequence[str]:
        return self.manifest["metadata"].get("finalizers") or ()

    @property
    def version(self) -> str:
        """What `status.syncedResourceVersion` is after a sync of what this is now."""
        metadata = self.external_secret.metadata
        return synced_resource_version(metadata.generation, metadata.labels, metadata.annotations)

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
        return max(timedelta(0), timedelta(microseconds=parse_duration(self.spec.refresh_interval) / 1000))
