"""Changes of mounted files are noticed, as the kubelet makes them."""

import asyncio

import pytest

from injector.agent.watching import watching
from tests.injector.agent.agents import Mount


@pytest.fixture
def mount(tmp_path):
    made = Mount(tmp_path / "mount")
    made.write(config_dot_json="one")
    return made


async def noticed(changed):
    async with asyncio.timeout(60):
        await changed.wait()
    changed.clear()


async def test_a_swap_of_data_is_noticed_each_time(mount):
    changed = asyncio.Event()
    with watching({mount.folder: False}, changed.set):
        for content in ("two", "three", "four"):
            mount.write(config_dot_json=content)
            await noticed(changed)


async def test_folders_below_are_watched_where_that_is_asked_for(mount):
    below = mount.folder / "tokens"
    below.mkdir()
    changed = asyncio.Event()
    with watching({mount.folder: True}, changed.set):
        (below / "0").write_text("token")
        await noticed(changed)


async def test_a_folder_that_is_not_there_is_left_out(mount):
    changed = asyncio.Event()
    with watching({mount.folder / "nowhere": True, mount.folder: False}, changed.set):
        mount.write(config_dot_json="two")
        await noticed(changed)


async def test_nothing_is_said_of_reading(mount):
    changed = asyncio.Event()
    with watching({mount.folder: True}, changed.set):
        (mount.folder / "config.json").read_text()
        (mount.folder / "config.json").read_text()
        await asyncio.sleep(0.3)  # nothing tells when nothing happens
        assert not changed.is_set()
