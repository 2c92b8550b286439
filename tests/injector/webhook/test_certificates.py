"""The webhook's own certificates on the real API server: made, renewed and published by one replica, served by all."""

import asyncio
import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from injector.webhook.certificates import OwnCertificates, Places, certificates_in
from injector.webhook.metrics import Metrics
from injector.webhook.served import Served
from kubecore.client import from_kubeconfig
from kubecore.lease import Elector, Timing
from kubecore.resources import MUTATING_WEBHOOKS, SECRETS
from kubecore.wire import PatchType

pytestmark = pytest.mark.server

TOO_LONG = 60
SECRET, NAMES = "certificates", ["webhook.team.svc"]


class Clock:
    def __init__(self):
        self.ahead = timedelta()

    def __call__(self):
        return datetime.now(UTC) + self.ahead


class Replica:
    def __init__(self, api, places, name, clock):
        self.served = Served(Metrics())
        self.elector = Elector(api, places.namespace, "webhook", name, Timing(duration=3, request=1, retry=0.2))
        self.source = OwnCertificates(api, places, self.served, self.elector, clock=clock)
        self.task = asyncio.create_task(self.source.run())

    @property
    def leaf(self):
        leaf = self.served._leaf
        return leaf and leaf.public_bytes(Encoding.PEM).decode()

    async def stop(self):
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


class World:
    """A Secret and a configuration, and replicas that share them."""

    def __init__(self, api, namespace, folder):
        self.api = api
        self.namespace = namespace
        self.folder = folder
        self.clock = Clock()
        self.replicas = []

    def start(self, name, names=NAMES):
        places = Places(self.namespace, SECRET, self.namespace, names, self.folder / name)
        self.replicas.append(Replica(self.api, places, name, self.clock))
        return self.replicas[-1]

    async def kept(self):
        return certificates_in(await self.api.get(SECRETS, SECRET, self.namespace))

    async def bundles(self):
        configuration = await self.api.get(MUTATING_WEBHOOKS, self.namespace)
        return {
            base64.b64decode(each["clientConfig"].get("caBundle", "")).decode() for each in configuration["webhooks"]
        }

    async def later(self, **more):
        """Time passes; the replicas notice at their next look, which a change of the Secret brings about."""
        self.clock.ahead += timedelta(**more)
        body = {"metadata": {"annotations": {"looked-at": str(self.clock.ahead)}}}
        await self.api.patch(SECRETS, SECRET, self.namespace, body=body)

    async def settled(self):
        """Everything is made, published, and served by every replica."""
        async with asyncio.timeout(TOO_LONG):
            while True:
                kept = await self.kept()
                trusted = kept and await self.bundles() == {kept.ca_bundle}
                if trusted and all(it.leaf == kept.certificate and not it.source.problem() for it in self.replicas):
                    return kept
                await asyncio.sleep(0.05)

    async def becomes(self, holds):
        async with asyncio.timeout(TOO_LONG):
            while not holds(await self.kept()):  # noqa: ASYNC110  # the API server is asked
                await asyncio.sleep(0.05)
        return await self.settled()


@pytest.fixture
async def world(cluster, namespace, tmp_path):
    async with await from_kubeconfig("webhook-tests/1.0", cluster.kubeconfig) as api:
        await api.create(SECRETS, {"metadata": {"name": SECRET}, "type": "Opaque"}, namespace)
        webhook = {
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "clientConfig": {"url": "https://localhost:1/"},
            "rules": [{"operations": ["CREATE"], "apiGroups": ["nobody.example"], "apiVersions": ["v1"], "resources": ["things"]}],
        }  # fmt: skip
        named = [{**webhook, "name": f"{name}.example.com"} for name in ("one", "two")]
        await api.create(MUTATING_WEBHOOKS, {"metadata": {"name": namespace}, "webhooks": named})
        it = World(api, namespace, tmp_path)
        try:
            yield it
        finally:
            for replica in it.replicas:
                await replica.stop()
            await api.delete(MUTATING_WEBHOOKS, namespace)


def authorities(kept):
    return x509.load_pem_x509_certificates(kept.ca_bundle.encode())


async def test_one_makes_them_and_all_serve_them(world):
    first, second = world.start("a"), world.start("b")
    kept = await world.settled()
    assert (
        x509.load_pem_x509_certificate(kept.certificate.encode())
        .extensions.get_extension_for_class(x509.SubjectAlternativeName)
        .value.get_values_for_type(x509.DNSName)
        == NAMES
    )
    assert first.elector.may_write() != second.elector.may_write()
    # nobody fights: what is written stays as it is
    before = [
        (await world.api.get(SECRETS, SECRET, world.namespace)),
        (await world.api.get(MUTATING_WEBHOOKS, world.namespace)),
    ]
    world.start("c")
    assert await world.settled() == kept
    after = [
        (await world.api.get(SECRETS, SECRET, world.namespace)),
        (await world.api.get(MUTATING_WEBHOOKS, world.namespace)),
    ]
    versions = [[each["metadata"]["resourceVersion"] for each in several] for several in (before, after)]
    assert versions[0] == versions[1]


