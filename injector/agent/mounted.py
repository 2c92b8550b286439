"""Reads what the webhook mounts for the agent: tokens, keys of Secrets and ConfigMaps, whole objects with templates.

The kubelet writes that folder, behind links of its own, so links are followed here. `credentials` and `stores` ask.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from injector.handoff import config_map_path, secret_path, token_path
from secretcore.errors import AccessDenied, CredentialNotFound, StoreUnavailable

LARGEST = 4 * 1024 * 1024
"""Bytes of one key; no Secret or ConfigMap can have as many."""
_PATHS = {"Secret": secret_path, "ConfigMap": config_map_path}


class Mounted(Struct, frozen=True):
    """The credentials folder."""

    folder: Path

    def token(self, file_name: str) -> str | None:
        """A token as it is now; None where it isn't mounted. Raises `StoreError`."""
        content = self._content(token_path(file_name))
        return None if content is None else content.decode("utf-8", "replace").strip()

    def value(self, kind: str, name: str, key: str) -> bytes | None:
        """A key of a Secret or ConfigMap of the pod's namespace; None where it isn't mounted. Raises `StoreError`."""
        return self._content(_PATHS[kind](name, key)) if _is_element(key) else None

    def object(self, kind: str, name: str) -> Mapping[str, bytes] | None:
        """All keys of an object that is mounted whole; None where it isn't. Raises `StoreError`."""
        folder = _PATHS[kind](name, "")
        try:
            keys = [key for key in os.listdir(self.folder / folder) if _is_element(key)]
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise self._unreadable(folder, error) from None
        found = {key: self._content(folder + key) for key in sorted(keys)}
        return {key: content for key, content in found.items() if content is not None}

    def version(self, path: str) -> str:
        """Changes when the file does; empty where there is none."""
        try:
            found = (self.folder / path).stat()
        except OSError:
            return ""
        return f"{found.st_dev}.{found.st_ino}.{found.st_mtime_ns}.{found.st_size}"

    def _content(self, path: str) -> bytes | None:
        try:
            # Without O_NONBLOCK a pipe in the place of a file would hold up everything.
            with open(os.open(self.folder / path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
                content = file.read(LARGEST + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise self._unreadable(path, error) from None
        if len(content) > LARGEST:
            raise CredentialNotFound(f"{self.folder / path} is larger than {LARGEST} bytes, which no credential is")
        return content

    def _unreadable(self, path: str, error: OSError) -> AccessDenied | CredentialNotFound | StoreUnavailable:
        where = f"{self.folder / path} can't be read: {error.strerror}"
        if error.errno in (errno.EACCES, errno.EPERM):
            return AccessDenied(where, remedy="let the agent's user read the volume that the webhook mounts")
        if error.errno in (errno.EISDIR, errno.ENAMETOOLONG, errno.EINVAL, errno.ELOOP):
            return CredentialNotFound(where)
        return StoreUnavailable(where, remedy="see the events of the pod: the kubelet mounts this volume")


def digest(found: Mapping[str, bytes]) -> str:
    """Of an object's keys and values, to see whether they changed; kept in memory only."""
    hashed = hashlib.sha256()
    for key, value in sorted(found.items()):
        hashed.update(b"%d:%s%d:%s" % (len(key), key.encode(), len(value), value))
    return hashed.hexdigest()


def _is_element(key: str) -> bool:
    """Not `..data` and its like, which are the kubelet's, nor a way out."""
    return bool(key) and "/" not in key and "\0" not in key and key != "." and not key.startswith("..")
