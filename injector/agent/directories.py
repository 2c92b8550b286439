"""Directories by descriptor, following no link: what `files` needs to look into a volume that others may have touched.

Nothing here writes but `remove`. Every name is one element, below a descriptor that was opened without following links,
so that no answer can come from outside, and nothing outside can be removed.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

LARGEST = 64 * 1024 * 1024
"""Bytes that are read of one tree: more is not what an agent wrote."""

Step = Callable[[str], None]
"""Called before each thing that is done to a volume, with its name. Tests end the process there."""


class Foreign(Exception):
    """Something is there that an agent doesn't make. The message is its path."""


@dataclass(slots=True)
class Tree:
    """What a directory holds, by path below it."""

    files: dict[str, bytes] = field(default_factory=dict, repr=False)
    modes: dict[str, int] = field(default_factory=dict)
    """Permissions of files and folders; a folder's path ends with a slash."""


@contextmanager
def opened(name: str, at: int | None = None) -> Iterator[int]:
    """A descriptor of a directory. Raises OSError, also where the name is a link."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(name, flags, dir_fd=at)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def link_target(name: str, at: int) -> str | None:
    """Where a link points; None where nothing stands. Raises OSError (EINVAL) for what is no link."""
    try:
        return os.readlink(name, dir_fd=at)
    except FileNotFoundError:
        return None


def read_tree(descriptor: int) -> Tree:
    """Everything below a directory. Raises `Foreign` for links, pipes and the like, and for too much; OSError."""
    tree = Tree()
    _read_into(tree, descriptor, "")
    return tree


def _read_into(tree: Tree, descriptor: int, prefix: str) -> None:
    for name in os.listdir(descriptor):
        path = prefix + name
        found = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
        if stat.S_ISDIR(found.st_mode):
            tree.modes[f"{path}/"] = stat.S_IMODE(found.st_mode)
            with opened(name, descriptor) as folder:
                _read_into(tree, folder, f"{path}/")
        else:
            tree.modes[path] = stat.S_IMODE(found.st_mode)
            tree.files[path] = _read(name, descriptor, path)
        if sum(map(len, tree.files.values())) > LARGEST:
            raise Foreign(path)


def read_file(name: str, at: int) -> bytes:
    """The content of a regular file. Raises `Foreign` for anything else, OSError."""
    return _read(name, at, name)


def _read(name: str, at: int, path: str) -> bytes:
    try:
        # Without O_NONBLOCK, opening a pipe would wait for a writer.
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=at)
    except FileNotFoundError:
        raise
    except OSError:
        raise Foreign(path) from None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST:
            raise Foreign(path)
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(LARGEST)
    finally:
        os.close(descriptor)


def remove(name: str, at: int, step: Step) -> None:
    """Removes a file, a link (never what it points to) or a whole directory. Raises OSError."""
    try:
        folder = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
    except FileNotFoundError:
        return
    except OSError:  # no directory, or a link to one
        step(f"remove {name}")
        os.unlink(name, dir_fd=at)
        return
    try:
        for member in os.listdir(folder):
            remove(member, folder, step)
    finally:
        os.close(folder)
    step(f"remove {name}")
    os.rmdir(name, dir_fd=at)
