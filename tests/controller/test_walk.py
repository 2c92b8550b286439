"""Random histories: a person edits and deletes, the backend changes and breaks, requests go wrong, the controller's
process is ended and killed. Whoever looks on never sees an empty, mixed or foreign Secret, and in the end all is as the manifest says.
"""

import asyncio
import base64
import random

import pytest

from controller.external_secret.subject import Subject
from secretcore.parse import parse_external_secret
from tests.controller.cluster import condition_of
from tests.controller.onlooker import Watched
from tests.controller.requests import FIRST, LATER, LISTS, WATCHES, faults_of

pytestmark = pytest.mark.server

STEPS = 20
NEVER_MADE = {
    "read a credential", "ask for a token", "read the namespace", "read a template", "read the Secret at the end",
    "delete the Secret at the end", "release the finalizer", "read a Secret that was left",
    "delete a Secret that was left", "read a SecretStore that is not known", "validate a ClusterSecretStore",
    "read a ClusterSecretStore that is not known",
}  # fmt: skip
"""Requests that what is synced here gives no reason for."""
OFTEN = "1s"
LONGEST_PAUSE = 0.4
"""Seconds between two steps: the controller is sometimes through with the one, and sometimes amid it."""
BROKEN = {name: shape for name, shape in (LISTS | WATCHES | FIRST | LATER).items() if name not in NEVER_MADE}
PER_START, PER_STEP = 25, 10
"""Requests at most: of a controller that finds its way, and of one to whom something happened. A step takes a moment, in
which one that asks without a pause asks hundreds of times.
"""
EDITED = "edited by hand"


class Walk:
    """What happens, and what is right by now."""

    def __init__(self, cluster, proxy, start, chance):
        self.cluster = cluster
        self.proxy = proxy
        self.start = start
        self.chance = chance
        self.value = "v0"
        self.key = "password"
        self.marks = 0
        self.may_be_seen = [{self.key: self.value}]
        self.starts = 0

    async def begin(self):
        await self.cluster.fake(db=self.value)
        await self.write()
        await self.begin_controller()

    async def begin_controller(self):
        """A process, once it works: what happens before is no mishap to it."""
        self.starts += 1
        self.process = self.start(f"controller-{self.starts}")
        await asyncio.to_thread(self.process.ready)

    async def write(self):
        """The ExternalSecret as it is to be, to be synced now."""
        self.marks += 1
        await self.cluster.external_secret(
            metadata={"annotations": {"external-secrets.io/force-sync": str(self.marks)}},
            data=[{"secretKey": self.key, "remoteRef": {"key": "db"}}],
            refreshInterval=OFTEN,
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
        shape = BROKEN[self.chance.choice(list(BROKEN))]
        faults = faults_of(shape)
        self.proxy.on(shape.target, faults[self.chance.choice(list(faults))], method=shape.method)

    async def breaks_the_connections(self):
        await asyncio.to_thread(self.proxy.reset_connections)

    async def ends_the_controller(self):
        await asyncio.to_thread(self.process.end)
        await self.begin_controller()

    async def kills_the_controller(self):
        """Whatever it is about."""
        await asyncio.to_thread(self.process.server.crash)
        await self.begin_controller()

    async def waits(self):
        await asyncio.sleep(self.chance.random())


def is_synced_as_it_is(manifest):
    """Whether its status is about this very version of it, and good."""
    version = Subject(manifest, parse_external_secret(manifest)).version
    status = manifest.get("status") or {}
    return status.get("syncedResourceVersion") == version and condition_of(manifest)["reason"] == "SecretSynced"


STEPS_THERE_ARE = [name for name in vars(Walk) if name.split("_")[0].rstrip("s") in
                   ("change", "force", "edit", "delete", "make", "break", "heal", "end", "kill", "wait")]  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
async def test_a_history_of_mishaps_shows_nothing_wrong_and_ends_well(cluster, proxy, start, through_proxy, seed):
    chance = random.Random(seed)
    walk = Walk(cluster, proxy, lambda name: start(name, kubeconfig=through_proxy), chance)
    history = [chance.choice(STEPS_THERE_ARE) for _ in range(STEPS)]
    print(history)
    async with Watched(cluster) as seen:
        await walk.begin()
        for step in history:
            await getattr(walk, step)()
            await asyncio.sleep(chance.random() * LONGEST_PAUSE)
        await walk.heals_the_store()
        await walk.write()
        await cluster.data(**walk.wanted())
        manifest = await cluster.eventually("ExternalSecret", "db", is_synced_as_it_is)
        before = await cluster.get("ExternalSecret", "db"), await cluster.get("Secret", "db")
        assert manifest["metadata"]["uid"] == before[1]["metadata"]["ownerReferences"][0]["uid"]
        await cluster.external_secret("last")
        await cluster.condition("True", "SecretSynced", "last")
        assert (await cluster.get("ExternalSecret", "db"), await cluster.get("Secret", "db")) == before
        await asyncio.to_thread(walk.process.end)
    for data, _ in seen:
        assert {key: value for key, value in data.items() if key != "foreign"} in [*walk.may_be_seen, {}]
        assert data
    assert len(proxy.requests) < PER_START * walk.starts + PER_STEP * STEPS
    assert "Traceback" not in walk.process.log()
