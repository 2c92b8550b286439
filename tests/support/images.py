"""Our images, built from the Dockerfile with buildah on bases made of Debian's packages, and unpacked.

`image("agent")` builds what is not built yet for these very files, and returns what there is to look at: configuration,
sizes, the files of the added layers, the whole root. Needs root, because buildah's chroot isolation and entering the
image do; installs buildah and debootstrap with apt-get where they are missing. The bases and the layers that a change
leaves as they were are kept with the rest of the test bed's cache, the images themselves in this tree's `.cache`.
"""

import ast
import fcntl
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.support import debian
from tests.support.paths import ROOT, fingerprint, made_once, run

TOOLS = ("buildah", "debootstrap")
BASES = {"build": "localhost/test-build-base:1", "base": "localhost/test-base:1"}
VARIABLES = {"REPOSITORY": "localhost/test", "VERSION": "0.0.7"}
"""For `make image`."""
CERTIFICATES = Path("/etc/ssl/certs")
PIP_SETTINGS = {"index-url", "extra-index-url", "trusted-host", "proxy", "cert", "find-links", "timeout"}


@dataclass(frozen=True)
class Image:
    """A built image. Sizes are bytes of the layers compressed with gzip, as a registry keeps them."""

    name: str
    folder: Path
    manifest: dict[str, Any]
    config: dict[str, Any]
    base_layers: int

    @property
    def root(self) -> Path:
        """All layers, unpacked one over the other."""
        return self.folder / "root"

    @property
    def base_size(self) -> int:
        return sum(layer["size"] for layer in self.manifest["layers"][: self.base_layers])

    @property
    def added_size(self) -> int:
        return sum(layer["size"] for layer in self.manifest["layers"][self.base_layers :])

    def added(self) -> Iterator[tarfile.TarInfo]:
        """What the layers above the base hold; names have no leading slash."""
        for layer in self.manifest["layers"][self.base_layers :]:
            with tarfile.open(_blob(self.folder / "oci", layer["digest"])) as archive:
                yield from archive


@cache
def image(name: str) -> Image:
    """The image of this Dockerfile target."""
    storage = _storage()
    folder = _built(name, storage)
    manifest, config = _described(folder / "oci")
    _, base = _described(storage / "base")
    ours, theirs = config["rootfs"]["diff_ids"], base["rootfs"]["diff_ids"]
    assert ours[: len(theirs)] == theirs, "the image does not stand on its base"
    return Image(name, folder, manifest, config, len(theirs))


def _built(name: str, storage: Path) -> Path:
    """The folder of the image, made anew when a file of its context changed. One build at a time."""
    folder = ROOT / ".cache" / "images" / name
    mark = folder / ".made"
    with storage.with_name(f"{storage.name}.build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        version = fingerprint(*_context(), Path(debian.__file__), Path(__file__))
        if not (mark.exists() and mark.read_text() == version):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            _build(name, storage, folder)
            mark.write_text(version)
    return folder


def reference(name: str) -> str:
    """The name of a built image in the storage."""
    return f"{VARIABLES['REPOSITORY']}/{name}:{VARIABLES['VERSION']}"


def engine() -> list[str]:
    """How to call buildah on the storage."""
    return _buildah(_storage())


def _storage() -> Path:
    return made_once("images", fingerprint(Path(debian.__file__)), _make_storage)


def _context() -> list[Path]:
    """Every file that the Dockerfile can copy: .dockerignore lets nothing else through."""
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    files = [ROOT / "Dockerfile", ROOT / ".dockerignore", ROOT / "Makefile"]
    for name in allowed:
        path = ROOT / name
        files += sorted(path.rglob("*.*")) if path.is_dir() else [path]
    return [file for file in files if file.is_file() and "__pycache__" not in file.parts]


def _make_storage(folder: Path) -> None:
    for tool in TOOLS:
        _install(tool)
    buildah = _buildah(folder)
    debian.make_bases(folder, buildah, **BASES)
    run([*buildah, "push", "--quiet", BASES["base"], f"oci:{folder / 'base'}"])


def _install(tool: str) -> None:
    if shutil.which(tool):
        return
    if os.geteuid() or not shutil.which("apt-get"):
        raise RuntimeError(f"the test of the images needs {tool}: install it, or run the tests as root on Debian")
    run(["apt-get", "update", "--quiet"])
    quietly = {"DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", tool], env=quietly)


def _buildah(storage: Path) -> list[str]:
    """buildah with a storage of its own; overlays are much faster than copies, where the machine has them."""
    # In a mount namespace of its own, or it leaves overlays mounted that nobody wants any more.
    argv = ["unshare", "--mount", "buildah", "--root", str(storage / "root"), "--runroot", str(storage / "run")]
    # Without a mount that would be left over the storage and keep it from being removed.
    overlay = ["--storage-driver=overlay", "--storage-opt=overlay.skip_mount_home=true"]
    works = subprocess.run([*argv, *overlay, "info"], capture_output=True, check=False)
    return [*argv, *(["--storage-driver=vfs"] if works.returncode else overlay)]


def _build(name: str, storage: Path, folder: Path) -> None:
    buildah = _buildah(storage)
    settings = folder / "pip.conf"
    settings.write_text(_pip_settings())
    build_args = [
        "--quiet", "--isolation=chroot", "--layers",
        f"--build-arg=BUILD_BASE={BASES['build']}", f"--build-arg=BASE={BASES['base']}",
        f"--volume={CERTIFICATES}:{CERTIFICATES}:ro", f"--volume={settings}:/etc/pip.conf:ro",
    ]  # fmt: skip
    variables = {**VARIABLES, "IMAGES": name, "ENGINE": " ".join(buildah), "BUILD_ARGS": " ".join(build_args)}
    run(["make", "image", *(f"{key}={value}" for key, value in variables.items())], cwd=ROOT)
    run([*buildah, "rm", "--all"])  # it forgets one
    run([*buildah, "push", "--quiet", reference(name), f"oci:{folder / 'oci'}"])
    (folder / "root").mkdir()
    for layer in _described(folder / "oci")[0]["layers"]:
        run(["tar", "-x", "-p", "-f", str(_blob(folder / "oci", layer["digest"])), "-C", str(folder / "root")])


def _pip_settings() -> str:
    """This machine's way to packages, as pip here tells it; the Dockerfile knows nothing of it."""
    said = subprocess.run(["python3", "-m", "pip", "config", "list"], capture_output=True, text=True, check=True).stdout
    lines = ["[global]"]
    for line in said.splitlines():
        key, _, value = line.partition("=")
        name = key.rpartition(".")[2].replace("_", "-")
        if name in PIP_SETTINGS:
            lines.append(f"{name} = {ast.literal_eval(value)}")
    return "\n".join(dict.fromkeys(lines)) + "\n"


def _described(layout: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Manifest and configuration of the one image in an OCI layout."""
    (entry,) = json.loads((layout / "index.json").read_text())["manifests"]
    manifest = json.loads(_blob(layout, entry["digest"]).read_text())
    return manifest, json.loads(_blob(layout, manifest["config"]["digest"]).read_text())


def _blob(layout: Path, digest: str) -> Path:
    return layout / "blobs" / digest.replace(":", "/")
