"""Writes what was decided about an ExternalSecret: its Secret, its status, its finalizer. `reconciler` calls it with
what `decide` and `status` made. Every write names the very object that was read, so that a change in between is an
error (`kubecore.errors`) and not an overwrite.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from controller.external_secret.decision import Change, Create, Delete, Keep, Update
from controller.external_secret.subject import Subject
from controller.kinds import EXTERNAL_SECRETS
from controller.view import View
from controller.writer import Writer
from kubecore.errors import NotFound
from kubecore.resources import SECRETS
from kubecore.wire import Manifest
from secretcore.names import FINALIZER, MANAGER
from secretcore.target.hashing import field_manager
from secretcore.target.secret import Secret


@dataclass(frozen=True, slots=True)
class Apply:
    """Writes through a writer, and lets the view know at once."""

    writer: Writer
    view: View

    async def change(self, change: Change, subject: Subject) -> Secret | None:
        """The Secret as it is now, where it was written; let it be `known`. Not server-side apply: ESO writes by
        update, and what was written so can be taken back only so.
        """
        match change:
            case Create(secret):
                answer = await self.writer.create(
                    SECRETS, dict(secret.manifest), subject.namespace, field_manager=field_manager(subject.name)
                )
            case Update(secret):
                answer = await self.writer.update(
                    SECRETS, dict(secret.manifest), field_manager=field_manager(subject.name)
                )
            case Delete(secret):
                await self.delete(secret)
                return None
            case Keep():
                return None
            case _:
                assert_never(change)
        return Secret(answer)

    def known(self, written: Secret) -> None:
        """Let the view know of what was written, once it is remembered as ours: any other is looked at again."""
        self.view.take(SECRETS, dict(written.manifest))

    async def delete(self, secret: Secret) -> None:
        """Gone already is as good."""
        try:
            await self.writer.delete(
                SECRETS, secret.name, secret.namespace, uid=secret.uid, resource_version=secret.resource_version
            )
        except NotFound:
            return

    async def status(self, manifest: Manifest, status: Mapping[str, Any]) -> None:
        """The whole status, on the very version that was decided on: raises `Conflict` where somebody, or another
        leader, wrote since. Who deleted it meanwhile does not miss it.
        """
        metadata = manifest["metadata"]
        names = {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}
        body = {"metadata": names, "status": dict(status)}
        try:
            answer = await self.writer.patch(
                EXTERNAL_SECRETS, metadata["name"], metadata["namespace"], body=body, status=True, field_manager=MANAGER
            )
        except NotFound:
            return
        self.view.take(EXTERNAL_SECRETS, answer)

    async def release(self, manifest: Manifest) -> None:
        """Take ESO's finalizer off, if it is there."""
        metadata = manifest["metadata"]
        finalizers = metadata.get("finalizers") or []
        if FINALIZER not in finalizers:
            return
        body = {
            "metadata": {
                "uid": metadata["uid"],
                "resourceVersion": metadata["resourceVersion"],
                "finalizers": [each for each in finalizers if each != FINALIZER],
            }
        }
        try:
            await self.writer.patch(
                EXTERNAL_SECRETS, metadata["name"], metadata["namespace"], body=body, field_manager=MANAGER
            )
        except NotFound:
            return
