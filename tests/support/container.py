"""Becomes one container of a pod: a root of its own, the pod's volumes at their mount paths, a user, a program.

Started by `tests.support.node` inside a mount namespace of its own (so nothing that is mounted here outlives the
process), with its specification as JSON in the first argument:

    {"root": folder, "shown": [paths of the machine], "mounts": [[source, path, read_only]], "termination": file,
     "uid": 0, "gid": 0, "groups": [], "read_only": true, "argv": [], "env": {}}
"""

import json
import os
import subprocess
import sys
from pathlib import Path

DEVICES = ("null", "zero", "random", "urandom")
SYSTEM = ("usr", "bin", "sbin", "lib", "lib64", "lib32", "libx32")
CONFIGURATION = ("ssl", "ld.so.cache", "nsswitch.conf", "localtime", "hosts")


def main(specification: str) -> None:
    spec = json.loads(specification)
    root = Path(spec["root"])
    mount("-t", "tmpfs", "-o", "size=4m,mode=0755", "tmpfs", root)
    show_the_system(root)
    for path in spec["shown"]:
        bind(Path(path), root / path.lstrip("/"), read_only=True)
    for source, path, read_only in spec["mounts"]:
        bind(Path(source), root / path.lstrip("/"), read_only=read_only)
    bind(Path(spec["termination"]), root / "dev/termination-log")
    if spec["read_only"]:
        mount("-o", "remount,ro", root)
    os.chroot(root)
    os.chdir("/")
    os.setgroups(spec["groups"])
    os.setgid(spec["gid"])
    os.setuid(spec["uid"])
    os.execvpe(spec["argv"][0], spec["argv"], spec["env"])


def show_the_system(root: Path) -> None:
    for name in SYSTEM:
        source = Path("/") / name
        if source.is_symlink():
            (root / name).symlink_to(source.readlink())
        elif source.is_dir():
            bind(source, root / name, read_only=True)
    for name in CONFIGURATION:
        if (Path("/etc") / name).exists():
            bind(Path("/etc") / name, root / "etc" / name, read_only=True)
    for name in DEVICES:
        bind(Path("/dev") / name, root / "dev" / name)
    (root / "proc").mkdir()
    mount("--rbind", "/proc", root / "proc")
    (root / "tmp").mkdir()  # there, and as read-only as the rest


def bind(source: Path, target: Path, *, read_only: bool = False) -> None:
    if source.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    mount("--bind", source, target)
    if read_only:
        mount("-o", "remount,bind,ro", target)


def mount(*arguments: object) -> None:
    subprocess.run(["mount", *map(str, arguments)], check=True)


if __name__ == "__main__":
    main(sys.argv[1])
