"""The controller image does a whole job: in a pod's place it syncs the tutorial from a real API server, and answers as the
webhook.
"""

import base64
import os
import signal
import time

import httpx
import pytest
import yaml

from injector.webhook.endpoint import PATH
from tests.injector.webhook.building import review_of
from tests.injector.webhook.test_served import put
from tests.support.image_process import inside, program_of
from tests.support.paths import ROOT
from tests.support.processes import Server, free_port

pytestmark = pytest.mark.server

SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
KINDS = {"SecretStore": "secretstores", "ExternalSecret": "externalsecrets"}
GROUP = "/apis/external-secrets.io/v1/namespaces"


@pytest.fixture
def service_account(control_plane, namespace, tmp_path):
    """The folder that a kubelet mounts: token, CA, namespace."""
    folder = tmp_path / "serviceaccount"
    folder.mkdir()
    (folder / "token").write_text(control_plane.token)
    (folder / "ca.crt").write_bytes(control_plane.ca_file.read_bytes())
    (folder / "namespace").write_text(namespace)
    return folder


@pytest.fixture
def api_server(control_plane):
    """The variables that every container has."""
    url = httpx.URL(control_plane.url)
    return {"KUBERNETES_SERVICE_HOST": url.host, "KUBERNETES_SERVICE_PORT": str(url.port)}


@pytest.fixture
def controller(images, crds, namespace, service_account, api_server, tmp_path):
    """The image's entry point, with what a pod brings: its ServiceAccount and where the API server is."""
    port = free_port()
    argv = inside(
        images["controller"],
        *("controller", f"--namespace={namespace}", f"--live-addr=127.0.0.1:{port}", "--metrics-addr=0"),
        "--enable-leader-election",
        mounts={SERVICE_ACCOUNT: service_account},
        env=api_server,
    )
    server = Server("controller-image", argv, log=tmp_path / "controller.log")
    server.wait_until(lambda: httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).is_success)
    yield server
    server.stop()


def test_the_controller_image_syncs_the_tutorial(controller, control_plane, namespace, express):
    text = (ROOT / "examples" / "express" / "v1.yaml").read_text().replace("http://127.0.0.1:3000", express)
    for manifest in yaml.safe_load_all(text):
        manifest["metadata"]["namespace"] = namespace
        control_plane.request("POST", f"{GROUP}/{namespace}/{KINDS[manifest['kind']]}", manifest)
    secret = f"/api/v1/namespaces/{namespace}/secrets/my-express-secret"
    with control_plane.client() as api:
        controller.wait_until(lambda: api.get(secret).is_success)
        data = api.get(secret).json()["data"]
    assert {key: base64.b64decode(value) for key, value in data.items()} == {"secretKey": b"this-is-a-secret"}


def test_as_the_first_process_it_gives_its_lease_back_when_asked_to_end(controller, control_plane, namespace):
    lease = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/external-secrets-controller"

    def holder():
        with control_plane.client() as api:
            answer = api.get(lease)
        return answer.json()["spec"].get("holderIdentity") if answer.is_success else ""

    controller.wait_until(lambda: bool(holder()))
    os.kill(program_of(controller.pid), signal.SIGTERM)
    while controller.alive:
        time.sleep(0.05)
    assert not holder()


def test_its_help_needs_nothing_around_it(in_image):
    assert "--enable-leader-election" in in_image("controller", "controller", "--help").stdout


def test_the_controller_image_answers_as_the_webhook(
    images, crds, namespace, service_account, api_server, authority, tmp_path
):
    certificate, scratch = tmp_path / "certificate", tmp_path / "scratch"
    certificate.mkdir()
    scratch.mkdir()
    scratch.chmod(0o777)
    put(certificate, authority.issue("127.0.0.1", common_name="webhook"))
    port, live = free_port(), free_port()
    argv = inside(
        images["controller"],
        *("injector", "webhook", f"--webhook-addr=127.0.0.1:{port}", f"--live-addr=127.0.0.1:{live}"),
        *("--metrics-addr=0", "--agent-image=agent:1", "--certificate-folder=/certificate", "--drain=1s"),
        mounts={SERVICE_ACCOUNT: service_account, "/certificate": certificate},
        writable={"/tmp": scratch},
        env=api_server,
    )
    server = Server("webhook-image", argv, log=tmp_path / "webhook.log")
    try:
        server.wait_until(lambda: httpx.get(f"http://127.0.0.1:{live}/readyz", trust_env=False).is_success)
        with httpx.Client(verify=authority.client_context(), trust_env=False) as api:
            review = review_of(
                {"metadata": {"name": "plain"}, "spec": {"containers": [{"name": "app", "image": "app"}]}}
            )
            headers = {"Content-Type": "application/json"}
            answer = api.post(f"https://127.0.0.1:{port}{PATH}", content=review, headers=headers).json()
        assert answer["response"]["allowed"] is True
    finally:
        server.stop()
