"""Lives through a proxy that breaks them: whatever one request meets, the outcome is the same, the Secret is never seen
empty, half or foreign, and only one replica writes.
"""

import asyncio
import contextlib
import logging
import ssl
import time
from itertools import count, pairwise

import pytest
import yaml

from controller.app import serve
from controller.ending import Ending
from controller.settings import Settings
from tests.controller.cluster import TOO_LONG, Cluster
from tests.controller.echo import registry
from tests.controller.life import MANAGER, STAGES, VALUES, Life, is_met, shapes
from tests.controller.onlooker import Watched
from tests.controller.requests import FAULTS, FIRST, LATER, LEASE, LISTS, REQUESTS, WATCHES, faults_of
from tests.support.faults import FaultProxy

pytestmark = pytest.mark.server

PATIENCE = 5 * TOO_LONG
AT_ONCE = 3
"""Lives: most of one is waiting. More of them would wait for each other, and requests have a time-out."""
NUMBERS = count(1)
ELECTION = {
    "enable_leader_election": True, "leader_election_lease_duration": "60s", "leader_election_renew_deadline": "50s",
    "leader_election_retry_period": "200ms",
}  # fmt: skip


class World:
    """A namespace with a life of its own, and controllers that see the API server through a proxy each."""

    def __init__(self, served, installed, token, authority, folder, cluster):
        self.served = served
        self.installed = installed
        self.token = token
        self.authority = authority
        self.folder = folder
        self.cluster = cluster
        self.life = Life(cluster)

    def proxy(self):
        """A way to the API server."""
        trust = ssl.create_default_context(cafile=self.served.ca_file)
        return FaultProxy(self.served.url, upstream_tls=trust, tls=self.authority.server_context())

    @contextlib.asynccontextmanager
    async def controller(self, proxy, **settings):
        """A replica that goes this way: the whole process, but for its signals and what it listens at."""
        config = self.served.kubeconfig_for(self.token, url=proxy.url, ca_file=self.authority.ca_file)
        path = self.folder / f"kubeconfig-{proxy.port}"
        path.write_text(yaml.safe_dump(config))
        options = {"kubeconfig": path, "metrics_addr": "0", "live_addr": "0", "lend_identity": False}
        stopping = asyncio.get_running_loop().create_future()
        settings = Settings(**options, **self.life.flags, **settings)
        work = asyncio.create_task(serve(settings, stopping=stopping, registry=registry()))
        try:
            yield
            stopping.set_result(Ending(time.monotonic))
            await work
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    async def grant_lease(self):
        """The settings of a replica that competes for a lease here."""
        await asyncio.to_thread(self.installed.grant_lease, self.cluster.namespace)
        return ELECTION | {"leader_election_namespace": self.cluster.namespace}


@pytest.fixture
async def worlds(served, installed, token, authority, tmp_path, api, own):
    """Makes worlds, and takes away what they leave behind."""
    made = []

    async def world():
        namespace = await asyncio.to_thread(served.create_namespace, f"world-{next(NUMBERS)}")
        await asyncio.to_thread(served.create_service_account, namespace, "reader")
        made.append(World(served, installed, token, authority, tmp_path, Cluster(api, namespace, own)))
        made[-1].cluster.patience = PATIENCE
        await made[-1].life.prepare()
        return made[-1]

    yield world
    for each in made:
        await each.life.clear()
        await asyncio.to_thread(served.request, "DELETE", f"/api/v1/namespaces/{each.cluster.namespace}")


ORDER = [name for kinds in (LISTS, WATCHES, FIRST, LATER) for name in kinds]
COURSES = [ORDER[number::5] for number in range(5)]
"""Requests of different kinds and stages: a life comes upon one after the other, and each meets its fault."""


@pytest.mark.parametrize("course", COURSES, ids=", ".join)
async def test_requests_that_go_wrong_change_nothing_in_the_end(worlds, course):
    at_once = asyncio.Semaphore(AT_ONCE)
    async with asyncio.TaskGroup() as tasks:
        for fault in {fault: None for what in course for fault in faults_of(REQUESTS[what])}:
            tasks.create_task(noted(fault, _go_wrong(await worlds(), course, fault), at_once))


async def noted(fault, work, at_once):
    try:
        async with at_once:
            await work
    except BaseException as error:
        error.add_note(f"what the requests met: {fault}")
        raise


async def _go_wrong(world, course, fault):
    with world.proxy() as proxy:
        scripts = arm(proxy, of(course, STAGES[0]), fault)
        async with Watched(world.cluster, "db", "moved") as seen, world.controller(proxy):
            for stage, following in pairwise([*STAGES, ""]):
                await getattr(world.life, stage)()
                for what, script in scripts.items():
                    await is_met(script, what)
                scripts = arm(proxy, of(course, following), fault)
    assert seen == [(data, (MANAGER,)) for data in VALUES]
    shapes(proxy.requests)


def of(course, stage):
    return [what for what in course if REQUESTS[what].stage == stage]


def arm(proxy, course, fault):
    """Scripts by what they break, once each."""
    shapes = {what: REQUESTS[what] for what in course if fault in faults_of(REQUESTS[what])}
    return {
        what: proxy.on(shape.target, faults_of(shape)[fault], method=shape.method) for what, shape in shapes.items()
    }


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_lease_whose_requests_go_wrong_never_lets_two_write(worlds, fault):
    world = await worlds()
    election = await world.grant_lease()
    with world.proxy() as first, world.proxy() as second:
        scripts = arm(first, LEASE, fault)
        async with Watched(world.cluster, "db", "moved") as seen, world.controller(first, **election):
            for what, script in scripts.items():
                await is_met(script, what)
            async with world.controller(second, **election):
                for stage in STAGES:
                    await getattr(world.life, stage)()
                await until_made(second, "look at the lease")
    assert seen == [(data, (MANAGER,)) for data in VALUES]
    assert shapes(first.requests) | shapes(second.requests) >= set(LEASE)
    assert any(is_work(each) for each in first.requests)
    assert [each.target for each in second.requests if is_work(each)] == []


def is_work(request):
    """Whether it writes what only a leader may write."""
    return request.method != "GET" and "/leases" not in request.target


async def test_the_table_names_every_request_of_a_controller_that_leads_and_the_chart_permits_them(worlds, caplog):
    caplog.set_level(logging.INFO)
    world = await worlds()
    with world.proxy() as proxy:
        async with world.controller(proxy, **await world.grant_lease()):
            for stage in STAGES:
                await getattr(world.life, stage)()
            for what in ("take or renew the lease", "count an event"):
                await until_made(proxy, what)
    assert shapes(proxy.requests) == set(REQUESTS)
    assert "forbidden" not in caplog.text


async def until_made(proxy, what):
    async with asyncio.timeout(TOO_LONG):
        while not any(REQUESTS[what].fits(request) for request in list(proxy.requests)):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
