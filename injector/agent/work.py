"""All that there is to do, from the hand-off: what `refresh` works on until another hand-off comes.

Local mode makes the same of manifests.
"""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from injector.agent.credentials import Pod
from injector.agent.mounted import Mounted
from injector.agent.stores import HandoffStores
from injector.agent.subject import Subject, check_roots, digest_of, subject_of
from injector.handoff import AgentConfig, OnChange, decode
from secretcore.clients import Stores
from secretcore.errors import InvalidSpec
from secretcore.registry import Registry


class Work(Struct, frozen=True):
    """Durations are seconds."""

    subjects: tuple[Subject, ...]
    stores: Stores
    file_mode: int
    mount_path: str
    on_change: OnChange | None = None
    max_staleness: float = 0
    deadline: float = 300
    port: int = 0
    volume_bytes: int = 0
    """0 where it is not known."""


def read_handoff(path: Path) -> AgentConfig:
    """The hand-off in a file. Raises `InvalidSpec`."""
    try:
        return decode(path.read_bytes())
    except OSError as error:
        raise InvalidSpec(
            "", f"{path}: {error.strerror}", remedy="run the agent in a pod that the webhook changed, or pass --handoff"
        ) from None


def work_of(config: AgentConfig, credentials: Path, registry: Registry) -> Work:
    """What a hand-off asks for. Raises `InvalidSpec` for a manifest that can't be used."""
    stores = digest_of([{**manifest, "metadata": _named(manifest)} for manifest in config.stores])
    subjects = tuple(
        subject_of(delivery.external_secret, config.namespace, delivery.format, stores)
        for delivery in config.deliveries
    )
    check_roots(subjects)
    pod = Pod(config.namespace, config.service_account, config.tokens)
    return Work(
        subjects,
        HandoffStores(config.stores, pod, Mounted(credentials), registry),
        config.file_mode,
        config.mount_path,
        config.on_change,
        config.max_staleness,
        config.deadline,
        config.port,
        config.volume_bytes,
    )


def _named(manifest: dict[str, object]) -> dict[str, object]:
    """What matters of a store's metadata: another resourceVersion is no other store."""
    found = manifest.get("metadata")
    metadata = found if isinstance(found, dict) else {}
    return {key: metadata[key] for key in ("name", "namespace", "annotations") if key in metadata}
