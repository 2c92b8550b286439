"""A namespace of the real API server, with a controller at work in it, in the words of a test."""

import asyncio
import base64
import contextlib
from collections.abc import Callable
from typing import Any

from controller.kinds import CLUSTER_SECRET_STORES, EXTERNAL_SECRETS, SECRET_STORES, StoreKey
from controller.loop import Controller
from controller.settings import Settings
from controller.view import View
from kubecore.errors import NotFound
from kubecore.resources import CONFIG_MAPS, NAMESPACES, SECRETS
from kubecore.verbs import Client
from tests.controller.echo import registry
from tests.support.server_side_apply import apply

KINDS = {
    resource.kind: resource
    for resource in (EXTERNAL_SECRETS, SECRET_STORES, CLUSTER_SECRET_STORES, SECRETS, CONFIG_MAPS, NAMESPACES)
}
TOO_LONG = 60.0
"""Seconds. A machine that has much to do may need them; who waits goes on as soon as it can."""


class Cluster:
    """`api` is an administrator's, `own` is a controller's; `told` are the events that the controller told."""

    def __init__(self, api: Client, namespace: str, own: Client) -> None:
        self.api = api
        self.own = own
        self.namespace = namespace
        self.told: list[tuple[str, str, str, str]] = []
        self.controller: Controller | None = None
        self.patience = TOO_LONG
        """Seconds that `eventually` and all that rests on it wait."""

    @contextlib.asynccontextmanager
    async def running(self, client: Client | None = None, *, idle_seconds: float | None = None, **settings: Any):
        """A controller that serves the namespace. `idle_seconds` of silence end its watches, without it minutes do."""
        options = {"namespace": self.namespace, "lend_identity": False, **settings}
        self.controller = controller = Controller(client or self.own, Settings(**options), self, registry=registry())
        for reflector in controller.view.reflectors.values():
            reflector._idle_seconds = idle_seconds or reflector._idle_seconds
        tasks = [asyncio.create_task(controller.watch()), asyncio.create_task(controller.work())]
        try:
            yield controller
        finally:
            await controller.stop()
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            self.controller = None
            assert not [error for error in ended if isinstance(error, Exception)], ended

    def event(self, manifest, type_, reason, message) -> None:
        """A recorder's."""
        self.told.append((manifest["metadata"]["name"], type_, reason, message))

    async def warned(self, message: str, name="db"):
        """Returns when a Warning about the object has said this, for what its condition says only for a moment."""
        async with asyncio.timeout(TOO_LONG):
            while not any(who == name and type_ == "Warning" and message in said for who, type_, _, said in self.told):  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    def reasons(self, name="db"):
        return [reason for who, _, reason, _ in self.told if who == name]

    async def apply(self, kind: str, name: str, **content: Any):
        """Create it, or make it like this. A store is known to the controller on return: kinds are watched apart, and
        what is written next could be seen before it.
        """
        resource = KINDS[kind]
        metadata = {"name": name, **content.pop("metadata", {})}
        if resource.namespaced:
            metadata["namespace"] = self.namespace
        made = await apply(self.api, resource, {"metadata": metadata, **content})
        if self.controller and kind in ("SecretStore", "ClusterSecretStore"):
            await self._seen(self.controller.view, made)
        return made

    @staticmethod
    async def _seen(view: View, store: Any) -> None:
        metadata = store["metadata"]
        key = StoreKey(store["kind"], metadata.get("namespace", ""), metadata["name"])
        async with asyncio.timeout(TOO_LONG):
            while True:
                known = view.store(key)
                if known and known["metadata"]["generation"] >= metadata["generation"]:
                    return
                await asyncio.sleep(0.02)

    async def fake(self, name="store", kind="SecretStore", **values: str):
        """A store with these secrets."""
        data = [{"key": key, "value": value} for key, value in values.items()]
        return await self.apply(kind, name, spec={"provider": {"fake": {"data": data}}})

    async def echo(self, name="store", kind="SecretStore", *, metadata=None, rest=None, **provider: Any):
        """A store that answers with what it logs in with."""
        return await self.apply(
            kind, name, metadata=metadata or {}, spec={"provider": {"echo": provider}, **(rest or {})}
        )

    async def external_secret(self, name="db", *, metadata=None, store="store", **spec: Any):
        """An ExternalSecret that reads key `db` of the store into key `password`."""
        entry = {"secretKey": "password", "remoteRef": {"key": "db"}}
        spec = {"secretStoreRef": {"name": store}, "refreshInterval": "1h", "data": [entry], **spec}
        return await self.apply("ExternalSecret", name, metadata=metadata or {}, spec=spec)

    async def get(self, kind: str, name: str):
        resource = KINDS[kind]
        try:
            return await self.api.get(resource, name, self.namespace if resource.namespaced else "")
        except NotFound:
            return None

    async def delete(self, kind: str, name: str) -> None:
        resource = KINDS[kind]
        await self.api.delete(resource, name, self.namespace if resource.namespaced else "")

    async def eventually(self, kind: str, name: str, holds: Callable[[Any], Any]):
        """The object as soon as it is so; fails with the object as it was when that took too long."""
        found = None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.patience):
                while True:
                    found = await self.get(kind, name)
                    if holds(found):
                        return found
                    await asyncio.sleep(0.05)
        raise AssertionError(f"{kind} {name} did not become what was expected: {found}")

    async def data(self, name="db", **expected: str):
        """The Secret, once its data are these."""
        return await self.eventually("Secret", name, lambda it: it and decoded(it) == expected)

    async def condition(self, status: str, reason: str, name="db", kind="ExternalSecret", message=""):
        """The object, once its condition Ready says so."""

        def says(it):
            ready = condition_of(it)
            return (ready.get("status"), ready.get("reason")) == (status, reason) and message in ready["message"]

        return await self.eventually(kind, name, says)

    async def settled(self) -> None:
        """Returns when the controller has nothing to do right now."""
        async with asyncio.timeout(TOO_LONG):
            quiet = 0
            while quiet < 6:
                await asyncio.sleep(0.05)
                workers = (self.controller.external_secrets, self.controller.stores)
                quiet = quiet + 1 if not any(each.busy or each.queue.wait(0.0) == 0.0 for each in workers) else 0


def decoded(secret):
    return {key: base64.b64decode(value).decode() for key, value in (secret.get("data") or {}).items()}


def condition_of(manifest):
    conditions = ((manifest or {}).get("status") or {}).get("conditions") or [{}]
    return conditions[0]
