"""Lives whose controllers are killed, one after the other, at every request, before the API server carried it out and
after: the next goes on as if nothing had been, and nobody sees an empty, half or foreign Secret.
"""

import asyncio
import contextlib

import pytest

from tests.controller.cluster import TOO_LONG
from tests.controller.life import MANAGER, STAGES, VALUES, Life, shapes
from tests.controller.onlooker import Watched
from tests.controller.process import Process
from tests.controller.requests import FIRST, LATER, LEASE, LISTS, REQUESTS, WATCHES
from tests.support.fault_kinds import Stall

pytestmark = pytest.mark.server

ORDER = [*LEASE, *LISTS, *FIRST, *LATER, *WATCHES]
"""No request waits for one that comes later here: a controller that gets no answer to the later ones makes it."""
ECHO = "[external_secrets_injector.providers]\necho = tests.controller.echo:EchoProvider\n"


@pytest.fixture
def echo(tmp_path):
    """The environment of a process in which the provider of that name is installed."""
    folder = tmp_path / "site" / "echo-1.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: echo\nVersion: 1\n")
    (folder / "entry_points.txt").write_text(ECHO)
    return {"PYTHONPATH": str(folder.parent)}


class Relay:
    """Controllers of a life, one at a time, behind one proxy."""

    def __init__(self, life, proxy, kubeconfig, folder, env, *flags):
        self.life = life
        self.proxy = proxy
        self.flags = [f"--controller-class={life.cluster.namespace}", *flags]
        self.start = lambda: Process(life.cluster, kubeconfig, folder, "controller", *self.flags, env=env)
        self.process = None
        self.requests = []

    def begin(self):
        """The next one."""
        self.process = self.start()

    async def killed_at(self, what, after, still_to_come):
        """Returns when the controller, or the one that is begun now, was killed at that request. What is to kill a later
        one gets no answer either.
        """
        stall = Stall(after)
        for each in still_to_come:
            self._script(each, Stall())
        self._script(what, stall)
        if self.process is None:
            self.begin()
        assert await asyncio.to_thread(stall.reached.wait, TOO_LONG), f"nothing ever asked to {what}"
        self.process.server.crash()
        self.process = None
        self.forget()

    def _script(self, what, fault):
        self.proxy.always(REQUESTS[what].target, fault, method=REQUESTS[what].method)

    def forget(self):
        """The scripts, and what was asked so far, when it is judged."""
        requests = list(self.proxy.requests)
        self.proxy.clear()
        shapes(requests)

    def stop(self):
        if self.process:
            self.process.server.stop()


@pytest.fixture
async def life(cluster, served):
    await asyncio.to_thread(served.create_service_account, cluster.namespace, "reader")
    life = Life(cluster)
    cluster.patience = 10 * TOO_LONG  # there are many to be killed
    await life.prepare()
    yield life
    await life.clear()


@pytest.fixture
def relay(life, proxy, through_proxy, tmp_path, echo):
    made = []

    def relay(*flags):
        made.append(Relay(life, proxy, through_proxy, tmp_path, echo, *flags))
        return made[-1]

    yield relay
    for each in made:
        each.stop()


@pytest.mark.parametrize("after", ["request", "committed"])
@pytest.mark.parametrize("stage", STAGES)
async def test_killed_at_every_request(relay, life, cluster, stage, after):
    await lived(relay(), life, cluster, stage, at(after, [*LISTS, *FIRST, *LATER, *WATCHES], stage), after)


@pytest.mark.parametrize("after", ["request", "committed"])
async def test_killed_at_every_request_about_the_lease(relay, life, cluster, elected, after):
    timing = ("--leader-election-lease-duration=6s", "--leader-election-renew-deadline=4s",
              "--leader-election-retry-period=200ms")  # fmt: skip
    await lived(relay(*elected, *timing), life, cluster, "begins", at(after, LEASE, "begins"), after)


def at(after, names, stage):
    """Where to kill in a stage. Carried out or not is one for what only reads."""
    shapes = {name: REQUESTS[name] for name in ORDER if name in names}
    return [name for name, it in shapes.items() if it.stage == stage and (it.writes or after == "request")]


async def lived(relay, life, cluster, stage, kills, after):
    """A life with these kills in one of its stages."""
    async with Watched(cluster, "db", "moved") as seen, contextlib.AsyncExitStack() as ending:
        for current in STAGES:
            if current == "begins" != stage:
                relay.begin()
            going_on = asyncio.create_task(getattr(life, current)())
            ending.callback(going_on.cancel)
            for number, what in enumerate(kills if current == stage else ()):
                await relay.killed_at(what, after, kills[number + 1 :])
            if relay.process is None:
                relay.begin()
            await going_on
        relay.process.end()
    assert seen == [(data, (MANAGER,)) for data in VALUES]
    relay.forget()
    assert "Traceback" not in relay.process.log()
