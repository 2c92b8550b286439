"""The controller killed at every request of a sync, before and after the API server carried it out; the next one goes on
as if nothing had been.
"""

import asyncio
import re
import sys
import time

import pytest

from tests.controller.cluster import TOO_LONG, condition_of
from tests.controller.test_faults import REQUESTS, Watched
from tests.support.fault_kinds import Hold, Reset
from tests.support.processes import Server

pytestmark = pytest.mark.server

SYNC = ["read the Secret", "create the Secret", "write the status", "validate the store"]


@pytest.mark.parametrize("carried_out", [False, True])
@pytest.mark.parametrize("request_", SYNC)
async def test_killed_at_a_request_of_the_first_sync(cluster, proxy, through_proxy, tmp_path, request_, carried_out):
    method, path = REQUESTS[request_]
    hold = Hold()
    proxy.on(path, Reset("committed") if carried_out else hold, method=method)
    await cluster.fake(db="one")
    if request_ == "read the Secret":  # only one that is there is read
        await cluster.apply("Secret", "db", data={"foreign": "Zg=="})
    async with Watched(cluster) as seen:
        first = start("first", cluster, through_proxy, tmp_path)
        await cluster.external_secret()
        await asyncio.to_thread(proxied, proxy, method, path)
        first.crash()
        hold.release()
        proxy.clear()
        second = start("second", cluster, through_proxy, tmp_path)
        await cluster.data(password="one")
        synced = await cluster.condition("True", "SecretSynced")
        await asyncio.sleep(0.5)
        assert await cluster.get("ExternalSecret", "db") == synced
        second.stop()
    assert [data for data, _ in seen] == [{"password": "one"}]
    assert condition_of(await cluster.get("SecretStore", "store"))["reason"] == "Valid"


@pytest.mark.parametrize("carried_out", [False, True])
@pytest.mark.parametrize("request_", ["update the Secret", "write the status"])
async def test_killed_at_a_request_of_a_later_sync(cluster, proxy, through_proxy, tmp_path, request_, carried_out):
    method, path = REQUESTS[request_]
    hold = Hold()
    await cluster.fake(db="one")
    async with Watched(cluster) as seen:
        first = start("first", cluster, through_proxy, tmp_path)
        await cluster.external_secret()
        await cluster.condition("True", "SecretSynced")
        proxy.clear()
        proxy.on(path, Reset("committed") if carried_out else hold, method=method)
        await cluster.fake(db="two")
        forced = await cluster.external_secret(metadata={"annotations": {"external-secrets.io/force-sync": "1"}})
        await asyncio.to_thread(proxied, proxy, method, path)
        first.crash()
        hold.release()
        proxy.clear()
        second = start("second", cluster, through_proxy, tmp_path)
        await cluster.data(password="two")
        before = forced["status"]["syncedResourceVersion"]
        await cluster.eventually("ExternalSecret", "db", lambda it: it["status"]["syncedResourceVersion"] != before)
        await cluster.condition("True", "SecretSynced")
        second.stop()
    assert [data for data, _ in seen] == [{"password": "one"}, {"password": "two"}]


def start(name, cluster, kubeconfig, folder):
    argv = [
        sys.executable, "-m", "controller", f"--kubeconfig={kubeconfig}", f"--namespace={cluster.namespace}",
        "--live-addr=0", "--metrics-addr=0",
    ]  # fmt: skip
    return Server(name, argv, log=folder / f"{name}.log")


def proxied(proxy, method, path):
    """Returns when the request has come by; what it met it has met then, and the next try takes a second."""
    deadline = time.monotonic() + TOO_LONG
    while not any(
        each.method == method and re.search(path, f"{each.path}?{each.query}") for each in list(proxy.requests)
    ):
        assert time.monotonic() < deadline, f"no {method} {path} came by"
        time.sleep(0.02)
    time.sleep(0.2)
