"""A provider that answers with what it logged in with, and does as it is told: for tests of stores and credentials."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import EntryPoint
from typing import ClassVar

from secretcore.errors import AccessDenied, StoreUnavailable
from secretcore.model.declaration import Model
from secretcore.model.selectors import CAProvider, SecretKeySelector, ServiceAccountSelector
from secretcore.payload import JsonPayload
from secretcore.plan import Find, RemoteRef
from secretcore.provider import Capabilities, Credentials, StoreContext, Validation
from secretcore.registry import GROUP, Registry

ENTRY = EntryPoint(name="echo", value="tests.controller.echo:EchoProvider", group=GROUP)


def registry():
    """The installed providers, and this one."""
    return Registry({**Registry.installed().entries, "echo": ENTRY})


class Backend:
    """What a test tells the backend of a name to do, and what was asked of it."""

    def __init__(self):
        self.down = False
        self.stalled = asyncio.Event()
        self.stalled.set()
        self.reads: list[str] = []
        self.validations = 0
        self.closed = 0


BACKENDS: dict[str, Backend] = {}


class EchoProvider(Model, frozen=True, kw_only=True):
    capabilities: ClassVar[Capabilities] = "ReadOnly"

    backend: str = ""
    secret_ref: SecretKeySelector | None = None
    config_map_ref: SecretKeySelector | None = None
    service_account_ref: ServiceAccountSelector | None = None
    ca_provider: CAProvider | None = None

    def validate(self, context: StoreContext) -> Sequence[str]:
        return ()

    @asynccontextmanager
    async def connect(self, credentials: Credentials, context: StoreContext) -> AsyncIterator["EchoClient"]:
        answer = self.backend or context.name
        if self.secret_ref:
            answer = (await credentials.secret(self.secret_ref)).decode()
        if self.config_map_ref:
            answer = (await credentials.config_map(self.config_map_ref)).decode()
        if self.service_account_ref:
            answer = await credentials.token(self.service_account_ref, self.service_account_ref.audiences)
        if answer == "wrong":
            raise AccessDenied("the backend does not know these credentials")
        backend = BACKENDS.setdefault(self.backend, Backend())
        yield EchoClient(answer, backend)
        backend.closed += 1


class EchoClient:
    def __init__(self, answer: str, backend: Backend):
        self.answer = answer
        self.backend = backend

    async def get_secret(self, ref: RemoteRef) -> JsonPayload:
        self.backend.reads.append(ref.key)
        await self.backend.stalled.wait()
        if self.backend.down:
            raise StoreUnavailable("the backend does not answer")
        return JsonPayload(ref.key, self.answer.encode())

    async def get_all_secrets(self, find: Find) -> Mapping[str, JsonPayload]:
        return {}

    async def validate(self) -> Validation:
        self.backend.validations += 1
        if self.backend.down:
            raise StoreUnavailable("the backend does not answer")
        return Validation()
