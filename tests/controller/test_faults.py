"""A sync through a proxy that breaks it: whatever one request meets, the outcome is the same, and the Secret is never
seen empty or half.
"""

import asyncio

import pytest

from kubecore.resources import SECRETS
from tests.controller.cluster import TOO_LONG, decoded
from tests.support.fault_kinds import Answer, Reset, Truncate, html, status

pytestmark = pytest.mark.server

FAULTS = {
    "409": Answer(409, '{"kind":"Status","code":409,"reason":"Conflict","message":"changed"}'),
    "429": Answer(429, '{"kind":"Status","code":429,"reason":"TooManyRequests"}', {"Retry-After": "1"}),
    "500": status(500),
    "503": status(503),
    "html": html(),
    "reset before": Reset("request"),
    "reset after": Reset("committed"),
    "half an answer": Truncate(20),
}
REQUESTS = {
    "read the Secret": ("GET", r"/namespaces/[^/]+/secrets/db"),
    "create the Secret": ("POST", r"/namespaces/[^/]+/secrets"),
    "update the Secret": ("PUT", r"/namespaces/[^/]+/secrets/db"),
    "write the status": ("PATCH", r"/externalsecrets/db/status"),
    "validate the store": ("PATCH", r"/secretstores/store/status"),
    "list ExternalSecrets": ("GET", r"/externalsecrets\?(?!.*watch)"),
    "list Secrets": ("GET", r"/secrets\?(?!.*watch)"),
    "watch Secrets": ("GET", r"/secrets\?.*watch"),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("request_", REQUESTS)
async def test_one_request_that_goes_wrong_changes_nothing_in_the_end(cluster, proxy, proxied, request_, fault):
    method, path = REQUESTS[request_]
    proxy.on(path, FAULTS[fault], method=method)
    await cluster.fake(db="one")
    async with Watched(cluster) as seen, cluster.running(proxied):
        await cluster.external_secret()
        await cluster.data(password="one")
        await cluster.condition("True", "SecretSynced")
        await cluster.fake(db="two")
        await cluster.external_secret(metadata={"annotations": {"external-secrets.io/force-sync": "1"}})
        await cluster.data(password="two")
        version = (await cluster.get("ExternalSecret", "db"))["metadata"]["generation"]
        await cluster.eventually(
            "ExternalSecret", "db", lambda it: it["status"]["syncedResourceVersion"].startswith(f"{version}-")
        )
        await cluster.settled()
    assert [data for data, _ in seen] == [{"password": "one"}, {"password": "two"}]
    assert {managers for _, managers in seen} == {("externalsecrets.external-secrets.io/db",)}


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


class Watched:
    """What an onlooker sees of Secret `db`: its data and managers, each time they differ."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.seen = []
        self.told_all = asyncio.Event()

    async def __aenter__(self):
        page = await anext(self.cluster.api.pages(SECRETS, self.cluster.namespace))
        self.task = asyncio.create_task(self._watch(page.resource_version))
        return self.seen

    async def _watch(self, version):
        async for event in self.cluster.api.watch(SECRETS, self.cluster.namespace, resource_version=version):
            if event.type != "BOOKMARK" and event.object["metadata"]["name"] == LAST:
                self.told_all.set()
            if event.type != "BOOKMARK" and event.object["metadata"]["name"] == "db":
                managers = tuple(each["manager"] for each in event.object["metadata"]["managedFields"])
                saw = (decoded(event.object), managers)
                if not self.seen or self.seen[-1] != saw:
                    self.seen.append(saw)

    async def __aexit__(self, kind, *_):
        if kind is None:  # what the watch has still to tell is seen before the test looks
            await self.cluster.apply("Secret", LAST)
            async with asyncio.timeout(TOO_LONG):
                await self.told_all.wait()
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


LAST = "the-last-that-an-onlooker-sees"
