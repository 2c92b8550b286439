"""Lists the secrets of a KV engine, folder by folder. `kv` filters what comes out."""

from __future__ import annotations

from collections.abc import Sequence

from secretcore.backends.vault.parallel import in_parallel
from secretcore.backends.vault.paths import KV
from secretcore.backends.vault.refusals import document, refusal
from secretcore.backends.vault.session import Session
from secretcore.errors import InvalidSpec, Malformed, SecretNotFound

DEEPEST = 100
"""Levels of folders."""
NAMES_PER_KEY = 10
"""How many names may be listed for each secret that a find may mean."""


class Listing:
    """Walks a KV engine with one session."""

    def __init__(self, session: Session, kv: KV) -> None:
        self._session = session
        self._kv = kv
        self._most = NAMES_PER_KEY * session.limits.find_keys
        self._seen = 0

    async def below(self, folder: str) -> list[str]:
        """The names of all secrets below a folder, which is empty or ends in `/` and is part of the names.

        Raises `SecretNotFound` when there is no such folder; one that vanishes meanwhile is empty.
        """
        if self._kv.mount is None and not folder:
            raise InvalidSpec(
                "", "find needs a path, since the store has none", remedy="set the store's path, or find.path"
            )
        secrets: list[str] = []
        folders = [folder]
        for _ in range(DEEPEST):
            listed = await in_parallel(folders, self._list, self._session.limits)
            names = [name for each in listed for name in each]
            secrets += (name for name in names if not name.endswith("/"))
            folders = [name for name in names if name.endswith("/")]
            if not folders:
                return secrets
        raise Malformed(
            f'the folders below "{folder}" are nested deeper than {DEEPEST}', remedy="narrow find.path down"
        )

    async def _list(self, folder: str) -> Sequence[str]:
        what = f'folder "{folder}"'
        answer = await self._session.get(self._kv.metadata_path(folder), what, {"list": "true"})
        error = refusal(answer, what)
        if isinstance(error, SecretNotFound) and self._seen:
            return ()
        if error:
            raise error
        data = document(answer, what, self._session.limits).get("data")
        keys = data.get("keys", []) if isinstance(data, dict) else None
        if not isinstance(keys, list) or not all(isinstance(key, str) and key for key in keys):
            raise Malformed(f"{what}: the answer is no list of names")
        self._seen += len(keys)
        if self._seen > self._most:
            raise Malformed(
                f"more than {self._most} secrets and folders to look through", remedy="narrow find.path down"
            )
        return [folder + key for key in keys]
