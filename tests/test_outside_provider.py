"""A provider from another distribution: installed beside this one, it is found, proved and used."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[1] / "examples/outside-provider"

SUITE = """
import pytest
from directory_provider import DirectoryProvider
from secretcore.testing import FIXTURE, Backend, ProviderConformance

class TestDirectory(ProviderConformance):
    @pytest.fixture
    def backend(self, tmp_path):
        for name, content in FIXTURE.items():
            (tmp_path / name).write_text(content)
        provider = DirectoryProvider(path=str(tmp_path))
        return Backend(provider=provider, text_key="text", object_key="object", finds={"object": "object"})
"""

MANIFESTS = """
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {{name: files}}
spec: {{provider: {{directory: {{path: {path}}}}}}}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {{name: es}}
spec:
  secretStoreRef: {{name: files}}
  data:
    - {{secretKey: password, remoteRef: {{key: db, property: password}}}}
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The environment of a process in which the distribution is installed."""
    target = tmp_path_factory.mktemp("site")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
               "--no-build-isolation", "--no-index", "--target", target, EXAMPLE]  # fmt: skip
    subprocess.run(install, check=True)
    return {**os.environ, "PYTHONPATH": str(target)}


def test_it_passes_the_suite(installed, tmp_path):
    suite = tmp_path / "test_directory.py"
    suite.write_text(SUITE)
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-o", "asyncio_mode=auto", "-p", "no:cacheprovider", suite],
        env=installed, cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout
    assert " passed" in ran.stdout


def test_a_manifest_uses_it(installed, tmp_path):
    (tmp_path / "db").write_text('{"password": "swordfish"}')
    ran = subprocess.run(
        [sys.executable, "-m", "injector", "render", "--no-progress", "-", "--output", "env", "--show-values"],
        env=installed, input=MANIFESTS.format(path=tmp_path), capture_output=True, text=True,
    )  # fmt: skip
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "password='swordfish'\n", "")


def test_without_it_the_store_says_what_is_missing(tmp_path):
    ran = subprocess.run(
        [sys.executable, "-m", "injector", "render", "-"],
        input=MANIFESTS.format(path=tmp_path), capture_output=True, text=True,
    )  # fmt: skip
    assert ran.returncode == 1
    assert 'no provider "directory" is installed' in ran.stderr
    assert 'install the distribution that brings "directory"' in ran.stderr
