"""A pod and what was compiled for it, in; the pod with its agent, out. Pure.

Built anew each time from what the pod itself brings: containers and volumes that bear the agent's names are taken out
first and put back where they stood, so that a second call changes nothing and completes what came in between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from injector import handoff
from injector.webhook import volumes
from injector.webhook.agent_container import AGENT, FILES_PATH, INIT, OWN, agent_container, completed, is_own
from injector.webhook.annotations import PREFIX, Injection, Mode
from injector.webhook.compile import LARGEST, Compiled, Unusable
from injector.webhook.modes import mode_for
from injector.webhook.options import Options
from injector.webhook.readers import Owner, mounts, mounts_files, owner, reading
from injector.webhook.stores import Pod
from secretcore.errors import InvalidSpec

Manifest = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Mutation:
    """What became of a pod."""

    pod: dict[str, Any]
    mode: Mode
    warnings: tuple[str, ...] = ()


def identity_of(pod: Manifest, namespace: str) -> Pod:
    """Who the pod is. Its namespace is the request's: a pod that has none of its own yet is created in that."""
    spec = pod["spec"]
    return Pod(namespace, spec.get("serviceAccountName") or spec.get("serviceAccount") or "default")


def mutate(pod: Manifest, injection: Injection, who: Pod, compiled: Compiled, options: Options) -> Mutation:
    """Raises `InvalidSpec` for a pod that can't have an agent, or not where it wants it, and `Unusable` where what it
    names is too large. `pod` is left as it is.
    """
    spec = pod["spec"]
    _check_platform(spec)
    mode, warnings = mode_for(pod, injection, options)
    containers, of_containers = _without_own(spec.get("containers") or ())
    inits, of_inits = _without_own(spec.get("initContainers") or ())
    if not containers:
        raise InvalidSpec(
            "spec.containers", "the pod has no container but the agent's own", remedy="name one otherwise"
        )
    before = of_inits.first if of_inits.found else (0 if injection.first else len(inits))
    earlier, later = inits[:before], inits[before:]
    names = reading(injection, containers, earlier, later, again=bool(of_inits.found or of_containers.found))
    readers = [each for each in (*containers, *inits) if each["name"] in names or mounts_files(each)]
    files = owner(spec, readers, injection, options)
    port = _port(spec, (*containers, *inits), options)

    def made(kind: Any, name: str) -> dict[str, Any]:
        ours = agent_container(kind, files, options, port=port, keys=bool(compiled.audiences or compiled.keys))
        return completed(ours, of_inits.found.get(name) or of_containers.found.get(name))

    def with_files(several: Sequence[Manifest]) -> list[Any]:
        return [_reader(each, injection.mount_path) if each["name"] in names else _other(each) for each in several]

    agent = made("native", AGENT) if mode == "native" else made("once", INIT)
    new = dict(spec)
    new["initContainers"] = [*with_files(earlier), agent, *with_files(later)]
    new["containers"] = with_files(containers)
    if mode == "sidecar":
        at = of_containers.first if of_containers.found else len(containers)
        new["containers"].insert(at, made("sidecar", AGENT))
    ours = volumes.volumes(compiled.audiences, compiled.keys, options)
    new["volumes"] = _volumes(spec, ours, again=bool(of_inits.found or of_containers.found))
    config = _config(injection, who, compiled, options, files, port)
    metadata = _annotated(pod["metadata"], handoff.encode(config))
    warnings += [files.warning] if files.warning else []
    return Mutation({**pod, "metadata": metadata, "spec": new}, mode, tuple(warnings))


@dataclass(frozen=True, slots=True)
class _Own:
    """The agent's containers that a list had, and where the first of them stood."""

    found: Mapping[str, Manifest]
    first: int


def _without_own(containers: Sequence[Manifest]) -> tuple[list[Manifest], _Own]:
    found = {each["name"]: each for each in containers if each["name"] in OWN}
    for name, each in found.items():
        if not is_own(each):
            raise InvalidSpec(
                "spec", f'container "{name}" has the name of the agent\'s, and is another', remedy="call it otherwise"
            )
    first = next((index for index, each in enumerate(containers) if each["name"] in OWN), 0)
    return [each for each in containers if each["name"] not in OWN], _Own(found, first)


