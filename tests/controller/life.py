"""One life that makes a controller do all that it ever asks of the API server: stages, each of which returns when it is
as it should be. The controllers read through proxies; what the life does itself goes straight to the server.

    begins          stores of both kinds that log in with a Secret, a token and by namespace; a template; first syncs
    changes         the value changes, and stores come that were missed
    changes_again   and changes
    moves           the target gets another name
    ends            the ExternalSecret is deleted, its Secret with it, and ESO's finalizer let go
"""

import asyncio
import base64

from kubecore.resources import NAMESPACES
from tests.controller.cluster import TOO_LONG
from tests.controller.requests import REQUESTS

STAGES = ["begins", "changes", "changes_again", "moves", "ends"]
FINALIZER = "externalsecrets.external-secrets.io/externalsecret-cleanup"
FORM = {"templateFrom": [{"configMap": {"name": "form", "items": [{"key": "password"}]}}]}
OFTEN = "1s"
NO_SECRET = {"creationPolicy": "None"}
VALUES = [{"password": f"<{value}>"} for value in ("one", "two", "three")]
MANAGER = "externalsecrets.external-secrets.io/db"


class Life:
    """In the namespace of a `Cluster`. Its stores are of a class of their own, which a controller is to be of too: stores
    of the cluster are everybody's to see.
    """

    def __init__(self, cluster):
        self.cluster = cluster
        self.stage = None

    @property
    def flags(self):
        """The settings that a controller must have for it."""
        return {"namespace": self.cluster.namespace, "controller_class": self.cluster.namespace}

    async def prepare(self):
        """What is there before there is a controller."""
        cluster = self.cluster
        await cluster.api.patch(NAMESPACES, cluster.namespace, body={"metadata": {"labels": {"team": "a"}}})
        await self._login("one")

    async def begins(self):
        await self._form()
        await self._store("store")
        await self._cluster_store(self._shared)
        await self._db()
        # Those that have no Secret ask their stores as any other does, and every request about a Secret is one about db's.
        await self.cluster.external_secret("late", store="late", target=NO_SECRET, refreshInterval=OFTEN)
        for name, store in (("shared", self._shared), ("later", self._late)):
            ref = {"kind": "ClusterSecretStore", "name": store}
            await self.cluster.external_secret(name, secretStoreRef=ref, target=NO_SECRET, refreshInterval=OFTEN)
        await self._is(VALUES[0])
        await self.cluster.condition("True", "SecretSynced", "shared")
        for name in ("late", "later"):
            await self.cluster.condition("False", "SecretSyncedError", name)
        await self.cluster.condition("True", "Valid", "store", "SecretStore")
        await self.cluster.condition("True", "Valid", self._shared, "ClusterSecretStore")

    async def changes(self):
        await self._login("two")
        await self._store("late")
        await self._cluster_store(self._late)
        await self._is(VALUES[1])
        for name in ("late", "later"):
            await self.cluster.condition("True", "SecretSynced", name)

    async def changes_again(self):
        await self._login("three")
        await self._is(VALUES[2])

    async def moves(self):
        await self._db(name="moved")
        await self._is(VALUES[2], "moved")
        await self.cluster.eventually("Secret", "db", lambda it: it is None)

    async def ends(self):
        await self.cluster.delete("ExternalSecret", "db")
        await self.cluster.eventually("ExternalSecret", "db", lambda it: it is None)
        assert await self.cluster.get("Secret", "moved") is None

    async def clear(self):
        """Take away what no namespace takes along."""
        for name in (self._shared, self._late):
            if await self.cluster.get("ClusterSecretStore", name):
                await self.cluster.delete("ClusterSecretStore", name)

    @property
    def _shared(self):
        return f"shared-{self.cluster.namespace}"

    @property
    def _late(self):
        return f"late-{self.cluster.namespace}"

    async def _login(self, value):
        await self.cluster.apply("Secret", "login", data={"value": base64.b64encode(value.encode()).decode()})

    async def _form(self):
        await self.cluster.apply("ConfigMap", "form", data={"password": "<{{ .password }}>"})

    async def _store(self, name):
        await self.cluster.echo(name, secretRef={"name": "login", "key": "value"}, rest=self._ours)

    async def _cluster_store(self, name):
        account = {"name": "reader", "namespace": self.cluster.namespace}
        conditions = {"conditions": [{"namespaceSelector": {"matchLabels": {"team": "a"}}}]}
        await self.cluster.echo(name, "ClusterSecretStore", serviceAccountRef=account, rest=self._ours | conditions)

    @property
    def _ours(self):
        return {"controller": self.cluster.namespace}

    async def _db(self, **target):
        await self.cluster.external_secret(
            metadata={"finalizers": [FINALIZER]},
            target={"deletionPolicy": "Delete", "template": FORM, **target},
            refreshInterval=OFTEN,
        )

    async def _is(self, data, name="db"):
        """The Secret is so, and the status says so."""
        await self.cluster.data(name, **data)
        manifest = await self.cluster.condition("True", "SecretSynced")
        generation = f"{manifest['metadata']['generation']}-"
        await self.cluster.eventually(
            "ExternalSecret", "db",
            lambda it: it["status"]["syncedResourceVersion"].startswith(generation)
            and it["status"]["binding"]["name"] == name,
        )  # fmt: skip


def shapes(requests):
    """Which requests of the table were made. Fails with those that it does not name, or if they are too many."""
    made = {request: [name for name, shape in REQUESTS.items() if shape.fits(request)] for request in requests}
    unnamed = [f"{request.method} {request.target}" for request, names in made.items() if not names]
    assert not unnamed, f"requests that tests.controller.requests does not name: {unnamed}"
    assert_unhurried(requests)
    return {name for names in made.values() for name in names}


def assert_unhurried(requests):
    """A life takes about a hundred requests, and some every second for as long as it lasts, of refreshes and for the
    lease. A controller that asks without a pause makes hundreds every second.
    """
    seconds = requests[-1].at - requests[0].at if requests else 0.0
    assert len(requests) < 100 + 15 * seconds, f"{len(requests)} requests in {seconds:.1f} s"


async def is_met(script, what):
    """Returns when a request got the fault."""
    try:
        async with asyncio.timeout(TOO_LONG):
            while not script.met:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"nothing ever asked to {what}") from None
