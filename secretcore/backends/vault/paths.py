"""Where a KV secret stands in Vault's API: from the key that a manifest names to the path of a request. Pure.

ESO's rules, to the letter, since manifests rely on them. `mount` is `spec.provider.vault.path`, where the secrets
engine is mounted; without one, keys begin with it.

    mount   key               version   path
    secret  app/db            v2        secret/data/app/db
    secret  secret/app/db     v2        secret/data/app/db      a key may repeat the mount,
    secret  secret/data/app   v2        secret/data/app         and the "data" of the API after it
    secret  app/db            v1        secret/app/db
    -       secret/app/db     v2        secret/data/app/db      "data" goes in after the first segment
    -       kv/team/data/app  v2        kv/team/data/app        unless it is there already
"""

from __future__ import annotations

from typing import Literal
from urllib.parse import quote, urlsplit

from msgspec import Struct

from secretcore.errors import InvalidSpec

KVVersion = Literal["v1", "v2"]

_SAFE = "$&+,:;=@"
"""What Go leaves as it is in a path, besides letters, digits and `-._~`."""


class KV(Struct, frozen=True):
    """A KV secrets engine, and how keys are read."""

    mount: str | None
    version: KVVersion = "v2"
    may_repeat_mount: bool = True
    """Whether a key that begins with the mount means the mount, and not a folder of its name."""

    def data_path(self, key: str) -> str:
        """Where the secret at a key is read."""
        if self.mount is not None:
            return self._below(self.mount, self._without_mount(self.mount, key))
        if self.version == "v2" and "/data/" not in key:
            first, *rest = key.split("/")
            return "/".join([first, "data", *rest])
        return key

    def metadata_path(self, key: str) -> str:
        """Where a secret's metadata is read and where a folder is listed. Raises `InvalidSpec` where that can't be
        told from the key. Unlike in `data_path`, a key that repeats the mount is a folder of that name.
        """
        if self.version == "v1":
            return key if self.mount is None else f"{self.mount}/{key}"
        if self.mount is not None:
            return f"{self.mount}/metadata/{key}"
        if "data" not in key:
            raise InvalidSpec(
                "",
                f'"{key}" is not a path of KV version 2: there is no "data" in it',
                remedy="set the store's path to where the secrets engine is mounted",
            )
        return key.replace("/data/", "/metadata/", 1)

    def key_of(self, name: str) -> str:
        """The key that reads the secret which a listing calls by this name: the name itself, unless that begins as
        the mount does and so would be taken for repeating it.
        """
        if self.mount is None or not self.may_repeat_mount or not name.startswith(f"{self.mount}/"):
            return name
        return self._below(self.mount, name)

    def _below(self, mount: str, key: str) -> str:
        return f"{mount}/data/{key}" if self.version == "v2" else f"{mount}/{key}"

    def _without_mount(self, mount: str, key: str) -> str:
        if not self.may_repeat_mount or not key.startswith(f"{mount}/"):
            return key
        below = key.removeprefix(f"{mount}/")
        return below.removeprefix("data/") if self.version == "v2" else below


def url(server: str, path: str) -> str:
    """The URL of a path below `/v1/`. Empty segments and `.` vanish, as in Go; anything that isn't plain is escaped.

    Raises `InvalidSpec` for `..`: no secret is called so, and it would leave the mount that the store names.
    """
    parts = urlsplit(server)
    segments = [part for part in f"{parts.path}/v1/{path}".split("/") if part not in ("", ".")]
    if ".." in segments:
        raise InvalidSpec("", f'"{path}" has a ".." in it, which is no name of a secret')
    escaped = (quote(segment, safe=_SAFE, errors="replace") for segment in segments)
    return f"{parts.scheme}://{parts.netloc}/{'/'.join(escaped)}"
