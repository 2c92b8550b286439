"""What every test can use: see `tests/support/fixtures.py`."""

import asyncio
import inspect

import pytest

pytest_plugins = ["tests.support.fixtures"]

TURNS = 20
"""Of the loop after a test: a connection that broke is closed some turns later, and counts as leaked until then."""


@pytest.fixture(autouse=True)
def settle(request):
    """The loop of an asynchronous test goes on for a moment before it is closed."""
    if inspect.iscoroutinefunction(request.function):
        request.getfixturevalue("settled")


@pytest.fixture
async def settled():
    yield
    for _ in range(TURNS):
        await asyncio.sleep(0)
