"""ESO at work beside this controller is noticed, by what it writes; nobody else's writes are taken for its."""

import asyncio
import logging

import pytest

from controller.kinds import EXTERNAL_SECRETS
from controller.rivals import QUIET, Rivals
from kubecore.cache import Key
from secretcore.field_managers import written_at

MORNING, NOON, EVENING = "2026-08-08T06:00:00Z", "2026-08-08T12:00:00Z", "2026-08-08T18:00:00Z"


def entry(manager="external-secrets", at=NOON, subresource="status"):
    return {"manager": manager, "operation": "Update", "time": at, "subresource": subresource}


def manifest(*entries, name="db", namespace="team", uid="1", created=MORNING):
    return {
        "kind": "ExternalSecret",
        "metadata": {
            "name": name, "namespace": namespace, "uid": uid, "creationTimestamp": created,
            "managedFields": list(entries),
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    ("entries", "at"),
    [
        ([], ""),
        ([entry()], NOON),
        ([entry(), entry(at=EVENING)], EVENING),
        ([entry("kubectl-edit")], ""),
        ([entry("external-secrets-injector")], ""),
        ([entry(subresource="")], ""),  # its finalizer is on objects that it does not serve, too
    ],
)
def test_what_eso_wrote_last(entries, at):
    assert written_at(manifest(*entries), "external-secrets") == at


class Watching:
    def __init__(self):
        self.at_work, self.now, self.events, self.counted = True, 0.0, [], 0
        self.rivals = Rivals(lambda: self.at_work, lambda: self.now, self, self._count)

    def event(self, manifest, type_, reason, message):
        self.events.append((manifest["metadata"]["namespace"], manifest["metadata"]["name"], type_, reason))

    def _count(self):
        self.counted += 1


@pytest.fixture
def watching():
    return Watching()


def test_what_it_wrote_before_we_were_at_work_is_no_rivals(watching):
    watching.at_work = False
    watching.rivals.seen(manifest(entry()))
    watching.at_work = True
    watching.rivals.seen(manifest(entry()))
    assert (watching.counted, watching.events) == (0, [])


def test_what_it_writes_while_we_are_at_work_is(watching, caplog):
    caplog.set_level(logging.WARNING)
    watching.at_work = False
    watching.rivals.seen(manifest(entry()))
    watching.at_work = True
    watching.rivals.seen(manifest(entry(at=EVENING)))
    assert watching.counted == 1
    assert watching.events == [("team", "db", "Warning", "OtherController")]
    assert [record.facts["name"] for record in caplog.records] == ["db"]
    watching.rivals.seen(manifest(entry(at=EVENING)))  # the same write, seen again
    assert watching.counted == 1


def test_an_object_that_is_new_has_no_past(watching):
    watching.rivals.seen(manifest(entry()))
    assert watching.counted == 1


def test_what_a_backup_brings_along_is_from_before_the_object_was_made(watching):
    watching.rivals.seen(manifest(entry(), created=EVENING))
    assert watching.counted == 0


def test_one_that_is_made_again_is_another(watching):
    watching.rivals.seen(manifest(entry(at=EVENING)))
    watching.rivals.seen(manifest(entry(), uid="2"))
    assert watching.counted == 2
    watching.rivals.gone("ExternalSecret", Key("team", "db"))
    watching.rivals.seen(manifest(entry(), uid="2"))
    assert watching.counted == 3


def test_a_namespace_is_told_once_in_a_while_and_all_is_counted(watching):
    for name in ("a", "b"):
        watching.rivals.seen(manifest(entry(), name=name))
    watching.rivals.seen(manifest(entry(), namespace="other"))
    assert (watching.counted, len(watching.events)) == (3, 2)
    watching.now = QUIET
    watching.rivals.seen(manifest(entry(), name="c"))
    assert (watching.counted, len(watching.events)) == (4, 3)


async def as_eso(cluster, name="db", **status):
    """Writes a status as ESO does."""
    found = await cluster.get("ExternalSecret", name)
    body = {"status": {**(found.get("status") or {}), **status}}
    await cluster.api.patch(
        EXTERNAL_SECRETS, name, cluster.namespace, body=body, status=True, field_manager="external-secrets"
    )


@pytest.mark.server
async def test_a_second_controller_is_told_of_on_the_object_and_in_the_metrics(cluster):
    await cluster.fake(db="swordfish")
    await cluster.external_secret()
    await as_eso(cluster, refreshTime=MORNING)  # before the move
    async with cluster.running() as controller:
        await cluster.condition("True", "SecretSynced")
        await cluster.settled()
        writes = controller.metrics.other_controller
        assert ("OtherController" in cluster.reasons(), writes.collect()[0].samples[0].value) == (False, 0.0)
        await asyncio.sleep(1.1)  # the API server tells of writes by the second
        await as_eso(cluster, refreshTime=EVENING)
        await cluster.warned("the External Secrets Operator writes the status of this object too")
        assert writes.collect()[0].samples[0].value >= 1.0


@pytest.mark.server
async def test_a_controller_that_does_not_lead_tells_of_nobody(cluster, start, elected):
    """The one that leads may be ESO, which competes for the same Lease."""
    await cluster.fake(db="swordfish")
    await cluster.external_secret()
    leader = start("leader", *elected).ready()
    await cluster.data(password="swordfish")
    standby = start("standby", *elected).ready()
    await as_eso(cluster, refreshTime=MORNING)
    await cluster.eventually("ExternalSecret", "db", lambda _: "writes the status of this object too" in leader.log())
    assert "externalsecret_other_controller_writes_total 0.0" in standby.get("/metrics").text
    assert "externalsecret_other_controller_writes_total 1.0" in leader.get("/metrics").text
