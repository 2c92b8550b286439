"""Random histories: a person edits and deletes, the backend changes and breaks, requests go wrong, the controller is ended
and killed. Whoever looks on never sees an empty, mixed or foreign Secret, and in the end all is as the manifest says.
"""

import asyncio
import base64
import random
from contextlib import AsyncExitStack

import pytest

from tests.controller.test_faults import FAULTS, REQUESTS, Watched

pytestmark = pytest.mark.server

STEPS = 20
EDITED = "edited by hand"


class Walk:
    """What happens, and what is right by now."""

    def __init__(self, cluster, proxy, client, chance):
        self.cluster = cluster
        self.proxy = proxy
        self.client = client
        self.chance = chance
        self.value = "v0"
        self.key = "password"
        self.marks = 0
        self.may_be_seen = [{self.key: self.value}]
        self.controller = AsyncExitStack()

    async def begin(self):
        await self.cluster.fake(db=self.value)
        await self.write()
        await self.start()

    async def start(self):
        await self.controller.enter_async_context(self.cluster.running(self.client))

    async def write(self):
        """The ExternalSecret as it is to be, to be synced now."""
        self.marks += 1
        await self.cluster.external_secret(
            metadata={"annotations": {"external-secrets.io/force-sync": str(self.marks)}},
            data=[{"secretKey": self.key, "remoteRef": {"key": "db"}}],
        )

    def wanted(self):
        return {self.key: self.value}

    async def changes_the_value(self):
        self.value = f"v{self.marks}-{self.chance.random()}"
        self.may_be_seen.append(self.wanted())
        await self.cluster.fake(db=self.value)

    async def changes_the_manifest(self):
        self.key = self.chance.choice(["password", "token"])
        self.may_be_seen += [{self.key: value} for seen in self.may_be_seen for value in seen.values()]
        await self.write()

    async def forces_a_sync(self):
        await self.write()

    async def edits_the_secret(self):
        if await self.cluster.get("Secret", "db"):
            await self.cluster.apply("Secret", "db", data={"foreign": base64.b64encode(EDITED.encode()).decode()})

    async def deletes_the_secret(self):
        if await self.cluster.get("Secret", "db"):
            await self.cluster.delete("Secret", "db")

    async def makes_the_external_secret_anew(self):
        await self.cluster.delete("ExternalSecret", "db")
        await self.write()

    async def breaks_the_store(self):
        data = [{"key": "db", "value": self.value}]
        await self.cluster.apply(
            "SecretStore", "store", spec={"provider": {"fake": {"data": data, "validationResult": 2}}}
        )

    async def heals_the_store(self):
        await self.cluster.fake(db=self.value)

    async def breaks_a_request(self):
        method, path = REQUESTS[self.chance.choice(list(REQUESTS))]
        self.proxy.on(path, FAULTS[self.chance.choice(list(FAULTS))], method=method)

    async def breaks_the_connections(self):
        self.proxy.reset_connections()

    async def restarts_the_controller(self):
        await self.controller.aclose()
        await self.start()

    async def waits(self):
        await asyncio.sleep(self.chance.random())


STEPS_THERE_ARE = [name for name in vars(Walk) if name.split("_")[0].rstrip("s") in
                   ("change", "force", "edit", "delete", "make", "break", "heal", "restart", "wait")]  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
async def test_a_history_of_mishaps_shows_nothing_wrong_and_ends_well(cluster, proxy, proxied, seed):
    chance = random.Random(seed)
    walk = Walk(cluster, proxy, proxied, chance)
    history = [chance.choice(STEPS_THERE_ARE) for _ in range(STEPS)]
    print(history)
    async with Watched(cluster) as seen:
        await walk.begin()
        for step in history:
            await getattr(walk, step)()
        await walk.heals_the_store()
        await walk.write()
        await cluster.data(**walk.wanted())
        manifest = await cluster.condition("True", "SecretSynced")
        version = (await cluster.get("ExternalSecret", "db"))["metadata"]["generation"]
        await cluster.eventually(
            "ExternalSecret", "db", lambda it: it["status"]["syncedResourceVersion"].startswith(f"{version}-")
        )
        await cluster.settled()
        before = await cluster.get("ExternalSecret", "db"), await cluster.get("Secret", "db")
        assert manifest["metadata"]["uid"] == before[1]["metadata"]["ownerReferences"][0]["uid"]
        await cluster.settled()
        assert (await cluster.get("ExternalSecret", "db"), await cluster.get("Secret", "db")) == before
        await walk.controller.aclose()
    for data, _ in seen:
        assert {key: value for key, value in data.items() if key != "foreign"} in [*walk.may_be_seen, {}]
        assert data
    assert len(proxy.requests) < 100 * STEPS
