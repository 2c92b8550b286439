"""The probes: what they answer in which state of the controller."""

from types import SimpleNamespace

import httpx
import pytest
from prometheus_client import CollectorRegistry

from controller.health import STUCK, endpoints, listening
from tests.support.processes import free_port


def controller(stuck=0.0, whole=True):
    """Only what probes ask for."""
    return SimpleNamespace(
        stuck_for=lambda _now: stuck,
        view=SimpleNamespace(is_whole=whole),
        metrics=SimpleNamespace(registry=CollectorRegistry()),
    )


async def answers(it, *paths):
    address = f"127.0.0.1:{free_port()}"
    (routes,) = endpoints(it, address, address).values()
    async with listening(address, routes), httpx.AsyncClient(base_url=f"http://{address}", trust_env=False) as client:
        return [(answer.status_code, answer.text) for answer in [await client.get(path) for path in paths]]


@pytest.mark.parametrize(
    ("it", "alive", "ready"),
    [
        (controller(), 200, 200),
        (controller(stuck=STUCK), 200, 200),
        (controller(stuck=STUCK + 1), 500, 200),
        (controller(whole=False), 200, 500),
    ],
)
async def test_alive_unless_stuck_ready_when_the_watches_are_through(it, alive, ready):
    (healthz, _), (readyz, _) = await answers(it, "/healthz", "/readyz")
    assert (healthz, readyz) == (alive, ready)


async def test_a_failed_probe_says_what_failed():
    (_, healthz), (_, readyz) = await answers(controller(stuck=700.4, whole=False), "/healthz", "/readyz")
    assert healthz == "[-]progress failed: nothing was finished for 700 s, and there is work to do\n"
    assert readyz == "[-]watches failed: the watches are not through yet\n"


async def test_nothing_is_served_at_0():
    async with listening("0", {}):
        pass
    assert "0" in endpoints(controller(), "0", "127.0.0.1:1")


@pytest.mark.parametrize(("taken", "flag"), [(0, "--live-addr"), (1, "--metrics-addr")])
async def test_a_port_that_is_taken_is_told_with_the_flag_that_moves_it(taken, flag):
    address = f"127.0.0.1:{free_port()}"
    routes = [*endpoints(controller(), "127.0.0.1:0", "127.0.0.2:0").values()][taken]
    async with listening(address, {}):
        with pytest.raises(OSError, match=rf"^{flag}: .*{address.rpartition(':')[2]}.*in use. Give it another port"):
            async with listening(address, routes):
                pass
