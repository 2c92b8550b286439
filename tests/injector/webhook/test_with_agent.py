"""From an annotation to a file: the stored pod's own containers and volumes, its own token, a real OpenBao."""

import base64

import pytest

from tests.injector.webhook.building import external_secret, pod, store
from tests.injector.webhook.installed import Namespace
from tests.support.node import Node

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("controller_manager")]
"""The controller manager gives a namespace the API server's CA, which every pod mounts."""

AGENT = "external-secrets-agent"
READER = 'path "secret/data/*" { capabilities = ["read"] }'


@pytest.fixture
def bao(openbao, cluster, namespace):
    """Knows the pods of the namespace by the API server's word."""
    cluster.create_service_account(namespace, "reviewer")
    cluster.kubectl(
        "create", "clusterrolebinding", f"reviewer-{namespace}", "--clusterrole=system:auth-delegator",
        f"--serviceaccount={namespace}:reviewer",
    )  # fmt: skip
    openbao.put_kv("secret", "db", {"password": "one"})
    openbao.policy("reader", READER)
    mount = f"kubernetes-{namespace}"
    openbao.enable_auth(mount, "kubernetes")
    openbao.write(
        f"auth/{mount}/config",
        {
            "kubernetes_host": cluster.url,
            "kubernetes_ca_cert": cluster.ca_file.read_text(),
            "token_reviewer_jwt": cluster.service_account_token(namespace, "reviewer"),
            "disable_local_ca_jwt": True,
        },
    )
    openbao.write(
        f"auth/{mount}/role/app",
        {
            "bound_service_account_names": "default",
            "bound_service_account_namespaces": namespace,
            "audience": "vault",
            "token_policies": "reader",
        },
    )
    yield openbao
    cluster.kubectl("delete", "clusterrolebinding", f"reviewer-{namespace}")


@pytest.mark.parametrize(
    ("spec", "mode"),
    [
        ({"securityContext": {"runAsUser": 1000}}, "400 1000"),
        ({"securityContext": {"fsGroup": 3000}, "containers": [{"name": "app", "image": "a", "securityContext": {"runAsUser": 5}}, {"name": "b", "image": "b", "securityContext": {"runAsUser": 6}}]}, "440 65532"),
        ({}, "444 65532"),
    ],
    ids=["own-uid", "group", "everyone"],
)  # fmt: skip
def test_a_pod_that_opts_in_has_its_files_before_it_starts(cluster, namespace, webhook, bao, tmp_path, spec, mode):
    team = Namespace(cluster, namespace)
    auth = {
        "kubernetes": {
            "mountPath": f"kubernetes-{namespace}",
            "role": "app",
            "serviceAccountRef": {"name": "default", "audiences": ["vault"]},
        }
    }
    team.make(store({"vault": {"server": bao.url, "path": "secret", "auth": auth}}))
    team.make(external_secret(refreshInterval="1s"))
    stored = team.make(pod(annotations={"inject": "db", "mode": "native"}, **spec))
    with Node(cluster, tmp_path).run(stored) as running:
        running.start(AGENT)
        webhook.server.wait_until(lambda: running.probe(AGENT, "startupProbe"))
        assert running.probe(AGENT, "readinessProbe")
        assert running.shell("app", "cat /secrets/db/password") == "one"
        assert running.shell("app", "stat -L -c '%a %u' /secrets/db/password").strip() == mode
        with pytest.raises(RuntimeError):
            running.shell("app", "echo x > /secrets/db/password")
        assert running.shell(AGENT, "ls /var/run/secrets/kubernetes.io/serviceaccount") == ""
        bao.put_kv("secret", "db", {"password": "two"})
        webhook.server.wait_until(lambda: running.shell("app", "cat /secrets/db/password") == "two")


def test_what_is_missing_when_the_pod_starts_is_waited_for(
    cluster, controller_manager, namespace, webhook, bao, tmp_path
):
    """A Secret that comes late, and a template in a ConfigMap that changes."""
    team = Namespace(cluster, namespace)
    auth = {"tokenSecretRef": {"name": "login", "key": "token"}}
    form = {"template": {"templateFrom": [{"configMap": {"name": "form", "items": [{"key": "greeting"}]}}]}}
    team.make(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "form"},
            "data": {"greeting": "hello {{ .password }}"},
        }
    )
    team.make(store({"vault": {"server": bao.url, "path": "secret", "auth": auth}}))
    team.make(external_secret(refreshInterval="1h", target=form))
    stored = team.make(pod())
    with Node(cluster, tmp_path).run(stored) as running:
        running.start(AGENT)
        assert not running.probe(AGENT, "startupProbe")
        login = {"token": base64.b64encode(bao.token.encode()).decode()}
        team.make({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login"}, "data": login})
        running.update("external-secrets-credentials")
        webhook.server.wait_until(lambda: running.probe(AGENT, "startupProbe"))
        assert running.shell("app", "cat /secrets/db/greeting") == "hello one"
        path = f"/api/v1/namespaces/{namespace}/configmaps/form"
        body = {"data": {"greeting": "good day {{ .password }}"}}
        cluster.request("PATCH", path, body, content_type="application/merge-patch+json")
        running.update("external-secrets-credentials")
        webhook.server.wait_until(lambda: running.shell("app", "cat /secrets/db/greeting") == "good day one")
