"""README.md, "an annotation becomes files", typed into a terminal.

What a cluster has that is missing here: nodes. So images are not built (tests/image does), Helm's engine installs and
doesn't wait for pods; the webhook runs as a process with the flags and rights that the chart gave it, at a URL on
loopback, and so does the controller; `kubectl run openbao` leaves a pod that stays pending, and the server itself runs
beside it, which takes the cluster's CA and a reviewer's token, as outside of a cluster; the pod of the example is run by
the test bed's node, as it was stored.
"""

import re
import shlex
from itertools import pairwise

import pytest
import yaml
from helm_python import Config

from tests.injector.pods.shop import AGENT, eventually
from tests.injector.webhook.installed import Webhook
from tests.pages.terminal import Terminal
from tests.support.controlplane import ControlPlane
from tests.support.fixtures import stopped
from tests.support.node import Node
from tests.support.openbao import dev_server
from tests.support.pages import commands, section
from tests.support.paths import ROOT
from tests.support.processes import free_port

pytestmark = pytest.mark.server
SECTION = section((ROOT / "README.md").read_text(), "Five minutes: an annotation becomes files")
COMMANDS = commands(SECTION)
FULL = "external-secrets-external-secrets-injector"


def values_of(arguments):
    """Those of `--set a.b=c`, nested as Helm does it."""
    values = {}
    for name, text in (each.split("=", 1) for flag, each in pairwise(arguments) if flag == "--set"):
        *path, last = name.split(".")
        at = values
        for step in path:
            at = at.setdefault(step, {})
        at[last] = yaml.safe_load(text)
    return values


class Released:
    """A Deployment as Helm installed it, in the words of `Webhook`."""

    def __init__(self, plane, namespace, name):
        self.plane, self.namespace = plane, namespace
        self.deployment = plane.request("GET", f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}")

    def kubeconfig(self, folder):
        account = self.deployment["spec"]["template"]["spec"]["serviceAccountName"]
        token = self.plane.service_account_token(self.namespace, account)
        path = folder / "kubeconfig"
        path.write_text(yaml.safe_dump(self.plane.kubeconfig_for(token)))
        return path


