"""docs/writing-a-provider.md, followed from the top: its files written, its commands typed, in its order.

The distribution is built and installed for real, into a folder of the test's; nothing else knows of it.
"""

import base64
import json
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import yaml

from secretcore.testing import ProviderConformance
from tests.pages.terminal import Terminal
from tests.support.pages import commands, fenced, files, section
from tests.support.paths import ROOT
from tests.support.processes import free_port

PAGE = (ROOT / "docs/writing-a-provider.md").read_text()
FILES = files(PAGE)
SERVE, FOLDER, INSTALL, PYTHONPATH, RENDER, SUITE = commands(PAGE)
SERVICE = "http://127.0.0.1:3000"
MANIFESTS = "/tmp/keys-provider/express.yaml"


@pytest.fixture(scope="module")
def terminal(tmp_path_factory):
    """Steps 1 to 4 are done: the service runs, and the distribution is installed."""
    it, port = Terminal(tmp_path_factory.mktemp("page")), free_port()
    it.replaced |= {
        "server.py": f"server.py {port}",
        SERVICE: f"http://127.0.0.1:{port}",
        "pip install": "pip --no-input install --no-index --no-build-isolation",  # the builder is in this environment
    }
    serving = it.start(SERVE)
    serving.wait_until(lambda: httpx.get(it.here(SERVICE)).status_code == 200)
    it.type(FOLDER)
    for path, text in FILES.items():
        Path(it.here(path)).write_text(it.here(text))
    it.type(INSTALL)
    it.type(PYTHONPATH)
    # In front of where a test run finds the project itself.
    it.environment["PYTHONPATH"] += f":{ROOT}"
    yield it
    it.close()


def test_the_service_answers_what_the_page_shows(terminal):
    (address,) = re.findall(r"`GET (http://127\.0\.0\.1:3000\S+)`", PAGE)
    (answer,) = fenced(section(PAGE, "1. The service"), "json")
    assert httpx.get(terminal.here(address)).json() == json.loads(answer)
    assert httpx.get(terminal.here(address) + "-other").status_code == 404


def test_what_is_installed_is_the_module_of_the_page(terminal):
    installed = {path.name for path in (terminal.folder / "keys-site").iterdir() if path.suffix == ".py"}
    assert installed == {"keys_provider.py"}


def test_the_manifests_become_the_secret(terminal):
    secret = yaml.safe_load(terminal.type(RENDER))
    assert (secret["kind"], secret["metadata"]["name"]) == ("Secret", "my-express-secret")
    assert {key: base64.b64decode(value) for key, value in secret["data"].items()} == {"secretKey": b"this-is-a-secret"}


def test_the_provider_passes_the_suite(terminal):
    told = terminal.type(f"{SUITE} -p no:cacheprovider")
    tests = sum(name.startswith("test_") for name in dir(ProviderConformance))
    assert f"{tests - 1} passed, 1 skipped" in told


@pytest.mark.parametrize(
    ("written", "instead", "told"),
    [
        (SERVICE, "127.0.0.1", "spec.provider.keys.host: must be a URL of http or https"),
        ("host: ", "url: ", "spec.provider.keys.host"),
        ("my-secret-key", "another", 'secret "another" does not exist'),
        ("my-secret-key", "'..'", 'secret "..": a key is one segment of a path'),
        ("my-secret-key", "a, version: '1'", "neither versions nor metadata"),
        ("\n  data:", "\n  dataFrom: [{find: {name: {regexp: my}}}]\n  data:", "the service can't list its secrets"),
    ],
)
def test_what_the_provider_refuses_it_says(terminal, tmp_path, written, instead, told):
    text = FILES[MANIFESTS].replace("remoteRef:\n        key: my-secret-key", "remoteRef: {key: my-secret-key}")
    assert written in text
    assert told in _refused(terminal, text.replace(written, instead), tmp_path, terminal.environment)


def test_without_it_the_store_says_what_is_missing(terminal, tmp_path):
    (told,) = fenced(section(PAGE, "5. Try it"), "text")
    environment = {**terminal.environment, "PYTHONPATH": str(ROOT)}
    complaint = _refused(terminal, FILES[MANIFESTS], tmp_path, environment)
    assert told.strip() in complaint
    assert 'install the distribution that brings "keys"' in complaint


def _refused(terminal, manifests, folder, environment):
    """What `render` complains about them."""
    (folder / "manifests.yaml").write_text(terminal.here(manifests))
    ran = subprocess.run(
        [sys.executable, "-m", "injector", "render", "--no-progress", folder / "manifests.yaml"],
        env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert (ran.returncode, ran.stdout) == (1, "")
    return ran.stderr


@pytest.mark.parametrize("kind", ["secretstores", "clustersecretstores"])
def test_the_crds_keep_what_stands_under_its_key(kind):
    (definition,) = (
        each
        for path in (ROOT / "crds").glob("*.yaml")
        for each in yaml.safe_load_all(path.read_text())
        if each["spec"]["names"]["plural"] == kind
    )
    for version in definition["spec"]["versions"]:
        provider = version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["provider"]
        assert provider["x-kubernetes-preserve-unknown-fields"] is True
        assert "keys" not in provider["properties"]
