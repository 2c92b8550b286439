"""The webhook as a process: how it starts, how it ends, and with somebody else's certificate."""

import base64
import signal
import ssl
import subprocess
import sys

import httpx
import pytest

from tests.injector.webhook.building import external_secret, pod, review_of, store
from tests.injector.webhook.installed import CONFIGURATIONS, Installed, Namespace, Webhook
from tests.support.processes import free_port
from tests.support.tls import Authority

pytestmark = pytest.mark.server


@pytest.fixture
def released(cluster, namespace):
    """The chart, installed for this test alone."""
    home = cluster.create_namespace(f"{namespace}-i")
    it = Installed(cluster, home, {"webhook": {"drain": "2s"}})
    yield it
    it.release.remove()
    cluster.request("DELETE", f"/api/v1/namespaces/{home}")


@pytest.fixture
def start(released, tmp_path):
    made = []

    def start(*flags, port=None):
        made.append(Webhook(released.release, tmp_path / f"replica-{len(made)}", port or released.port, *flags))
        return made[-1]

    yield start
    for each in made:
        each.server.stop()


def ask(webhook, bundle, manifest, namespace="team"):
    context = ssl.create_default_context(cadata=bundle)
    body = review_of(manifest, namespace=namespace)
    with httpx.Client(verify=context, trust_env=False, timeout=30) as client:
        return client.post(f"https://localhost:{webhook.port}/mutate", content=body).json()["response"]


def bundle_of(released):
    return base64.b64decode(released.webhooks()[0]["clientConfig"]["caBundle"]).decode()


def holder(released):
    path = f"/apis/coordination.k8s.io/v1/namespaces/{released.namespace}/leases/{released.configuration}"
    return released.cluster.request("GET", path)["spec"].get("holderIdentity", "")


def test_it_answers_until_nobody_calls_any_more_and_gives_the_lease_back(released, start):
    webhook = start().ready()
    bundle = bundle_of(released)
    assert holder(released)
    webhook.server.send(signal.SIGTERM)
    webhook.server.wait_until(lambda: not webhook.is_ready())
    response = ask(webhook, bundle, pod(metadata={"annotations": {}}))
    assert response["allowed"]
    webhook.server.wait_until(lambda: _gone(webhook))
    assert '"message": "stopping"' in webhook.log()
    assert '"level": "error"' not in webhook.log()
    assert not holder(released)


def _gone(webhook):
    try:
        httpx.get(f"http://127.0.0.1:{webhook.live}/healthz", trust_env=False)
    except httpx.TransportError:
        return True
    return False


def test_replicas_serve_one_certificate_and_one_dies_without_a_trace(released, start):
    first = start().ready()
    second = start(port=free_port()).ready()
    bundle = bundle_of(released)
    for each in (first, second):
        assert ask(each, bundle, pod(metadata={"annotations": {}}))["allowed"]
    first.server.crash()
    assert ask(second, bundle, pod(metadata={"annotations": {}}))["allowed"]
    assert second.is_ready()
    assert bundle_of(released) == bundle


def test_a_certificate_of_somebody_elses_is_served_and_followed(cluster, namespace, released, start, tmp_path):
    authority = Authority(tmp_path / "ca")
    folder = tmp_path / "certificate"
    folder.mkdir()
    _put(folder, authority.issue("localhost", common_name="one"))
    operations = [
        {
            "op": "add",
            "path": "/webhooks/0/clientConfig/caBundle",
            "value": base64.b64encode(authority.ca_pem.encode()).decode(),
        }
    ]
    path = f"{CONFIGURATIONS}/{released.configuration}"
    cluster.request("PATCH", path, operations, content_type="application/json-patch+json")
    webhook = start(f"--certificate-folder={folder}").ready()
    team = Namespace(cluster, namespace)
    team.make(store())
    team.make(external_secret())

    def is_injected():
        try:
            return "initContainers" in team.make(pod(), query="?dryRun=All")["spec"]
        except RuntimeError:  # until the API server has heard of the bundle
            return False

    webhook.server.wait_until(is_injected)
    _put(folder, authority.issue("localhost", common_name="two"))
    webhook.server.wait_until(lambda: _subject(webhook, authority) == "two")
    assert is_injected()
    released_bundle = released.webhooks()[0]["clientConfig"]["caBundle"]
    assert released_bundle == operations[0]["value"]


def _put(folder, pair):
    for name, source in (("tls.crt", pair.cert_file), ("tls.key", pair.key_file)):
        (folder / f".{name}").write_bytes(source.read_bytes())
        (folder / f".{name}").replace(folder / name)


def _subject(webhook, authority):
    url = f"https://localhost:{webhook.port}/mutate"
    with (
        httpx.Client(verify=authority.client_context(), trust_env=False, timeout=30) as client,
        client.stream("GET", url) as answer,
    ):
        certificate = answer.extensions["network_stream"].get_extra_info("ssl_object").getpeercert()
    return dict(part[0] for part in certificate["subject"]).get("commonName")


@pytest.mark.parametrize(
    ("flags", "code", "message"),
    [
        ([], 2, "agent-image: field required"),
        (["--agent-image=a", "--certificate-folder=/tmp", "--kubeconfig=/no/such"], 1, "no way to the API server"),
        (["--unknown"], 2, "unrecognized arguments"),
    ],
)
def test_what_it_can_not_start_with_is_said(flags, code, message):
    argv = [sys.executable, "-m", "injector", "webhook", *flags]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120)
    assert done.returncode == code
    assert message in done.stderr
