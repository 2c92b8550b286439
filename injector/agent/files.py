"""Writes the files of a volume: the only module that does. Takes the whole set of a generation from `refresh`; readers
see either all of the old set or all of the new one.

A volume looks as one that the kubelet writes:

    ..2026_11_24_18_30_05.123456789/db-credentials/password     a generation
    ..data -> ..2026_11_24_18_30_05.123456789                   which generation is meant: one rename changes it
    db-credentials -> ..data/db-credentials                     what containers read

Others may have touched the volume: no link is ever followed, and what stands in the way is named and left alone.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import PurePath

from injector.agent.directories import Foreign, Step, Tree, link_target, opened, read_file, read_tree, remove
from injector.agent.generations import is_generation, name_after, outdated
from injector.agent.paths import PATH_RULE, folder_mode, folders_of, is_path
from secretcore.errors import SecretError

DATA, NEXT_DATA, NOTES = "..data", "..data_tmp", "..agent"
KEPT = 2
"""Generations before the current one: who still reads in one never loses it to the next refresh."""
_PAGE = os.sysconf("SC_PAGE_SIZE")
"""Bytes that a file in memory takes at least, and grows by."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

Files = Mapping[str, bytes]
"""Content by path below the volume: `db-credentials/password`."""


class VolumeFailed(SecretError):
    """The volume can't be written, or something stands in it that isn't ours. What was there stays."""

    default_remedy = "give the agent a volume of its own, writable for it and read-only for everyone else"


