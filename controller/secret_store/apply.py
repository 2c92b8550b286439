"""Writes the status of a store, and takes ESO's finalizer off. `reconciler` calls it with what `status` made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from controller.kinds import StoreKey
from controller.view import View
from controller.writer import Writer
from kubecore.errors import NotFound
from kubecore.wire import Manifest
from secretcore.names import MANAGER, STORE_FINALIZER


@dataclass(frozen=True, slots=True)
class Apply:
    """Writes through a writer, and lets the view know at once."""

    writer: Writer
    view: View

    async def status(self, key: StoreKey, manifest: Manifest, status: Mapping[str, Any]) -> None:
        """The whole status, on the very version that was decided on: raises `Conflict` where somebody, or another
        leader, wrote since. Who deleted it meanwhile does not miss it.
        """
        metadata = manifest["metadata"]
        names = {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}
        body = {"metadata": names, "status": dict(status)}
        try:
            answer = await self.writer.patch(
                key.resource, key.name, key.namespace, body=body, status=True, field_manager=MANAGER
            )
        except NotFound:
            return
        self.view.take(key.resource, answer)

    async def release(self, key: StoreKey, manifest: Manifest) -> None:
        """Take ESO's finalizer off the very version that was looked at."""
        metadata = manifest["metadata"]
        left = [each for each in metadata.get("finalizers") or () if each != STORE_FINALIZER]
        names = {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}
        try:
            await self.writer.patch(
                key.resource, key.name, key.namespace, body={"metadata": {**names, "finalizers": left}},
                field_manager=MANAGER,
            )  # fmt: skip
        except NotFound:
            return
