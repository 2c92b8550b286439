"""A node for one pod: does with a stored pod what a kubelet and a container runtime would, as far as secrets go.

`Node.run(pod)` makes the volumes (size-limited tmpfs, projected tokens from the API server's own TokenRequest, Secrets,
ConfigMaps, the downward API) and gives a `RunningPod`, whose containers are processes with a root of their own, as the
user that their security context names. Needs root. Whatever it mounts lives in mount namespaces of its processes, so
that nothing is left behind, however the test ends.
"""

import base64
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from tests.support.controlplane import ControlPlane
from tests.support.paths import ROOT
from tests.support.pod_process import PodProcess, in_namespace
from tests.support.projection import publish

Manifest = dict[str, Any]
PATIENCE = 60.0
"""Seconds to wait for a Secret or ConfigMap that a volume needs."""
UNITS = {"": 1, "k": 1000, "M": 1000**2, "G": 1000**3, "Ki": 1024, "Mi": 1024**2, "Gi": 1024**3}


class Node:
    """Runs the pods of one control plane. `image` is how the program of an agent container is called."""

    def __init__(self, control_plane: ControlPlane, folder: Path, image: tuple[str, ...] = ()) -> None:
        if os.geteuid() != 0:
            raise RuntimeError("a node mounts volumes and changes users: run these tests as root")
        self.control_plane = control_plane
        self.folder = folder
        self.image = image or (str(ROOT / ".venv/bin/python"), "-m", "injector")

    def run(self, pod: Manifest) -> "RunningPod":
        """The pod's volumes, made; no container runs yet."""
        name = f"{pod['metadata']['name']}-{len(list(self.folder.iterdir()))}"
        folder = self.folder / name
        folder.mkdir()
        return RunningPod(self, pod, folder)


