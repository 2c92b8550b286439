"""The images as a registry would have them, and a way to run things in them."""

import os
import subprocess

import pytest

from tests.support.image_process import inside
from tests.support.images import image


def pytest_collection_modifyitems(items):
    if os.geteuid():
        for item in items:
            if "tests/image" in item.nodeid:
                item.add_marker(pytest.mark.skip("images are built and entered as root"))


@pytest.fixture(scope="session")
def images():
    """Both, by name."""
    return {name: image(name) for name in ("controller", "agent")}


@pytest.fixture
def in_image(images):
    """Run a program in an image to its end; what it printed is in `stdout` and `stderr`."""

    def in_image(name, *arguments, **options):
        done = subprocess.run(inside(images[name], *arguments, **options), capture_output=True, text=True)
        assert done.returncode == 0, f"{arguments} ended with {done.returncode}: {done.stdout}{done.stderr}"
        return done

    return in_image
