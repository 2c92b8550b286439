"""ESO's behaviour matrix, creationPolicy by refreshPolicy, on a real API server."""

import asyncio
from itertools import product
from typing import NamedTuple

import pytest

from kubecore.cache import Key
from tests.controller.cluster import TOO_LONG, condition_of, decoded

pytestmark = pytest.mark.server

CREATION = ["Owner", "Orphan", "Merge", "CreateOrMerge", "None"]
REFRESH = ["Periodic", "OnChange", "CreatedOnce"]
OFTEN = "1s"


class Row(NamedTuple):
    """An ExternalSecret of these policies, and the Secret of its name."""

    creation: str
    refresh: str

    @property
    def name(self):
        return f"{self.creation}-{self.refresh}".lower()

    @property
    def by_time(self):
        return self.refresh == "Periodic"


ROWS = [Row(*policies) for policies in product(CREATION, REFRESH)]
HAVE_ONE = {row for row in ROWS if row.creation != "None"}
FOLLOW = {row for row in ROWS if row.by_time}
OBEY = {row for row in ROWS if row.refresh != "CreatedOnce"}
"""Rows that are synced anew when they are told to."""
REPAIRED = {row for row in ROWS if row.creation in ("Owner", "CreateOrMerge") or row == ("Orphan", "Periodic")}
"""Rows whose Secret is made anew when it is deleted."""


async def test_the_matrix(cluster):
    """All rows at once, beside one that is refreshed by time: when that one was, the others could have been."""
    await cluster.fake(db="one")
    for row in HAVE_ONE:
        if row.creation == "Merge":
            await cluster.apply("Secret", row.name, data={"foreign": "Zg=="})
    async with cluster.running():
        await cluster.external_secret(MARK, refreshInterval=OFTEN)
        await touch(cluster, ROWS, "1")
        for row in ROWS:
            await cluster.condition("True", "SecretSynced", row.name)
        assert await values(cluster) == {row: "one" if row in HAVE_ONE else None for row in ROWS}

        # the provider's value changes
        await cluster.fake(db="two")
        assert await refreshed(cluster) == FOLLOW
        assert await values(cluster) == dict.fromkeys(ROWS, "one") | dict.fromkeys(FOLLOW, "two") | NONE
        await touch(cluster, ROWS, "2")
        assert await refreshed(cluster) == FOLLOW
        assert await values(cluster) == dict.fromkeys(ROWS, "one") | dict.fromkeys(OBEY, "two") | NONE

        # the Secrets are deleted
        for row in HAVE_ONE:
            await cluster.delete("Secret", row.name)
        for row in REPAIRED:
            await cluster.data(row.name, password="two")
        await refreshed(cluster)
        assert await values(cluster) == dict.fromkeys(ROWS) | dict.fromkeys(REPAIRED, "two")
        await touch(cluster, [orphan := Row("Orphan", "OnChange")], "3")
        await cluster.data(orphan.name, password="two")
        manifests = {row: await cluster.get("ExternalSecret", row.name) for row in ROWS}
        assert {row for row in ROWS if condition_of(manifests[row])["status"] != "True"} == set()


MARK = "refreshed-by-time"
NONE = {row: None for row in ROWS if row.creation == "None"}


async def touch(cluster, rows, mark):
    """A changed annotation is what force-sync is. Returns when those that obey it have."""
    for row in rows:
        made = await cluster.external_secret(
            row.name,
            metadata={"annotations": {"external-secrets.io/force-sync": mark}},
            target={"creationPolicy": row.creation},
            refreshPolicy=row.refresh,
            refreshInterval=OFTEN,
        )
        before = made.get("status", {}).get("syncedResourceVersion")
        if row in OBEY:
            await cluster.eventually(
                "ExternalSecret", row.name, lambda it, before=before: synced_version(it) not in ("", before)
            )


def synced_version(manifest):
    return (manifest.get("status") or {}).get("syncedResourceVersion", "")


async def refreshed(cluster):
    """The rows that were synced while the mark was synced three times by time."""
    before = calls(cluster)
    async with asyncio.timeout(TOO_LONG):
        while calls(cluster)[MARK] < before[MARK] + 3:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await cluster.settled()
    after = calls(cluster)
    return {row for row in ROWS if after[row.name] > before[row.name]}


def calls(cluster):
    """How often each was synced."""
    numbers = cluster.controller.metrics.objects["ExternalSecret"]
    return {name: numbers.of(Key(cluster.namespace, name)).calls for name in (MARK, *(row.name for row in ROWS))}


async def values(cluster):
    secrets = {row: await cluster.get("Secret", row.name) for row in ROWS}
    return {row: decoded(secret).get("password") if secret else None for row, secret in secrets.items()}


@pytest.mark.parametrize("creation", CREATION)
async def test_a_secret_goes_with_its_external_secret_only_when_owned(cluster, creation):
    await cluster.fake(db="one")
    if creation == "Merge":
        await cluster.apply("Secret", "db", data={"foreign": "Zg=="})
    async with cluster.running():
        await cluster.external_secret(target={"creationPolicy": creation})
        await cluster.condition("True", "SecretSynced")
        await cluster.delete("ExternalSecret", "db")
        if creation == "Owner":
            await cluster.eventually("Secret", "db", lambda it: it is None)
        else:
            # What the collector collects, it collects in order: once this one is gone, it has seen ours as well.
            await cluster.external_secret("late")
            await cluster.condition("True", "SecretSynced", name="late")
            await cluster.delete("ExternalSecret", "late")
            await cluster.eventually("Secret", "late", lambda it: it is None)
            assert (await cluster.get("Secret", "db") is None) == (creation == "None")


@pytest.mark.parametrize("creation", ["Owner", "Orphan", "CreateOrMerge"])
async def test_an_external_secret_made_again_takes_its_secret_back(cluster, creation):
    await cluster.fake(db="one")
    async with cluster.running():
        await cluster.external_secret(target={"creationPolicy": creation}, refreshPolicy="CreatedOnce")
        await cluster.data(password="one")
        await cluster.delete("ExternalSecret", "db")
        await cluster.fake(db="two")
        await cluster.external_secret(target={"creationPolicy": creation}, refreshPolicy="CreatedOnce")
        await cluster.data(password="two")


async def test_immutable_follows_nothing(cluster):
    await cluster.fake(db="one")
    async with cluster.running():
        await cluster.external_secret(target={"immutable": True}, refreshInterval=OFTEN)
        secret = await cluster.data(password="one")
        assert secret["immutable"] is True
        await cluster.fake(db="two")
        await cluster.external_secret(
            target={"immutable": True}, metadata={"annotations": {"external-secrets.io/force-sync": "1"}}
        )
        await cluster.settled()
        await cluster.condition("True", "SecretSynced")
        assert decoded(await cluster.get("Secret", "db")) == {"password": "one"}
