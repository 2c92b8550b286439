"""Run a program inside an image as a pod with a restricted security context does: its root read-only, no other user than
the image's, no capabilities and none to be gained, processes of its own. The network is the machine's, so that it reaches
the test bed's servers.

`inside` gives a command line for `subprocess` or `tests.support.processes.Server`. Needs root and util-linux.
"""

from collections.abc import Mapping
from pathlib import Path

from tests.support.images import Image

ENTER = """
root=$1; user=$2; shift 2
mount --make-rprivate /
mount --bind "$root" "$root"
while [ "$1" != -- ]; do
    mount --rbind "$1" "$2"
    if [ "$3" = ro ]; then mount -o remount,bind,ro "$2"; fi
    shift 3
done
shift
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero urandom; do
    : > "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
touch "$root/dev/termination-log"
chmod 666 "$root/dev/termination-log"
mount -o remount,bind,ro,nosuid "$root"
exec setpriv --no-new-privs chroot --userspec="$user" --groups= "$root" "$@"
"""


def inside(
    image: Image,
    *arguments: str,
    entrypoint: list[str] | None = None,
    mounts: Mapping[str, Path] = {},
    writable: Mapping[str, Path] = {},
    env: Mapping[str, str] = {},
    user: str = "",
) -> list[str]:
    """The command line that runs the image's entry point (or another) with `arguments`.

    `mounts` and `writable` are folders: path in the image to folder of this machine. `user` is `uid:gid`, the image's
    own unless given.
    """
    settings = image.config["config"]
    binds: list[str] = []
    for path, folder in {**mounts, **writable}.items():
        target = within(image.root, path)
        target.mkdir(parents=True, exist_ok=True)  # as a container's runtime does
        binds += [str(folder), str(target), "rw" if path in writable else "ro"]
    environment = [*settings["Env"], *(f"{name}={value}" for name, value in env.items())]
    spaces = ["--mount", "--pid", "--fork", "--ipc", "--uts", "--kill-child"]
    program = settings["Entrypoint"] if entrypoint is None else entrypoint
    return [
        "env", "-i", *environment, "unshare", *spaces, "--", "sh", "-euc", ENTER, "sh", str(image.root),
        user or settings["User"], *binds, "--", *program, *arguments,
    ]  # fmt: skip


def program_of(pid: int) -> int:
    """The process of the program itself, the first of its own, of what was started with `inside`."""
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text())


def within(root: Path, path: str) -> Path:
    """Where a path of the image lies on this machine: its absolute links mean the image's root, not ours."""
    at = root
    for part in Path(path).relative_to("/").parts:
        at = at / part
        if at.is_symlink():
            link = at.readlink()
            at = within(
                root, f"/{link.relative_to('/')}" if link.is_absolute() else f"/{at.parent.relative_to(root) / link}"
            )
    return at
