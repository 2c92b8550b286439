"""README.md, "a manifest becomes a Secret", typed into a terminal, in a cluster that knew nothing of us before."""

import httpx
import pytest

from tests.pages.terminal import Terminal, controller_flags
from tests.support.controlplane import ControlPlane
from tests.support.fixtures import stopped
from tests.support.pages import commands, section
from tests.support.paths import ROOT

pytestmark = pytest.mark.server
COMMANDS = commands(section((ROOT / "README.md").read_text(), "Five minutes: a manifest becomes a Secret"))
SETUP = "make setup"


@pytest.fixture
def plane(tmp_path):
    for plane in stopped(ControlPlane(tmp_path)):
        plane.start_controller_manager()  # namespaces have their ServiceAccount, and what is orphaned is collected
        yield plane


@pytest.fixture
def terminal(plane, tmp_path):
    it = Terminal(tmp_path, kubeconfig=plane.kubeconfig)
    yield it
    it.close()


def test_the_commands_make_the_secrets(terminal, plane):
    printed = {}
    for command in COMMANDS:
        if command == SETUP:  # this environment is what it makes
            continue
        if command.endswith("&"):
            address, flags = controller_flags()
            # The same ports as the page's, which are none, but for the one that says when it is ready.
            controller = terminal.start(command.replace("--live-addr=0", ""), *flags)
            # Where a person needs a moment to type on, this is at once.
            controller.wait_until(lambda: httpx.get(f"http://{address}/readyz", trust_env=False).is_success)  # noqa: B023
        elif command == "kill %1":
            assert controller.alive
            controller.stop()
        else:
            printed[command] = terminal.type(command)
    rows = [line.split() for line in printed["kubectl get externalsecrets,secrets"].splitlines() if line]
    states = {row[0]: row for row in rows}
    for name in ("database", "everything"):
        assert "SecretSynced" in states[f"externalsecret.external-secrets.io/{name}"]
    assert {"secret/database", "secret/payments"} <= states.keys()
    (said,) = [text for command, text in printed.items() if command.endswith("doctor")]
    assert said  # what is said of what: tests/injector/test_doctor_on_a_cluster.py
    assert plane.request("GET", "/apis/external-secrets.io/v1/externalsecrets")["items"] == []
