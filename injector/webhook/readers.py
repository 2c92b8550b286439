"""Who reads the files: the containers that get the volume, the uid that the agent therefore runs as, and the mode of
the files. Pure; `mutate` asks.

The pod's own security context is never touched. Where the readers run as one uid that the pod names, the agent takes
it and files are the owner's alone; where the pod has an fsGroup, which every container of it is a member of, they are
the group's; else everyone's, in a volume that only the readers mount. In a pod whose containers see each other's
processes the agent keeps a uid of its own: as the readers' uid they could look into its files, credentials included.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from injector.webhook.annotations import PREFIX, Injection
from injector.webhook.options import Options
from injector.webhook.volumes import FILES
from secretcore.errors import InvalidSpec

Container = Mapping[str, Any]

PROXIES = frozenset(
    [
        *("istio-init", "istio-proxy", "istio-validation"),
        *("linkerd-debug", "linkerd-init", "linkerd-network-validator", "linkerd-proxy"),
        *("kuma-init", "kuma-sidecar", "kuma-validation"),
        *("consul-connect-inject-init", "consul-dataplane"),
    ]
)
"""Containers that a mesh's webhook adds. Whether it is called before this one is a matter of names."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Of the files. None leaves a field of the agent's security context out."""

    uid: int | None
    gid: int | None
    file_mode: int
    warning: str = ""


def reading(
    injection: Injection,
    containers: Sequence[Container],
    earlier: Sequence[Container],
    later: Sequence[Container],
    *,
    again: bool,
) -> frozenset[str]:
    """The names of the containers that mount the volume: those that were chosen, or else all ordinary ones, and every
    init container after the agent; but nobody's proxy unless it was chosen. Where the webhook is asked `again`, what
    came in between is another webhook's and has no use for the files, and its uid says nothing of who reads them.
    Raises `InvalidSpec` for a name that the pod does not have, and one that ends before the files are there.
    """
    chosen = injection.containers
    existing = [each["name"] for each in (*containers, *earlier, *later)]
    unknown = [name for name in chosen or () if name not in existing]
    if unknown:
        raise InvalidSpec(
            "metadata.annotations",
            f"{PREFIX}containers: the pod has no container {', '.join(map(_quoted, unknown))}, "
            f"it has {', '.join(map(_quoted, existing))}",
        )
    early = [each["name"] for each in earlier if each["name"] in (chosen or ()) and not is_sidecar(each)]
    if early:
        raise InvalidSpec(
            "metadata.annotations",
            f"{PREFIX}containers: init container {', '.join(map(_quoted, early))} runs before the files are there",
            remedy=f"leave it out, or have the agent first ({PREFIX}first: true)",
        )
    after = later if chosen is None else [each for each in later if not is_sidecar(each)]
    several = [*(containers if chosen is None else ()), *after]
    if again:
        several = [each for each in several if mounts_files(each)]
    elif any(each["name"] not in PROXIES for each in containers):  # of a mesh's gateway it is the app
        several = [each for each in several if each["name"] not in PROXIES]
    return frozenset((*(chosen or ()), *(each["name"] for each in several)))


def owner(spec: Mapping[str, Any], readers: Sequence[Container], injection: Injection, options: Options) -> Owner:
    """Whom the agent runs as, and what mode its files get."""
    context = spec.get("securityContext") or {}
    uids = {(each.get("securityContext") or {}).get("runAsUser", context.get("runAsUser")) for each in readers}
    (single,) = uids if len(uids) == 1 else (None,)
    if options.platform_assigns_uids:
        uid = gid = None
        mode = 0o444 if context.get("fsGroup") is None else 0o440
    elif single and not _shares_processes(spec):
        uid, gid, mode = single, None, 0o400
    else:
        uid = options.uid
        gid = None if "runAsGroup" in context else options.uid
        mode = 0o444 if context.get("fsGroup") is None else 0o440
    if injection.file_mode is None:
        return Owner(uid, gid, mode)
    return Owner(uid, gid, injection.file_mode, _warning(injection.file_mode, mode, uid))


def _shares_processes(spec: Mapping[str, Any]) -> bool:
    return bool(spec.get("shareProcessNamespace") or spec.get("hostPID"))


def is_sidecar(container: Container) -> bool:
    """Whether a container among init containers runs as long as the pod."""
    return bool(container.get("restartPolicy") == "Always")


def mounts_files(container: Container) -> bool:
    """Whether it has the files already, by its own wish or from an earlier call."""
    return any(mount["name"] == FILES for mount in mounts(container))


def mounts(container: Container) -> Iterator[Mapping[str, Any]]:
    """Of a container."""
    yield from container.get("volumeMounts") or ()


def _warning(wanted: int, needed: int, uid: int | None) -> str:
    if wanted & needed & 0o444 == needed & 0o444:
        return ""
    who = "the uid that the platform gives the agent" if uid is None else f"uid {uid}"
    return (
        f"{PREFIX}file-mode {wanted:04o}: the files belong to {who}; a container that runs as another may not be able "
        "to read them"
    )


def _quoted(name: str) -> str:
    return f'"{name}"'
