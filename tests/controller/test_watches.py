"""What the watches tell is late, twice, backwards, cut short or lost: the controller ends where the API server is."""

import asyncio
import json
import threading

import pytest

from controller.kinds import EXTERNAL_SECRETS, SECRET_STORES
from kubecore.resources import SECRETS
from tests.controller.cluster import TOO_LONG
from tests.controller.onlooker import Watched
from tests.support.fault_kinds import END, Cut, Rewrite

pytestmark = pytest.mark.server

WATCH = r"/(externalsecrets|secretstores|secrets)\?.*watch=1"
EXPIRED = json.dumps(
    {"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"}}
).encode()
LIES = {
    "each event three times": Rewrite(lambda lines: [line for line in lines for _ in range(3)]),
    "backwards": Rewrite(lambda lines: lines[::-1], window=0.3),
    "ended after each event": Rewrite(lambda lines: [*lines, END]),
    "reset after each event": Cut(1),
}


@pytest.mark.parametrize("lie", LIES)
async def test_whatever_the_watches_make_of_it_the_end_is_the_same(cluster, proxy, proxied, lie):
    proxy.always(WATCH, LIES[lie])
    await _a_life(cluster, proxied)


async def test_a_watch_whose_version_expires_under_way_is_begun_anew(cluster, proxy, proxied):
    told = []

    def expire(lines):
        told.extend(lines)
        return [EXPIRED + b"\n"]

    for plural in ("externalsecrets", "secretstores", "secrets"):
        proxy.on(rf"/{plural}\?.*watch=1", Rewrite(expire))
    await _a_life(cluster, proxied)
    assert {json.loads(line)["object"]["kind"] for line in told} >= {"ExternalSecret", "SecretStore"}


async def _a_life(cluster, client):
    """An ExternalSecret and its Secret are made, changed, edited, deleted and made again; nobody sees a wrong value."""
    async with Watched(cluster) as seen, cluster.running(client):
        await cluster.fake(db="one")
        await cluster.external_secret()
        await cluster.data(password="one")
        await cluster.fake(db="two")
        await cluster.external_secret(metadata={"annotations": {"external-secrets.io/force-sync": "1"}})
        await cluster.data(password="two")
        await cluster.delete("Secret", "db")
        await cluster.data(password="two")
        await cluster.delete("ExternalSecret", "db")
        await cluster.external_secret(target={"template": {"data": {"again": "{{ .password }}"}}})
        await cluster.data(again="two")
        await cluster.condition("True", "SecretSynced")
        await same(cluster, EXTERNAL_SECRETS, SECRET_STORES, SECRETS)
    assert [data for data, _ in seen if data not in ({"password": "one"}, {"password": "two"}, {"again": "two"})] == []


async def same(cluster, *resources):
    """Returns when the controller knows just what there is."""
    async with asyncio.timeout(TOO_LONG):
        for resource in resources:
            while True:
                there = await cluster.api.list(resource, cluster.namespace, metadata_only=True)
                known = cluster.controller.view.reflectors[resource].cache
                if versions(there) == versions(known):
                    break
                await asyncio.sleep(0.05)


def versions(manifests):
    return {each["metadata"]["name"]: each["metadata"]["resourceVersion"] for each in manifests}


async def test_a_stream_that_falls_silent_is_given_up_and_what_was_missed_is_made_good(cluster, proxy, proxied):
    silent, missed = threading.Event(), threading.Event()

    def hush(lines):
        if not silent.is_set():
            return lines
        missed.set()
        return []

    proxy.always(WATCH, Rewrite(hush))
    await cluster.fake(db="one")
    async with cluster.running(proxied, idle_seconds=2.0):
        await cluster.external_secret()
        await cluster.data(password="one")
        silent.set()
        await cluster.external_secret(target={"template": {"data": {"new": "{{ .password }}"}}})
        await asyncio.to_thread(missed.wait, TOO_LONG)
        proxy.clear()  # for the watches to come: those that are open stay silent
        await cluster.data(new="one")


async def test_the_deletion_of_a_secret_that_was_never_told_is_noticed_at_the_next_list(cluster, proxy, proxied):
    lost = threading.Event()

    def lose(lines):
        if any(b'"DELETED"' in line and b'"name":"db"' in line for line in lines):
            lost.set()
            return [EXPIRED + b"\n"]
        return lines

    proxy.always(r"/secrets\?.*watch=1", Rewrite(lose))
    await cluster.fake(db="one")
    async with cluster.running(proxied):
        await cluster.external_secret()
        before = await cluster.data(password="one")
        await cluster.delete("Secret", "db")
        after = await cluster.data(password="one")
        assert after["metadata"]["uid"] != before["metadata"]["uid"]
        assert lost.is_set()


async def test_an_api_server_that_is_killed_amid_the_syncs_and_comes_back_is_worked_with_again(cluster, served, start):
    names = [f"db{number}" for number in range(30)]
    await cluster.fake(db="one")
    process = start().ready()
    for name in names:
        await cluster.external_secret(name, refreshInterval="2s")
    await cluster.data("db0", password="one")
    await asyncio.to_thread(served.apiserver.crash)
    await asyncio.to_thread(served.start_apiserver)
    await cluster.fake(db="two")
    for name in names:
        await cluster.data(name, password="two")
        await cluster.condition("True", "SecretSynced", name)
    process.end()
    assert "Traceback" not in process.log()
    assert '"level": "error"' not in process.log()


async def test_an_api_server_that_dies_and_forgets_is_caught_up_with(cluster, served):
    await cluster.fake(db="one")
    async with cluster.running():
        await cluster.external_secret()
        before = await cluster.data(password="one")
        await cluster.condition("True", "SecretSynced")
        await asyncio.to_thread(served.forget_history)
        await cluster.external_secret("second")
        await cluster.data("second", password="one")
        await cluster.delete("Secret", "db")
        again = await cluster.data(password="one")
        assert again["metadata"]["uid"] != before["metadata"]["uid"]