class Person:
    """Types the section's commands, in order; `printed` has what each printed."""

    def __init__(self, plane, openbao, folder):
        self.plane, self.openbao, self.folder = plane, openbao, folder
        self.terminal = Terminal(folder, kubeconfig=plane.kubeconfig, BAO_ADDR=openbao.url, BAO_TOKEN=openbao.token)
        self.terminal.replaced |= {"examples/pod/openbao.sh": self._script(), "examples/pod/": self._manifests()}
        (folder / "node").mkdir()
        self.node = Node(plane, folder / "node")
        self.webhook = self.controller = self.pod = None
        self.printed = {}

    def _script(self):
        jwt = (
            f"token_reviewer_jwt={self.plane.token} kubernetes_ca_cert=@{self.plane.ca_file} disable_local_ca_jwt=true"
        )
        text = (ROOT / "examples/pod/openbao.sh").read_text()
        path = self.folder / "openbao.sh"
        path.write_text(text.replace("https://kubernetes.default.svc", f"{self.plane.url} {jwt}"))
        return str(path)

    def _manifests(self):
        folder = self.folder / "examples"
        folder.mkdir()
        for file in (ROOT / "examples/pod").glob("*.yaml"):
            (folder / file.name).write_text(file.read_text().replace("http://openbao.default:8200", self.openbao.url))
        return f"{folder}/"

    def type(self, command):
        self.printed[command] = self._done(command) or ""

    def _done(self, command):
        words = shlex.split(command)
        match words:
            case ["make", "image", *_] | ["docker", "push", *_] | ["kubectl", "wait", _, "pod/openbao", *_]:
                return ""
            case ["helm", "install", name, chart, "--namespace", namespace, "--create-namespace", "--wait", *rest]:
                return self._install(name, chart, namespace, values_of(rest))
            case ["kubectl", "exec", "-i", "openbao", "--", "env", _, _, *shell]:
                return self.terminal.type(" ".join(shell))
            case ["kubectl", "wait", _, "pod/shop", *_]:
                return self._run()
            case ["kubectl", "exec", "shop", "--", *program]:
                return self.pod.run("web", tuple(program)).stdout
        return self.terminal.type(command)

    def _install(self, name, chart, namespace, values):
        port = free_port()
        injector = values["injector"]
        injector["webhook"] = {"url": f"https://localhost:{port}", "drain": "1s"}
        injector["agent"]["port"] = free_port()
        helm = Config(kubeconfig_path=self.plane.kubeconfig, namespace=namespace)
        said = helm.install(ROOT / chart, name, values, create_namespace=True)["notes"]
        self.webhook = Webhook(
            Released(self.plane, namespace, f"{FULL}-webhook"), self.folder / "webhook", port
        ).ready()
        self._control(Released(self.plane, namespace, FULL))
        return said

    def _control(self, release):
        """The controller, with what the chart gives it."""
        (self.folder / "controller").mkdir()
        (container,) = release.deployment["spec"]["template"]["spec"]["containers"]
        flags = [arg for arg in container["args"] if "-addr=" not in arg]
        kubeconfig = release.kubeconfig(self.folder / "controller")
        own = (f"--kubeconfig={kubeconfig}", "--metrics-addr=0", "--live-addr=0")
        self.controller = self.terminal.start(shlex.join([".venv/bin/python", "-m", *flags]), *own)

    def _run(self):
        self.pod = self.node.run(self.plane.request("GET", "/api/v1/namespaces/default/pods/shop"))
        agent = self.pod.start(AGENT)
        eventually(lambda: self.pod.probe(AGENT, "startupProbe") or not agent.is_running, agent.err)
        assert agent.is_running, agent.err.read_text()

    def close(self):
        if self.pod:
            self.pod.stop()
        if self.webhook:
            self.webhook.server.stop()
        self.terminal.close()


def ready(manifest):
    return "True" in [each["status"] for each in manifest.get("status", {}).get("conditions", ())]


@pytest.fixture
def person(tmp_path):
    (tmp_path / "plane").mkdir()
    (tmp_path / "openbao").mkdir()
    for plane in stopped(ControlPlane(tmp_path / "plane")):
        plane.start_controller_manager()
        for openbao in stopped(dev_server(tmp_path / "openbao")):
            it = Person(plane, openbao, tmp_path)
            yield it
            it.close()


def test_the_commands_bring_the_files_into_the_pod(person):
    for command in COMMANDS:
        person.type(command)
    installed = next(said for command, said in person.printed.items() if command.startswith("helm"))
    assert "injector.external-secrets.io/inject" in installed
    (promised,) = re.findall(r"prints `(postgres://.*)`", SECTION)
    assert person.printed[COMMANDS[-1]] == promised
    images = {each["image"] for each in person.pod.pod["spec"]["initContainers"]}
    assert images == {"registry.example.com/secrets/agent:0.1.0"}  # the one that the section pushed
    assert {"docker push registry.example.com/secrets/agent:0.1.0"} < set(COMMANDS)
    # The controller serves it too, as the account that the store names.
    path = "/apis/external-secrets.io/v1/namespaces/default/externalsecrets/database"
    person.controller.wait_until(lambda: ready(person.plane.request("GET", path)))
    # No Secret, as promised. That the files follow is tests/injector/pods' to see, with the same manifests.
    assert person.plane.request("GET", "/api/v1/namespaces/default/secrets")["items"] == []


def test_what_the_readme_says_of_the_pod_is_all_that_it_says():
    pod = next(
        each for each in yaml.safe_load_all((ROOT / "examples/pod/3-pod.yaml").read_text()) if each["kind"] == "Pod"
    )
    (fence,) = re.findall(r"```yaml\n(.*?)```", SECTION, re.DOTALL)
    assert pod["metadata"]["annotations"] == yaml.safe_load(fence)
