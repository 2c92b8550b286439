"""How a pod that opted in looks: what a user writes, what the webhook puts into it. Pure; the one place where `doctor`
knows the webhook's names, which a test compares with its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from injector.handoff import ANNOTATION

Manifest = Mapping[str, Any]

PREFIX = "injector.external-secrets.io/"
INJECT = f"{PREFIX}inject"
CONTAINERS = ("external-secrets-init", "external-secrets-agent")
FILES = "external-secrets-files"
"""The volume with the files."""


def opted_in(pod: Manifest) -> bool:
    """Whether the pod has an annotation of the injector's that its user wrote."""
    return any(name.startswith(PREFIX) and name != ANNOTATION for name in _annotations(pod))


def injected_names(pod: Manifest) -> list[str]:
    """The ExternalSecrets that it names."""
    names = str(_annotations(pod).get(INJECT) or "").split(",")
    return [name.strip() for name in names if name.strip()]


def has_handoff(pod: Manifest) -> bool:
    """Whether the webhook wrote down what the agent needs."""
    return ANNOTATION in _annotations(pod)


def agent_containers(pod: Manifest) -> list[str]:
    """Those of the agent's containers that it has."""
    spec = pod.get("spec") or {}
    present = {each.get("name") for part in ("initContainers", "containers") for each in spec.get(part) or ()}
    return [name for name in CONTAINERS if name in present]


def agent_states(pod: Manifest) -> Iterator[tuple[str, Manifest]]:
    """Name and status of the agent's containers, as the kubelet reports them."""
    status = pod.get("status") or {}
    for part in ("initContainerStatuses", "containerStatuses"):
        for each in status.get(part) or ():
            if each.get("name") in CONTAINERS:
                yield str(each["name"]), each


def has_files_volume(pod: Manifest) -> bool:
    """Whether it has the volume with the files."""
    return any(volume.get("name") == FILES for volume in (pod.get("spec") or {}).get("volumes") or ())


def readers(pod: Manifest) -> Sequence[str]:
    """Names of the containers, other than the agent's, that mount the files."""
    spec = pod.get("spec") or {}
    containers = [each for part in ("initContainers", "containers") for each in spec.get(part) or ()]
    return [
        str(each.get("name"))
        for each in containers
        if each.get("name") not in CONTAINERS
        and any(mount.get("name") == FILES for mount in each.get("volumeMounts") or ())
    ]


def _annotations(pod: Manifest) -> Manifest:
    return (pod.get("metadata") or {}).get("annotations") or {}
