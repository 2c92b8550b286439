"""Two replicas: one works, and when it is killed, frozen or frozen amid a write, the other goes on; never do both write."""

import asyncio
import signal

import pytest

from kubecore.resources import LEASES
from tests.controller.cluster import TOO_LONG, condition_of
from tests.controller.onlooker import Watched
from tests.support.fault_kinds import Hold

pytestmark = pytest.mark.server

LEASE = "external-secrets-controller"


@pytest.fixture
def flags(elected):
    """A lease that is short for a test, and long for a machine that has much to do."""
    return (
        *elected,
        "--leader-election-lease-duration=6s", "--leader-election-renew-deadline=4s",
        "--leader-election-retry-period=200ms",
    )  # fmt: skip


async def taken(cluster, *, not_by=""):
    """Who holds the lease, once somebody else does."""
    async with asyncio.timeout(TOO_LONG):
        while True:
            leases = await cluster.api.list(LEASES, cluster.namespace)
            holder = leases[0]["spec"].get("holderIdentity") if leases else ""
            if holder and holder != not_by:
                return holder
            await asyncio.sleep(0.05)


def writes(requests):
    """Without those that say what was done, which may be told at the very end."""
    told = ("/leases", "/events")
    return [each for each in requests if each.method != "GET" and not any(kind in each.path for kind in told)]


async def test_of_two_replicas_one_works_and_when_it_is_killed_the_other_does(cluster, start, flags):
    await cluster.fake(db="one")
    first = start("first", *flags)
    holder = await taken(cluster)
    second = start("second", *flags).ready()
    await cluster.external_secret()
    await cluster.condition("True", "SecretSynced")
    assert (first.changes("db"), second.changes("db")) == (["create"], [])
    first.server.crash()
    await cluster.external_secret("late")
    await cluster.condition("True", "SecretSynced", "late")
    assert second.changes("late") == ["create"]
    assert await taken(cluster) != holder


async def test_a_leader_that_freezes_amid_a_write_overwrites_nothing_of_the_next_and_gives_up_when_it_thaws(
    cluster, start, flags, proxy, through_proxy
):
    await cluster.fake(db="one")
    async with Watched(cluster) as seen:
        first = start("first", *flags, kubeconfig=through_proxy)
        holder = await taken(cluster)
        second = start("second", *flags).ready()
        await cluster.external_secret()
        await cluster.condition("True", "SecretSynced")
        hold = Hold()
        proxy.on("/secrets/db", hold, method="PUT")
        await cluster.fake(db="two")
        await cluster.external_secret(metadata={"annotations": {"external-secrets.io/force-sync": "1"}})
        assert await asyncio.to_thread(hold.arrived.wait, TOO_LONG)
        first.server.send(signal.SIGSTOP)
        await cluster.fake(db="three")
        await taken(cluster, not_by=holder)
        await cluster.external_secret(metadata={"annotations": {"external-secrets.io/force-sync": "2"}})
        await cluster.data(password="three")
        before = len(writes(proxy.requests))
        hold.release()  # the write of the frozen leader goes on its way
        first.server.send(signal.SIGCONT)
        await asyncio.to_thread(first.ended)
        assert [f"{it.method} {it.path}" for it in writes(proxy.requests)[before:]] == []
        await cluster.data(password="three")
        assert second.changes("db")[-1] == "update"
    assert [data["password"] for data, _ in seen] in (["one", "three"], ["one", "two", "three"])
    assert "Traceback" not in first.log() + second.log()


async def test_a_leader_that_freezes_amid_a_status_overwrites_nothing_of_the_next_ones(
    cluster, start, flags, proxy, through_proxy
):
    await cluster.fake(db="one")
    first = start("first", *flags, kubeconfig=through_proxy)
    holder = await taken(cluster)
    second = start("second", *flags).ready()
    await cluster.external_secret()
    await cluster.condition("True", "SecretSynced")
    hold = Hold()
    proxy.on("/externalsecrets/db/status", hold, method="PATCH")
    await cluster.external_secret(data=[{"secretKey": "password", "remoteRef": {"key": "missing"}}])
    assert await asyncio.to_thread(hold.arrived.wait, TOO_LONG)
    first.server.send(signal.SIGSTOP)
    await taken(cluster, not_by=holder)
    wanted = await cluster.external_secret(metadata={"annotations": {"external-secrets.io/force-sync": "1"}})
    version = f"{wanted['metadata']['generation']}-"
    said = await cluster.eventually(
        "ExternalSecret", "db", lambda it: it["status"]["syncedResourceVersion"].startswith(version)
    )
    assert condition_of(said)["reason"] == "SecretSynced"
    hold.release()  # the status of the frozen leader goes on its way
    first.server.send(signal.SIGCONT)
    await asyncio.to_thread(first.ended)
    await cluster.external_secret("last")  # the second goes on
    await cluster.condition("True", "SecretSynced", "last")
    assert (await cluster.get("ExternalSecret", "db"))["status"] == said["status"]
    assert "Traceback" not in first.log() + second.log()