def _check_platform(spec: Manifest) -> None:
    for path, system in (
        ("spec.os.name", (spec.get("os") or {}).get("name")),
        ("spec.nodeSelector[kubernetes.io/os]", (spec.get("nodeSelector") or {}).get("kubernetes.io/os")),
    ):
        if system not in (None, "linux"):
            raise InvalidSpec(path, f"the agent runs on Linux, not on {system}", remedy=f"leave out {PREFIX}inject")


def _port(spec: Manifest, containers: Sequence[Manifest], options: Options) -> int:
    """Where the agent serves: nowhere in a pod that shares the node's ports, or has the port already."""
    taken = {port.get("containerPort") for each in containers for port in each.get("ports") or ()}
    return 0 if spec.get("hostNetwork") or options.port in taken else options.port


def _volumes(spec: Manifest, ours: Sequence[Manifest], *, again: bool) -> list[Manifest]:
    """The pod's, with the agent's where they stood or else at the end. Only a pod that has the agent has them."""
    missing = {volume["name"]: volume for volume in ours}
    several = []
    for volume in spec.get("volumes") or ():
        name = volume["name"]
        if name not in volumes.OWN:
            several.append(volume)
        elif not (again and volumes.is_own(volume)):
            raise InvalidSpec(
                "spec",
                f'volume "{name}" has the name of one of the agent\'s, and is another',
                remedy="call it otherwise",
            )
        elif name in missing:
            several.append(missing.pop(name))
    return [*several, *missing.values()]


def _reader(container: Manifest, path: str) -> dict[str, Any]:
    """With the files, read-only."""
    several = [*mounts(_other(container))]
    ours = {"name": volumes.FILES, "mountPath": path, "readOnly": True}
    is_there = False
    for mount in several:
        if mount["name"] == volumes.FILES and mount["mountPath"] == path:
            is_there = True
            continue
        if mount["mountPath"] == path or mount["mountPath"].startswith(f"{path}/"):
            raise InvalidSpec(
                "metadata.annotations",
                f'{PREFIX}mount-path: container "{container["name"]}" has volume "{mount["name"]}" mounted at '
                f"{mount['mountPath']}, where the files would be ({path})",
                remedy=f"choose another {PREFIX}mount-path",
            )
    if not is_there:
        several.append(ours)
    return {**container, "volumeMounts": several}


def _other(container: Manifest) -> Manifest:
    """A container as it is; refused where it helps itself to the agent's volumes."""
    for mount in mounts(container):
        if mount["name"] not in volumes.OWN:
            continue
        where = f'container "{container["name"]}" mounts volume "{mount["name"]}"'
        if mount["name"] != volumes.FILES:
            raise InvalidSpec("spec", f"{where}, which is the agent's alone", remedy="leave the mount out")
        if mount.get("subPath") or mount.get("subPathExpr"):
            raise InvalidSpec("spec", f"{where} by subPath, which never sees a refresh", remedy="mount it whole")
        if not mount.get("readOnly"):
            raise InvalidSpec("spec", f"{where} to write", remedy="set readOnly: true")
    return container


def _config(
    injection: Injection, who: Pod, compiled: Compiled, options: Options, files: Owner, port: int
) -> handoff.AgentConfig:
    return handoff.AgentConfig(
        version=handoff.VERSION,
        namespace=who.namespace,
        service_account=who.service_account,
        deliveries=compiled.deliveries,
        stores=compiled.stores,
        tokens=volumes.token_files(compiled.audiences),
        mount_path=FILES_PATH,
        file_mode=files.file_mode,
        volume_bytes=options.volume_bytes,
        on_change=injection.on_change,
        max_staleness=injection.max_staleness,
        deadline=options.deadline,
        port=port,
    )


def _annotated(metadata: Manifest, document: str) -> dict[str, Any]:
    annotations = {**(metadata.get("annotations") or {}), handoff.ANNOTATION: document}
    size = sum(len(name.encode()) + len(str(value).encode()) for name, value in annotations.items())
    if size > LARGEST:
        raise Unusable(  # 403: the pod gets in as it is when what it names is smaller
            "metadata.annotations: with what the ExternalSecrets and their stores say they would have "
            f"{size} bytes, more than {LARGEST}",
            remedy="name fewer ExternalSecrets, or keep large templates in a ConfigMap (templateFrom)",
        )
    return {**metadata, "annotations": annotations}
