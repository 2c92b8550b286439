"""A volume for the agent, and a small one that fills up."""

import ctypes
import os
import subprocess
from pathlib import Path

import pytest

from tests.injector.agent.agents import Pod


@pytest.fixture
def folder(tmp_path) -> Path:
    """An empty volume."""
    made = tmp_path / "volume"
    made.mkdir()
    return made


@pytest.fixture
def small(tmp_path):
    """A tmpfs of 64 KiB, as an emptyDir of medium Memory with a sizeLimit is one. Where nobody lets us mount, the test
    fails: CI is root, and so is a user namespace.
    """
    made = tmp_path / "small"
    made.mkdir()
    if os.geteuid() != 0:
        _become_root_of_a_namespace()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=0777", "tmpfs", made], check=True)
    yield made
    subprocess.run(["umount", "--lazy", made], check=True)


def _become_root_of_a_namespace() -> None:
    """Of a user and a mount namespace of this process alone: 0x10000000 is CLONE_NEWUSER, 0x20000 CLONE_NEWNS."""
    uid, gid = os.geteuid(), os.getegid()
    if ctypes.CDLL(None, use_errno=True).unshare(0x10000000 | 0x20000) != 0:
        raise OSError(ctypes.get_errno(), "neither root nor user namespaces: a small tmpfs can't be mounted")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
    Path("/proc/self/gid_map").write_text(f"0 {gid} 1")


@pytest.fixture
def pod(tmp_path, small):
    """A pod whose volume is a small tmpfs."""
    made = Pod(tmp_path, small)
    yield made
    made.stop()
