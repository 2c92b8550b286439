"""Two base images made of Debian's packages, for machines that reach no image registry: one to build on, and one to run
on with the package list of distroless's python3-debian13, so without a shell, a package manager or bytecode.

`make_bases` puts both into a buildah storage; `tests.support.images` builds on them.
"""

import os
import shutil
from pathlib import Path

from tests.support.paths import run

SUITE = "trixie"
PYTHON = "3.13"

RUN_PACKAGES = [
    "base-files", "netbase", "tzdata", "ca-certificates", "media-types",
    "libc6", "libssl3t64", "libzstd1", "zlib1g", "libgomp1", "libstdc++6", "libgcc-s1", "gcc-14-base",
    "libbz2-1.0", "libdb5.3t64", "libexpat1", "liblzma5", "libsqlite3-0", "libuuid1", "libncursesw6", "libtinfo6",
    "libcom-err2", "libcrypt1", "libc-bin", "libgssapi-krb5-2", "libk5crypto3", "libkeyutils1", "libkrb5-3",
    "libkrb5support0", "libnsl2", "libreadline8t64", "libtirpc3t64", "libffi8", f"libpython{PYTHON}-minimal",
    f"libpython{PYTHON}-stdlib", f"python{PYTHON}-minimal", f"python{PYTHON}-venv",
]  # fmt: skip
"""Those of distroless: base, cc and python3."""
BUILD_PACKAGES = ["python3", "python3-pip"]
"""Beside what Debian itself requires."""

PASSWD = "root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n"
GROUP = "root:x:0:\nnonroot:x:65532:\n"


def make_bases(folder: Path, buildah: list[str], *, build: str, base: str) -> None:
    """Fetch the packages once into `folder`, and commit the two images under their names `build` and `base`."""
    system = folder / "debian"
    include = ",".join({*RUN_PACKAGES, *BUILD_PACKAGES} - {"base-files"})
    mirror = [os.environ["DEBIAN_MIRROR"]] if "DEBIAN_MIRROR" in os.environ else []
    # Fetched, checked and unpacked only: nothing in the build needs a package's own set-up scripts.
    run(["debootstrap", "--foreign", "--variant=minbase", f"--include={include}", SUITE, str(system), *mirror])
    packages = folder / "packages"
    shutil.move(system / "var/cache/apt/archives", packages)
    shutil.rmtree(system / "debootstrap")
    for package in packages.glob("*.deb"):
        _unpack(package, system)
    commit(buildah, system, build)
    shutil.rmtree(system)
    commit(buildah, _runtime(folder / "runtime", packages), base)
    shutil.rmtree(folder / "runtime")
    shutil.rmtree(packages)


def _unpack(package: Path, root: Path) -> None:
    run(["dpkg-deb", "--extract", str(package), str(root)])


def _runtime(root: Path, packages: Path) -> Path:
    root.mkdir()
    for name in RUN_PACKAGES:
        (package,) = packages.glob(f"{name}_*.deb")
        _unpack(package, root)
    for link in ("python", "python3"):
        (root / "usr/bin" / link).symlink_to(f"python{PYTHON}")
    (root / "etc/passwd").write_text(PASSWD)
    (root / "etc/group").write_text(GROUP)
    authorities = sorted((root / "usr/share/ca-certificates").rglob("*.crt"))
    (root / "etc/ssl/certs/ca-certificates.crt").write_bytes(b"".join(file.read_bytes() for file in authorities))
    home = root / "home/nonroot"
    home.mkdir(mode=0o700)
    os.chown(home, 65532, 65532)
    return root


def commit(buildah: list[str], root: Path, name: str) -> None:
    """An image of one layer, with the files of `root`."""
    container = run([*buildah, "from", "scratch"]).strip()
    run([*buildah, "add", "--quiet", container, str(root), "/"])
    run([*buildah, "commit", "--quiet", "--rm", container, name])
