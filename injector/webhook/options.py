"""What the administrator chose for every agent, and what the cluster can do: facts that `mutate` builds containers
from. `app` makes it of the settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from injector.webhook.annotations import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """For all pods alike. No annotation changes any of it but `mode`."""

    image: str
    pull_policy: str = "IfNotPresent"
    mode: Mode = "native"
    native: bool = True
    """Whether the cluster has sidecars among init containers (Kubernetes 1.29 and later)."""
    resources: Mapping[str, Any] = field(default_factory=dict)
    volume_size: str = "16Mi"
    """A quantity; three generations of all files fit."""
    volume_bytes: int = 16 * 2**20
    port: int = 9467
    """For the agent's probes and metrics, in every pod."""
    deadline: float = 300
    """Seconds that the first run tries."""
    uid: int = 65532
    """Of agents in pods that name no single uid."""
    platform_assigns_uids: bool = False
    """Whether the platform chooses uids by itself and refuses others (OpenShift's SCCs)."""
    probe_command: tuple[str, ...] = ("/usr/bin/python3", "-m", "injector", "agent", "--probe")