class RunningPod:
    """One pod on the node. `stop` ends what runs; use it as a context manager."""

    def __init__(self, node: Node, pod: Manifest, folder: Path) -> None:
        self.node, self.pod, self.folder = node, pod, folder
        self.namespace = pod["metadata"]["namespace"]
        self.processes: list[PodProcess] = []
        self._holder = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", "echo; exec cat"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._holder.stdout is not None
        self._holder.stdout.readline()  # it has its namespace
        try:
            for volume in pod["spec"].get("volumes") or []:
                self._make(volume)
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> "RunningPod":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End every container and let the volumes go."""
        for process in self.processes:
            process.kill()
        self._holder.communicate()

    # Containers

    def container(self, name: str) -> Manifest:
        """Of the pod's spec, an init container or not."""
        spec = self.pod["spec"]
        return next(each for each in [*(spec.get("initContainers") or []), *spec["containers"]] if each["name"] == name)

    def start(self, name: str, argv: tuple[str, ...] = ()) -> PodProcess:
        """Start a container: the agent's program with the container's arguments, or this program in its place."""
        container = self.container(name)
        command = argv or (*self.node.image, *(container.get("args") or ()))
        process = PodProcess(self._holder.pid, self._specification(container, command), self.folder, name)
        self.processes.append(process)
        return process

    def run(self, name: str, argv: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        """Run a container, or this program in its place, to its end."""
        return self.start(name, argv).wait()

    def shell(self, name: str, script: str) -> str:
        """What a script prints that runs as, and sees what, a container does. Raises with its complaint."""
        done = self.run(name, ("/bin/sh", "-c", script))
        if done.returncode:
            raise RuntimeError(f"{script}: {done.returncode}: {done.stderr}")
        return done.stdout

    def probe(self, name: str, kind: str) -> bool:
        """Ask a container's HTTP or exec probe once."""
        probe = self.container(name)[kind]
        if "exec" in probe:
            command = probe["exec"]["command"]
            at = command.index("injector") + 1 if "injector" in command else 0
            return self.run(name, (*self.node.image, *command[at:])).returncode == 0
        asked = probe["httpGet"]
        try:
            answer = httpx.get(f"http://127.0.0.1:{asked['port']}{asked.get('path', '/')}", trust_env=False)
        except httpx.TransportError:
            return False
        return answer.is_success

    def _specification(self, container: Manifest, argv: tuple[str, ...]) -> Manifest:
        pod_context = self.pod["spec"].get("securityContext") or {}
        context = {**pod_context, **(container.get("securityContext") or {})}
        group = pod_context.get("fsGroup")
        root = self.folder / "roots" / container["name"]
        root.mkdir(parents=True, exist_ok=True)
        return {
            "root": str(root),
            "shown": [str(ROOT), sys.base_prefix],
            "mounts": [
                [self._source(mount), mount["mountPath"], self._is_read_only(mount)]
                for mount in sorted(container.get("volumeMounts") or [], key=lambda mount: mount["mountPath"])
            ],
            "uid": context.get("runAsUser", 0),
            "gid": context.get("runAsGroup", 0),
            "groups": [*(pod_context.get("supplementalGroups") or ()), *([group] if group is not None else [])],
            "read_only": context.get("readOnlyRootFilesystem", False),
            "argv": list(argv),
            "env": {
                "PATH": "/usr/local/bin:/usr/bin:/bin",
                "PYTHONDONTWRITEBYTECODE": "1",
                **self._environment(container),
            },
        }

    def _environment(self, container: Manifest) -> dict[str, str]:
        found = {}
        for variable in container.get("env") or []:
            field = ((variable.get("valueFrom") or {}).get("fieldRef") or {}).get("fieldPath")
            found[variable["name"]] = self._field(field) if field else variable.get("value", "")
        return found

    def _source(self, mount: Manifest) -> str:
        if mount.get("subPath") or mount.get("subPathExpr"):
            raise NotImplementedError("a subPath never sees a change: nothing here uses one")
        return str(self.path(mount["name"]))

    def _is_read_only(self, mount: Manifest) -> bool:
        """Only what is empty at first can be written at all."""
        volume = next(each for each in self.pod["spec"]["volumes"] if each["name"] == mount["name"])
        return bool(mount.get("readOnly", False) or "emptyDir" not in volume)

    # Volumes

    def path(self, volume: str) -> Path:
        """Where a volume is; a tmpfs is seen by the pod's own processes and through `seen`."""
        return self.folder / "volumes" / volume

    def seen(self, volume: str) -> Path:
        """Where this process sees the volume."""
        return Path(f"/proc/{self._holder.pid}/root") / str(self.path(volume)).lstrip("/")

    def update(self, volume: str) -> None:
        """What a kubelet does every minute: project tokens, Secrets, ConfigMaps and annotations anew."""
        self._project(next(each for each in self.pod["spec"]["volumes"] if each["name"] == volume))

    def _make(self, volume: Manifest) -> None:
        path = self.path(volume["name"])
        path.mkdir(parents=True)
        path.chmod(0o777)
        if "emptyDir" in volume:
            self._empty(path, volume["emptyDir"] or {})
        else:
            self._project(volume)

    def _empty(self, path: Path, volume: Manifest) -> None:
        group = (self.pod["spec"].get("securityContext") or {}).get("fsGroup")
        if volume.get("medium") == "Memory":
            size = f"size={quantity(volume['sizeLimit'])}," if "sizeLimit" in volume else ""
            in_namespace(self._holder.pid, ["mount", "-t", "tmpfs", "-o", f"{size}mode=0777", "tmpfs", str(path)])
        if group is not None:
            in_namespace(self._holder.pid, ["chown", f":{group}", str(path)])
            in_namespace(self._holder.pid, ["chmod", "2777", str(path)])

    def _project(self, volume: Manifest) -> None:
        name = volume["name"]
        group = (self.pod["spec"].get("securityContext") or {}).get("fsGroup")
        if "projected" in volume:
            projected = volume["projected"]
            sources, mode = projected["sources"], projected.get("defaultMode", 0o644)
        elif "downwardAPI" in volume:
            sources, mode = [{"downwardAPI": volume["downwardAPI"]}], volume["downwardAPI"].get("defaultMode", 0o644)
        elif "secret" in volume:
            asked = dict(volume["secret"])
            mode = asked.get("defaultMode", 0o644)
            sources = [{"secret": {**asked, "name": asked["secretName"]}}]
        elif "configMap" in volume:
            sources, mode = [{"configMap": volume["configMap"]}], volume["configMap"].get("defaultMode", 0o644)
        else:
            raise NotImplementedError(f"volume {name}: {sorted(volume)}")
        payload: dict[str, bytes] = {}
        for source in sources:
            payload |= self._payload(source)
        publish(self.path(name), payload, mode | (0o040 if group is not None else 0), group)

    def _payload(self, source: Manifest) -> dict[str, bytes]:
        (kind, asked), *_ = source.items()
        match kind:
            case "serviceAccountToken":
                return {asked["path"]: self._token(asked).encode()}
            case "downwardAPI":
                return {item["path"]: self._field(item["fieldRef"]["fieldPath"]).encode() for item in asked["items"]}
            case "secret":
                return self._object("secrets", asked, base64.b64decode)
            case "configMap":
                return self._object("configmaps", asked, str.encode)
        raise NotImplementedError(f"a projected source of kind {kind}")

    def _token(self, asked: Manifest) -> str:
        account = self.pod["spec"].get("serviceAccountName", "default")
        audiences = [asked["audience"]] if asked.get("audience") else []
        return self.node.control_plane.service_account_token(self.namespace, account, *audiences)

    def _object(self, resource: str, asked: Manifest, decode: Any) -> dict[str, bytes]:
        path = f"/api/v1/namespaces/{self.namespace}/{resource}/{asked['name']}"
        data: Mapping[str, str] = self._read(path, optional=asked.get("optional", False)).get("data") or {}
        items = asked.get("items") or [{"key": key, "path": key} for key in data]
        return {
            item["path"]: decode(data[item["key"]])
            for item in items
            if item["key"] in data or not asked.get("optional")
        }

    def _read(self, path: str, *, optional: bool) -> Manifest:
        """As a kubelet does, wait for what is not there yet."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return dict(self.node.control_plane.request("GET", path))
            except RuntimeError:
                if optional:
                    return {}
                if time.monotonic() > until:
                    raise
            time.sleep(0.1)

    def _field(self, path: str) -> str:
        metadata = self.pod["metadata"]
        if named := re.fullmatch(r"metadata\.annotations\['(.+)'\]", path):
            return str((metadata.get("annotations") or {}).get(named[1], ""))
        known = {
            "metadata.name": metadata["name"],
            "metadata.namespace": metadata["namespace"],
            "metadata.uid": metadata.get("uid", ""),
            "status.podIP": "127.0.0.1",
        }
        return str(known[path])


def quantity(text: str | int) -> int:
    """Kubernetes' quantity, in bytes."""
    found = re.fullmatch(r"(\d+)([kMG]|[KMG]i)?", str(text))
    assert found, text
    return int(found[1]) * UNITS[found[2] or ""]
