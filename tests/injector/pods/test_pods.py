"""From an annotation to files: a pod stored by the real API server, its agent run as the stored pod says, its token from
the API server, its secret from a real OpenBao.
"""

import json
import signal

import pytest

from tests.injector.pods.shop import AGENT, FILES, INIT, eventually, metrics

pytestmark = pytest.mark.server

URL = "postgres://shop:one@db.example.com/shop"


def start(pod, mode):
    """What a kubelet starts before the containers, up to the moment when they may start. Returns the refreshing agent."""
    if mode == "sidecar":
        done = pod.run(INIT)
        assert done.returncode == 0, done.stderr
    agent = pod.start(AGENT)
    if mode == "native":
        eventually(lambda: pod.probe(AGENT, "startupProbe") or not agent.is_running, agent.err)
    eventually(lambda: pod.probe(AGENT, "readinessProbe") or not agent.is_running, agent.err)
    assert agent.is_running, agent.err.read_text()
    return agent


@pytest.mark.parametrize("mode", ["native", "sidecar"])
def test_files_are_there_before_the_container_and_follow_the_secret(shop, mode):
    pod = shop.run(annotations={"mode": mode})
    start(pod, mode)
    assert pod.shell("web", "cd /secrets/db-credentials; cat url; echo; ls") == f"{URL}\npassword\nurl\nusername\n"
    shop.put(username="shop", password="two")
    eventually(lambda: pod.shell("web", "cat /secrets/db-credentials/password") == "two")


def test_the_container_reads_as_its_user_and_nobody_else_does(shop):
    pod = shop.run()
    start(pod, "native")
    assert pod.shell("web", "id -u; stat -L -c '%a %u' /secrets/db-credentials/password") == "1000\n400 1000\n"
    with pytest.raises(RuntimeError, match="Read-only"):
        pod.shell("web", "touch /secrets/mine")
    assert pod.shell("web", "ls /var/run /etc/external-secrets-injector 2>&1; true").count("No such file") == 1
    assert "external-secrets" not in pod.shell("web", "ls /var/run")


def test_the_agent_has_no_token_for_the_api_server(shop):
    pod = shop.run()
    folder = "/var/run/secrets/kubernetes.io/serviceaccount"
    assert pod.shell(AGENT, f"ls {folder}") == ""
    assert pod.shell("web", f"ls {folder}") == "ca.crt\nnamespace\ntoken\n"
    assert (
        pod.shell(AGENT, "id -u; cat /proc/self/status | grep NoNewPrivs > /dev/null; touch /x || echo fixed")
        == "1000\nfixed\n"
    )


def test_an_fs_group_lets_every_container_of_the_pod_read(shop):
    containers = [{"name": "web", "image": "a"}, {"name": "log", "image": "b", "securityContext": {"runAsUser": 7}}]
    pod = shop.run(containers=containers, securityContext={"fsGroup": 4242})
    start(pod, "native")
    assert pod.shell("log", "stat -L -c '%a %g' /secrets/db-credentials/url; cat /secrets/db-credentials/url") == (
        f"440 4242\n{URL}"
    )


def test_without_a_user_or_a_group_every_container_that_has_the_files_can_read_them(shop):
    pod = shop.run(containers=[{"name": "web", "image": "a", "securityContext": {"runAsUser": 7}},
                               {"name": "other", "image": "a", "securityContext": {"runAsUser": 8}}],
                   annotations={"containers": "web"})  # fmt: skip
    start(pod, "native")
    assert pod.shell("web", "cat /secrets/db-credentials/url") == URL
    assert pod.shell("other", "ls / | grep -c secrets || true") == "0\n"


def test_files_outlive_the_store_and_are_fresh_when_it_is_back(shop, openbao):
    pod = shop.run(annotations={"max-staleness": "3s"})
    agent = start(pod, "native")
    openbao.seal()
    try:
        eventually(lambda: 'last_error{external_secret="database",error="StoreUnavailable"} 1' in metrics(pod))
        eventually(lambda: not pod.probe(AGENT, "readinessProbe"))  # stale, and said
        assert pod.shell("web", "cat /secrets/db-credentials/url") == URL
        assert agent.is_running
    finally:
        openbao.unseal()
    eventually(lambda: openbao.read("sys/health"))
    shop.put(username="shop", password="two")
    eventually(lambda: pod.shell("web", "cat /secrets/db-credentials/password") == "two")
    eventually(lambda: pod.probe(AGENT, "readinessProbe"))