class Volume:
    """A directory that this process alone writes. Opened by `open_volume`."""

    def __init__(self, path: str, descriptor: int, step: Step) -> None:
        self._path = path
        self._root = descriptor
        self._step = step

    def publish(self, files: Files, mode: int, *, size: int = 0, needed: Collection[str] | None = None) -> bool:
        """Makes these files, and no others, what readers see. Returns whether anything of it is new to them; where
        content and permissions are as they should be, nothing is touched.

        Raises `VolumeFailed`; then the files are still those of before. `size` is the volume's, in bytes: what would
        not fit with the generations that are kept is refused before it fills the volume; 0 is not known. Where
        something else stands in the place of a folder, that is a failure if the folder is one of `needed` (None: all
        are); the others don't suffer from it.
        """
        for path in files:
            if not is_path(path):
                raise VolumeFailed(f"{path!r} can't be the path of a file", remedy=PATH_RULE)
        with _said(self._path, files):
            current = self._current()
            links = {path.partition("/")[0] for path in files}
            missing = self._missing_links(links, links if needed is None else needed)
            changed = current is None or not self._holds(current, files, mode)
            if changed:
                self._check_room(files, size)
                current = self._replace(current, files, mode, missing)
            else:
                self._link(missing)
            self._clean(links, current)
            return changed

    def load(self) -> Tree:
        """The files that readers see now; none where there is no whole generation. Raises `VolumeFailed`."""
        with _said(self._path, {}):
            current = self._current()
            with suppress(Foreign, OSError):
                if current is not None:
                    with opened(current, self._root) as generation:
                        return read_tree(generation)
            return Tree()

    def write_note(self, name: str, content: bytes) -> None:
        """A small file of the agent's own, replaced at once. It is in a folder of its own, so that who watches the
        volume hears nothing of it. Raises `VolumeFailed`.
        """
        with _said(self._path, {name: content}):
            with suppress(FileExistsError):
                self._step(f"make {NOTES}/")
                os.mkdir(NOTES, 0o700, dir_fd=self._root)
            with opened(NOTES, self._root) as notes:
                temporary = f"{name}_tmp"
                remove(temporary, notes, self._step)
                self._write_file(temporary, notes, content, 0o600)
                self._step(f"swap {name}")
                os.rename(temporary, name, src_dir_fd=notes, dst_dir_fd=notes)

    def read_note(self, name: str) -> bytes | None:
        """What `write_note` left; None where there is none."""
        with suppress(Foreign, OSError), opened(NOTES, self._root) as notes:
            return read_file(name, notes)
        return None

    def _current(self) -> str | None:
        """The generation that `..data` names; None where it names none of ours."""
        target = link_target(DATA, self._root)
        return target if target is not None and is_generation(target) else None

    def _holds(self, generation: str, files: Files, mode: int) -> bool:
        """Whether a generation has exactly these files, with these permissions."""
        try:
            with opened(generation, self._root) as descriptor:
                found = read_tree(descriptor)
        except (Foreign, OSError):
            return False
        modes = dict.fromkeys(files, mode) | {f"{folder}/": folder_mode(mode) for folder in folders_of(files)}
        return found.files == dict(files) and {path: bits & 0o777 for path, bits in found.modes.items()} == modes

    def _missing_links(self, names: set[str], needed: Collection[str]) -> set[str]:
        """The links that can be made and are not there. Raises `VolumeFailed` where something else stands."""
        missing = set()
        for name in sorted(names):
            try:
                target = link_target(name, self._root)
            except OSError:
                target = ""
            if target is None:
                missing.add(name)
            elif target != f"{DATA}/{name}" and name in needed:
                raise VolumeFailed(
                    f'{self._path}: "{name}" stands where files are to appear, and it is not the agent\'s',
                    remedy="remove it, or give the target of the ExternalSecret another name",
                )
        return missing

    def _check_room(self, files: Files, size: int) -> None:
        """Today's set may fit where the next one, beside it, would not: that is said at once."""
        needed = sum(-(-len(content) // _PAGE) for content in files.values()) * _PAGE
        if 0 < size < (KEPT + 1) * needed:
            raise VolumeFailed(
                f"{self._path}: {len(files)} files take {needed // 1024} KiB of memory, {KEPT + 1} sets of them are "
                f"kept, and the volume has {size // 1024} KiB",
                remedy="raise injector.agent.volumeSize in the chart's values, or name fewer ExternalSecrets",
            )

    def _replace(self, current: str | None, files: Files, mode: int, missing: set[str]) -> str:
        """Writes a generation and makes it the current one; what fails leaves the one before."""
        self._prune(current, KEPT - 1)  # before, so that the volume never has to hold more than three
        name = name_after(os.listdir(self._root), time.time_ns())
        try:
            self._write(name, files, mode)
            self._link(missing)  # they lead nowhere until the rename, which is the one moment of change
            remove(NEXT_DATA, self._root, self._step)
            self._step("make the next ..data")
            os.symlink(name, NEXT_DATA, dir_fd=self._root)
            self._step("swap ..data")
            os.rename(NEXT_DATA, DATA, src_dir_fd=self._root, dst_dir_fd=self._root)
        except OSError:
            for leftover in (NEXT_DATA, name):
                with suppress(OSError):
                    remove(leftover, self._root, self._step)
            raise
        return name

    def _write(self, generation: str, files: Files, mode: int) -> None:
        """Permissions are set explicitly, whatever the umask, and before anyone is led here."""
        folders: dict[str, int] = {}
        try:
            folders[""] = self._make_folder(generation, self._root)
            for path in folders_of(files):
                parent, _, name = path.rpartition("/")
                folders[path] = self._make_folder(name, folders[parent])
            for path, content in files.items():
                parent, _, name = path.rpartition("/")
                self._write_file(name, folders[parent], content, mode)
            for path, descriptor in folders.items():
                self._step(f"permit {path}/")
                # Under a pod's fsGroup the volume passes its group on by this bit.
                inherited = os.fstat(descriptor).st_mode & stat.S_ISGID
                os.fchmod(descriptor, folder_mode(mode) | inherited)
        finally:
            for descriptor in folders.values():
                os.close(descriptor)

    def _make_folder(self, name: str, at: int) -> int:
        self._step(f"make {name}/")
        os.mkdir(name, 0o700, dir_fd=at)
        return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)

    def _write_file(self, name: str, at: int, content: bytes, mode: int) -> None:
        self._step(f"make {name}")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(name, flags, 0o600, dir_fd=at)
        try:
            self._step(f"write {name}")
            left = memoryview(content)
            while left:
                left = left[os.write(descriptor, left) :]
            self._step(f"permit {name}")
            os.fchmod(descriptor, mode)
        finally:
            os.close(descriptor)

    def _link(self, names: set[str]) -> None:
        for name in sorted(names):
            self._step(f"link {name}")
            os.symlink(f"{DATA}/{name}", name, dir_fd=self._root)

    def _clean(self, links: set[str], current: str | None) -> None:
        """Removes links that lead nowhere any more and generations that nobody needs. What stays goes next time."""
        for name in os.listdir(self._root):
            with suppress(OSError):
                if name not in links and link_target(name, self._root) == f"{DATA}/{name}":
                    self._step(f"unlink {name}")
                    os.unlink(name, dir_fd=self._root)
        self._prune(current, KEPT)

    def _prune(self, current: str | None, keep: int) -> None:
        for name in outdated(os.listdir(self._root), current, keep):
            with suppress(OSError):
                remove(name, self._root, self._step)


@contextmanager
def open_volume(path: str | PurePath, *, step: Step = lambda _: None) -> Iterator[Volume]:
    """The volume at a path, locked against other writers while inside. Raises `VolumeFailed`.

    `step` is called before each thing that is done to the volume.
    """
    with _said(str(path), {}):
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        with _said(str(path), {}):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield Volume(str(path), descriptor, step)
    finally:
        os.close(descriptor)


@contextmanager
def _said(volume: str, files: Files) -> Iterator[None]:
    """Turns what the system says into a sentence."""
    try:
        yield
    except BlockingIOError:
        raise VolumeFailed(f"{volume}: another process writes here", remedy="let one agent write a volume") from None
    except OSError as error:
        if error.errno in _FULL:
            size = sum(map(len, files.values()))
            raise VolumeFailed(
                f"{volume}: the volume is full: {len(files)} files of {size} bytes do not fit beside those of before",
                remedy="raise the volume's sizeLimit: it has to hold three times the data",
            ) from None
        if error.errno == errno.EROFS:
            raise VolumeFailed(f"{volume}: the volume is mounted read-only") from None
        if error.errno == errno.EINVAL or isinstance(error, IsADirectoryError | NotADirectoryError):
            raise VolumeFailed(
                f"{volume}: {DATA}, or the volume itself, is not what an agent makes of it ({error.strerror})",
                remedy="empty the volume: something else writes there",
            ) from None
        raise VolumeFailed(f"{volume}: {error.strerror}") from None
