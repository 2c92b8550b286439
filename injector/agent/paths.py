"""Which paths a file of a volume may have, and the permissions of the folders that it is in. Pure."""

from __future__ import annotations

from collections.abc import Iterable

PATH_RULE = "make keys of at most 255 characters that don't begin with two dots and have no slash"


def is_path(path: str) -> bool:
    """Whether it stays in the volume and is none that the volume needs for itself."""
    parts = path.split("/")
    if any(not part or part == "." or part.startswith("..") or "\0" in part for part in parts):
        return False
    return all(len(part.encode()) <= 255 for part in parts) and len(path.encode()) <= 4096


def folder_mode(mode: int) -> int:
    """Permissions of a folder whose files have these: who may read a file may go in. The owner has to clean up."""
    return 0o700 | (0o050 if mode & 0o040 else 0) | (0o005 if mode & 0o004 else 0)


def folders_of(files: Iterable[str]) -> list[str]:
    """All folders of a set of files, each after the one that it is in."""
    found = set()
    for path in files:
        while path := path.rpartition("/")[0]:  # up to the root
            found.add(path)
    return sorted(found)