def test_a_job_that_refreshes_ends_when_its_container_does(shop):
    """A native sidecar does not keep a pod: the kubelet ends it after the last container."""
    pod = shop.run(annotations={"mode": "sidecar"}, restartPolicy="Never")
    assert [each["name"] for each in pod.pod["spec"]["containers"]] == ["web"]
    agent = start(pod, "native")
    assert pod.shell("web", "cat /secrets/db-credentials/url") == URL
    assert agent.terminate().returncode == 0


def test_a_job_that_reads_once_has_its_files(shop):
    pod = shop.run(annotations={"mode": "init"}, restartPolicy="Never")
    done = pod.run(INIT)
    assert done.returncode == 0, done.stderr
    assert pod.shell("web", "cat /secrets/db-credentials/url") == URL
    assert [each["name"] for each in pod.pod["spec"]["containers"]] == ["web"]


def test_an_agent_that_is_told_to_end_ends_well(shop):
    agent = start(shop.run(), "native")
    done = agent.terminate()
    assert done.returncode == 0, done.stderr


def test_a_restarted_agent_goes_on_with_the_files_that_are_there(shop, openbao):
    pod = shop.run()
    agent = start(pod, "native")
    before = pod.shell("web", "readlink /secrets/..data")
    agent.send(signal.SIGKILL)
    agent.wait()
    openbao.seal()
    try:
        start(pod, "native")
        assert pod.shell("web", "readlink /secrets/..data; cat /secrets/db-credentials/url") == f"{before}{URL}"
    finally:
        openbao.unseal()


def test_a_pod_whose_secret_cannot_be_had_says_why_in_one_sentence(shop):
    shop.openbao.policy(shop.namespace, 'path "secret/*" { capabilities = ["deny"] }')
    pod = shop.run(annotations={"mode": "init"})
    agent = pod.start(INIT)
    done = agent.wait()
    assert done.returncode == 1
    last_words = agent.termination.read_text()
    assert 'ExternalSecret "database": spec.dataFrom[0].extract: ' in last_words
    assert len(last_words.strip().splitlines()) == 1
    assert all(json.loads(line) for line in done.stderr.splitlines())


def test_what_is_missing_when_the_pod_starts_is_waited_for_and_an_edited_template_is_rendered_anew(shop):
    shop.manifests["SecretStore"]["spec"]["provider"]["vault"]["auth"] = {
        "tokenSecretRef": {"name": "login", "key": "token"}
    }
    spec = shop.manifests["ExternalSecret"]["spec"]
    spec["refreshInterval"] = "1h"
    spec["target"]["template"] = {"templateFrom": [{"configMap": {"name": "form", "items": [{"key": "greeting"}]}}]}
    shop.apply(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "form"},
            "data": {"greeting": "hello {{ .password }}"},
        }
    )
    pod = shop.run()
    agent = pod.start(AGENT)
    eventually(lambda: "CredentialNotFound" in agent.err.read_text())
    assert not pod.probe(AGENT, "startupProbe")
    shop.apply(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "login"},
            "stringData": {"token": shop.openbao.token},
        }
    )
    pod.update("external-secrets-credentials")
    eventually(lambda: pod.probe(AGENT, "startupProbe"))
    assert pod.shell("web", "cat /secrets/db-credentials/greeting") == "hello one"
    shop.apply(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "form"},
            "data": {"greeting": "good day {{ .password }}"},
        }
    )
    pod.update("external-secrets-credentials")
    eventually(lambda: pod.shell("web", "cat /secrets/db-credentials/greeting") == "good day one")


def test_a_rotated_token_is_taken_up(shop):
    """The kubelet projects a new one long before the old one ends."""
    pod = shop.run()
    start(pod, "native")
    pod.update("external-secrets-credentials")
    shop.put(username="shop", password="two")
    eventually(lambda: pod.shell("web", "cat /secrets/db-credentials/password") == "two")


def test_what_is_larger_than_the_volume_leaves_the_old_files(shop):
    pod = shop.run()
    start(pod, "native")
    shop.put(username="shop", password="x" * 300_000)
    eventually(lambda: "injector_agent_volume_error 1" in metrics(pod).splitlines())
    assert pod.shell("web", "cat /secrets/db-credentials/url") == URL
    shop.put(username="shop", password="two")
    eventually(lambda: pod.shell("web", "cat /secrets/db-credentials/password") == "two")


def test_nothing_of_the_secret_is_in_etcd(shop):
    shop.put(username="shop", password="canary")
    pod = shop.run()
    agent = start(pod, "native")
    secrets = shop.control_plane.request("GET", f"/api/v1/namespaces/{shop.namespace}/secrets")["items"]
    assert secrets == []
    assert (pod.seen(FILES) / "..data/db-credentials/password").read_text() == "canary"
    for text in (json.dumps(pod.pod), agent.err.read_text(), agent.out.read_text(), metrics(pod)):
        assert "canary" not in text
