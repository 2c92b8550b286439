"""Somebody who watches Secrets while a test goes on: what they ever saw is what a pod could have read."""

import asyncio

from kubecore.resources import SECRETS
from tests.controller.cluster import TOO_LONG, decoded

LAST = "the-last-that-an-onlooker-sees"


class Watched:
    """What an onlooker sees of Secrets of these names: data and managers, each time they differ."""

    def __init__(self, cluster, *names):
        self.cluster = cluster
        self.names = names or ("db",)
        self.seen = []
        self.told_all = asyncio.Event()

    async def __aenter__(self):
        page = await anext(self.cluster.api.pages(SECRETS, self.cluster.namespace))
        self.task = asyncio.create_task(self._watch(page.resource_version))
        return self.seen

    async def _watch(self, version):
        async for event in self.cluster.api.watch(SECRETS, self.cluster.namespace, resource_version=version):
            if event.type == "BOOKMARK":
                continue
            if event.object["metadata"]["name"] == LAST:
                self.told_all.set()
            if event.object["metadata"]["name"] in self.names:
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