async def test_a_certificate_is_renewed_while_its_ca_stays(world):
    world.start("a"), world.start("b")
    first = await world.settled()
    await world.later(days=61)
    second = await world.becomes(lambda kept: kept != first)
    assert second.ca_bundle == first.ca_bundle
    assert second.certificate != first.certificate


async def test_a_new_ca_is_trusted_before_it_signs_what_is_served(world):
    world.start("a"), world.start("b")
    last = await world.settled()
    for _ in range(3):  # a certificate lives for a third of that
        await world.later(days=61)
        last = await world.becomes(lambda kept, last=last: kept.certificate != last.certificate)
    await world.later(days=61)
    overlapping = await world.becomes(lambda kept: len(authorities(kept)) == 2)
    assert overlapping.certificate == last.certificate
    assert authorities(last)[0] == authorities(overlapping)[1]
    await world.later(days=1, hours=2)
    renewed = await world.becomes(lambda kept: kept.certificate != overlapping.certificate)
    x509.load_pem_x509_certificate(renewed.certificate.encode()).verify_directly_issued_by(authorities(renewed)[0])
    assert len(authorities(renewed)) == 2


async def test_under_another_name_who_serves_the_old_certificate_is_still_trusted(world):
    old = world.start("a")
    first = await world.settled()
    await old.stop()
    world.replicas.remove(old)
    world.start("b", ["renamed.team.svc"])
    second = await world.becomes(lambda kept: kept != first)
    assert second.ca_bundle == first.ca_bundle
    assert await world.bundles() == {first.ca_bundle}
    assert old.served.is_trusted_with(second.ca_bundle.encode())


async def test_a_bundle_that_somebody_took_away_comes_back(world):
    world.start("a")
    kept = await world.settled()
    body = [{"op": "remove", "path": "/webhooks/0/clientConfig/caBundle"}]
    await world.api.patch(MUTATING_WEBHOOKS, world.namespace, body=body, kind=PatchType.JSON)
    assert await world.settled() == kept


async def test_certificates_that_somebody_took_away_are_made_anew(world):
    world.start("a"), world.start("b")
    first = await world.settled()
    secret = await world.api.get(SECRETS, SECRET, world.namespace)
    await world.api.update(SECRETS, {**secret, "data": {"tls.crt": "bm8="}})
    second = await world.becomes(lambda kept: kept is not None and kept != first)
    assert second.ca_bundle != first.ca_bundle


async def test_what_lost_its_key_is_replaced_and_still_trusted(world):
    world.start("a"), world.start("b")
    first = await world.settled()
    secret = await world.api.get(SECRETS, SECRET, world.namespace)
    await world.api.update(SECRETS, {**secret, "data": {**secret["data"], "ca.key": "bm8="}})
    second = await world.becomes(lambda kept: kept is not None and kept.certificate != first.certificate)
    assert authorities(second)[1:] == authorities(first)


async def test_another_takes_over_from_one_that_dies(world):
    first = world.start("a")
    kept = await world.settled()
    world.start("b")
    await world.settled()
    first.task.cancel()
    await first.stop()
    world.replicas.remove(first)
    await world.later(days=61)
    assert await world.becomes(lambda now: now != kept)


async def test_without_its_secret_it_is_not_ready_and_goes_on_when_it_is_there(world):
    await world.api.delete(SECRETS, SECRET, world.namespace)
    replica = world.start("a")
    await replica.source._reflectors[0].synced.wait()
    assert "can be used yet" in replica.source.problem()
    await world.api.create(SECRETS, {"metadata": {"name": SECRET}}, world.namespace)
    await world.settled()


async def test_until_the_api_server_trusts_it_a_replica_is_not_ready(world):
    replica = world.start("a")
    await world.settled()
    await replica.stop()
    world.replicas.remove(replica)
    # somebody else holds the lease, and does nothing
    holder = Elector(world.api, world.namespace, "webhook", "idle", Timing(duration=60, request=1, retry=0.2))
    await holder.acquire()
    body = [{"op": "remove", "path": f"/webhooks/{index}/clientConfig/caBundle"} for index in (0, 1)]
    await world.api.patch(MUTATING_WEBHOOKS, world.namespace, body=body, kind=PatchType.JSON)
    follower = world.start("b")
    async with asyncio.timeout(TOO_LONG):
        await follower.served.loaded.wait()
        await follower.source._reflectors[1].synced.wait()
    assert "does not trust the certificate yet" in follower.source.problem()
    await holder.release()
    await world.settled()
    assert follower.source.problem() == ""
