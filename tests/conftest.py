"""What every test can use: see `tests/support/fixtures.py`."""

import asyncio
import inspect

import pytest
from hypothesis import HealthCheck, settings

# A slow machine is no failure of a property.
settings.register_profile("unhurried", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

pytest_plugins = ["tests.support.fixtures"]

SECONDS = 1.0
"""That the loop of a test may go on after it: a TLS connection says good-bye to its peer before it is closed, and
counts as leaked until then.
"""


@pytest.fixture(autouse=True)
def settle(request):
    """The loop of an asynchronous test goes on for a moment before it is closed."""
    if inspect.iscoroutinefunction(request.function):
        request.getfixturevalue("settled")


@pytest.fixture
async def settled():
    yield
    loop = asyncio.get_running_loop()
    until = loop.time() + SECONDS
    await asyncio.sleep(0)
    while len(loop._selector.get_map()) > 1 and loop.time() < until:  # noqa: ASYNC110  # one is the loop's own
        await asyncio.sleep(0.001)
