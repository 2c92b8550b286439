"""The test bed's node does with a pod what a kubelet would."""

import base64
import json
import signal

import pytest

from tests.support.node import Node

pytestmark = pytest.mark.server

POD = {
    "metadata": {"name": "app", "annotations": {"note": "read me"}},
    "spec": {
        "serviceAccountName": "app",
        "securityContext": {"runAsUser": 1234, "runAsGroup": 1235, "fsGroup": 4321},
        "volumes": [
            {"name": "files", "emptyDir": {"medium": "Memory", "sizeLimit": "64Ki"}},
            {"name": "about", "downwardAPI": {"items": [
                {"path": "note", "fieldRef": {"fieldPath": "metadata.annotations['note']"}},
            ]}},
            {"name": "keys", "projected": {"defaultMode": 0o400, "sources": [
                {"serviceAccountToken": {"path": "tokens/vault", "audience": "vault"}},
                {"secret": {"name": "login", "items": [{"key": "id", "path": "secrets/login/id"}]}},
            ]}},
        ],
        "containers": [
            {
                "name": "app",
                "image": "none",
                "env": [{"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
                "securityContext": {"readOnlyRootFilesystem": True},
                "volumeMounts": [
                    {"name": "files", "mountPath": "/secrets", "readOnly": True},
                    {"name": "about", "mountPath": "/about"},
                ],
            },
            {
                "name": "writer",
                "image": "none",
                "securityContext": {"runAsUser": 7},
                "volumeMounts": [
                    {"name": "files", "mountPath": "/secrets"}, {"name": "keys", "mountPath": "/var/run/keys"},
                ],
            },
        ],
    },
}  # fmt: skip


@pytest.fixture
def pod(control_plane, namespace, tmp_path):
    control_plane.create_service_account(namespace, "app")
    login = {"metadata": {"name": "login"}, "data": {"id": base64.b64encode(b"me").decode(), "other": ""}}
    control_plane.request("POST", f"/api/v1/namespaces/{namespace}/secrets", login)
    made = control_plane.request("POST", f"/api/v1/namespaces/{namespace}/pods", POD)
    with Node(control_plane, tmp_path).run(made) as running:
        yield running


def test_containers_share_what_the_pod_mounts_and_nothing_else(pod):
    pod.shell("writer", "echo one > /secrets/one")
    assert (
        pod.shell("app", "cat /secrets/one /about/note; test -e /var/run/keys || echo; echo $POD")
        == "one\nread me\napp\n"
    )
    assert (pod.seen("files") / "one").read_text() == "one\n"


def test_a_container_runs_as_its_user_in_the_pods_group(pod):
    assert pod.shell("app", "id -u; id -g; id -G") == "1234\n1235\n1235 4321\n"
    assert pod.shell("writer", "id -u; touch /secrets/mine; stat -c '%u %g' /secrets/mine") == "7\n7 4321\n"


def test_what_is_read_only_cannot_be_written(pod):
    for path in ("/secrets/x", "/x", "/tmp/x", "/usr/x", "/about/x"):
        with pytest.raises(RuntimeError, match="Read-only|Permission denied"):
            pod.shell("app", f"touch {path}")


def test_a_memory_volume_ends_at_its_size_limit(pod):
    with pytest.raises(RuntimeError, match="No space left"):
        pod.shell("writer", "head -c 100000 /dev/zero > /secrets/big")


def test_tokens_are_the_pods_own_and_for_the_audience(pod, namespace):
    token = pod.shell("writer", "cat /var/run/keys/tokens/vault")
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert (claims["sub"], claims["aud"]) == (f"system:serviceaccount:{namespace}:app", ["vault"])
    assert pod.shell("writer", "cat /var/run/keys/secrets/login/id; ls /var/run/keys/secrets/login") == "meid\n"


def test_an_update_swaps_the_whole_volume(pod):
    before = pod.shell("writer", "readlink /var/run/keys/..data; cat /var/run/keys/tokens/vault").split()
    pod.update("keys")
    after = pod.shell("writer", "readlink /var/run/keys/..data; cat /var/run/keys/tokens/vault").split()
    assert before[0] != after[0]
    assert before[1] != after[1]


def test_a_process_gets_signals_and_leaves_its_last_words(pod):
    script = "trap 'echo bye > /dev/termination-log; exit 3' TERM; echo ready; while :; do sleep 0.05; done"
    process = pod.start("app", ("/bin/sh", "-c", script))
    while "ready" not in process.out.read_text():
        assert process.is_running, process.err.read_text()
    done = process.terminate()
    assert (done.returncode, process.termination.read_text()) == (3, "bye\n")
    process = pod.start("app", ("/bin/sh", "-c", "sleep 600"))
    process.send(signal.SIGKILL)
    assert process.wait().returncode == -signal.SIGKILL
