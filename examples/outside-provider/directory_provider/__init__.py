"""`directory`: a secret per file of a folder, as a volume or a password store keeps them.

    apiVersion: external-secrets.io/v1
    kind: SecretStore
    metadata:
      name: files
    spec:
      provider:
        directory:
          path: /etc/my-secrets

A key is the name of a file; `find` knows names.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from msgspec import Meta

from secretcore.errors import AccessDenied, InvalidSpec, SecretNotFound, StoreUnavailable
from secretcore.model.declaration import Model
from secretcore.payload import JsonPayload
from secretcore.plan import Find, RemoteRef
from secretcore.provider import Capabilities, Credentials, StoreContext, Validation
from secretcore.regexp import compile as compile_regexp


class DirectoryProvider(Model, frozen=True, kw_only=True):
    """What stands under `spec.provider.directory`."""

    capabilities: ClassVar[Capabilities] = "ReadOnly"

    path: Annotated[str, Meta(description="Folder with a file per secret.", min_length=1)]

    def validate(self, context: StoreContext) -> Sequence[str]:
        if not self.path.startswith("/"):
            raise InvalidSpec("path", "must be absolute")
        return ()

    @asynccontextmanager
    async def connect(self, credentials: Credentials, context: StoreContext) -> AsyncIterator[DirectoryClient]:
        yield DirectoryClient(Path(self.path))


@dataclass(frozen=True, slots=True)
class DirectoryClient:
    """Reads files; a key is a file's name."""

    folder: Path

    async def get_secret(self, ref: RemoteRef) -> JsonPayload:
        if "/" in ref.key or ref.key.startswith("."):
            raise SecretNotFound(f'secret "{ref.key}" does not exist: a key is the name of a file')
        try:
            content = await asyncio.to_thread((self.folder / ref.key).read_bytes)
        except FileNotFoundError:
            await self.validate()  # a folder that is not there must not pass for a secret that is not there
            raise SecretNotFound(f'secret "{ref.key}" does not exist') from None
        except OSError as error:
            raise AccessDenied(f'secret "{ref.key}": {error.strerror}') from None
        return JsonPayload(ref.key, content)

    async def get_all_secrets(self, find: Find) -> Mapping[str, RemoteRef]:
        if find.name_regexp is None:
            raise InvalidSpec("name", "is required: a directory is searched by name")
        matches = compile_regexp(find.name_regexp).match
        await self.validate()
        names = await asyncio.to_thread(lambda: sorted(file.name for file in self.folder.iterdir() if file.is_file()))
        return {name: RemoteRef(name) for name in names if matches(name)}

    async def validate(self) -> Validation:
        if not await asyncio.to_thread(self.folder.is_dir):
            raise StoreUnavailable(f"{self.folder} is not a folder", remedy="mount it, or correct the path")
        return Validation()
