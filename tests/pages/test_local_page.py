"""docs/local.md, typed into a terminal: with a real OpenBao, and a real API server where the page has kubectl."""

import base64
import re

import pytest
import yaml

from tests.pages.terminal import Terminal
from tests.support.fixtures import stopped
from tests.support.openbao import dev_server
from tests.support.pages import commands
from tests.support.paths import ROOT

pytestmark = pytest.mark.server
COMMANDS = commands((ROOT / "docs/local.md").read_text())


@pytest.fixture
def openbao(tmp_path):
    """One of its own, since the page writes to secret/."""
    (tmp_path / "openbao").mkdir()
    yield from stopped(dev_server(tmp_path / "openbao"))


@pytest.fixture
def terminal(control_plane, crds, namespace, openbao, tmp_path):
    kubeconfig = control_plane.kubeconfig_for(control_plane.token)
    kubeconfig["contexts"][0]["context"]["namespace"] = namespace
    it = Terminal(tmp_path, kubeconfig=_written(kubeconfig, tmp_path))
    vault = tmp_path / "vault"
    vault.mkdir()
    for file in (ROOT / "examples/vault").glob("*.yaml"):
        (vault / file.name).write_text(file.read_text().replace("http://127.0.0.1:8200", openbao.url))
    it.replaced |= {"http://127.0.0.1:8200": openbao.url, "examples/vault": str(vault)}
    it.type("kubectl apply -f examples/quickstart")
    yield it
    it.close()


def _written(kubeconfig, folder):
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(kubeconfig))
    return path


def test_the_commands_do_what_the_page_says(terminal):
    printed = {}
    for command in COMMANDS:
        if "--watch" in command:
            watching = terminal.start(command)
            file = terminal.folder / "secrets/payments/password"
            watching.wait_until(file.exists)
            assert file.read_text() == "correct horse"
            watching.stop()
        else:
            printed[command] = terminal.type(command)
    assert [shown.strip() for command, shown in printed.items() if "--template" in command] == ["APP:c3dvcmRmaXNo"]
    masked, shown, env = (
        text
        for command, text in printed.items()
        if re.search(r" render examples/quickstart( --show-values| --output env)?$", command)
    )
    assert ("********" in masked, "********" in shown, "********" in env) == (True, False, True)
    (of_the_cluster,) = (text for command, text in printed.items() if command.startswith("kubectl"))
    assert "name: payments" in of_the_cluster
    (of_openbao,) = (text for command, text in printed.items() if "examples/vault" in command)
    assert f"password: {base64.b64encode(b'correct horse').decode()}" in of_openbao
