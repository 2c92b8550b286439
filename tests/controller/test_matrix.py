"""ESO's behaviour matrix, creationPolicy by refreshPolicy, on a real API server."""

import pytest

from tests.controller.cluster import decoded

pytestmark = pytest.mark.server

CREATION = ["Owner", "Orphan", "Merge", "CreateOrMerge", "None"]
REFRESH = ["Periodic", "OnChange", "CreatedOnce"]
CREATES = {"Owner", "Orphan", "CreateOrMerge"}
REPAIRS = {"Owner", "CreateOrMerge"}
OFTEN = "1s"


async def value_of(cluster):
    secret = await cluster.get("Secret", "db")
    return decoded(secret).get("password") if secret else None


async def touch(cluster, creation, refresh, mark):
    """A changed annotation is what force-sync is."""
    await cluster.external_secret(
        metadata={"annotations": {"external-secrets.io/force-sync": mark}},
        target={"creationPolicy": creation},
        refreshPolicy=refresh,
        refreshInterval=OFTEN,
    )


@pytest.mark.parametrize("refresh", REFRESH)
@pytest.mark.parametrize("creation", CREATION)
async def test_the_matrix(cluster, creation, refresh):
    await cluster.fake(db="one")
    if creation == "Merge":
        await cluster.apply("Secret", "db", data={"foreign": "Zg=="})
    async with cluster.running():
        await touch(cluster, creation, refresh, "1")
        await cluster.condition("True", "SecretSynced")
        exists = creation in CREATES | {"Merge"}
        assert await value_of(cluster) == ("one" if exists else None)

        # the provider's value changes
        await cluster.fake(db="two")
        if exists:
            if refresh == "Periodic":
                await cluster.eventually("Secret", "db", lambda it: it and decoded(it)["password"] == "two")
            else:
                await cluster.settled()
                assert await value_of(cluster) == "one"
            await touch(cluster, creation, refresh, "2")
            if refresh == "CreatedOnce":
                await cluster.settled()
                assert await value_of(cluster) == "one"
            else:
                await cluster.eventually("Secret", "db", lambda it: it and decoded(it)["password"] == "two")

            # the Secret is deleted
            await cluster.delete("Secret", "db")
            if creation in REPAIRS or (creation == "Orphan" and refresh == "Periodic"):
                await cluster.data(password="two")
            else:
                await cluster.settled()
                assert await value_of(cluster) is None
            if creation == "Orphan" and refresh == "OnChange":
                await touch(cluster, creation, refresh, "3")
                await cluster.data(password="two")
        assert (await cluster.get("ExternalSecret", "db"))["status"]["conditions"][0]["status"] == "True"


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
        assert await value_of(cluster) == "one"
