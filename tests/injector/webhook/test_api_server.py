"""The real API server asks the real webhook, over TLS, installed from the chart with the chart's rights."""

import base64

import pytest

from injector.handoff import decode
from injector.webhook.annotations import PREFIX
from tests.injector.webhook.building import annotated, config_of, external_secret, named, pod, store
from tests.injector.webhook.installed import CONFIGURATIONS, Namespace
from tests.injector.webhook.mesh import Mesh
from tests.injector.webhook.quotas import limited, quota
from tests.injector.webhook.stored import golden, settled

pytestmark = pytest.mark.server

AGENT, FILES = "external-secrets-agent", "external-secrets-files"
MOUNT = {"name": FILES, "mountPath": "/secrets", "readOnly": True}
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "seccompProfile": {"type": "RuntimeDefault"},
}
SIDECAR = {"name": "proxy", "image": "proxy:1", "restartPolicy": "Always"}

SHAPES = {
    "bare": pod(),
    "init-mode": pod(annotations={"inject": "db", "mode": "init"}),
    "sidecar-mode": pod(annotations={"inject": "db", "mode": "sidecar"}),
    "generated-name": pod(metadata={"name": None, "generateName": "app-", "annotations": annotated(inject="db")}),
    "own-init-containers": pod(initContainers=[{"name": "migrate", "image": "app:1"}]),
    "after-own-init-containers": pod(
        annotations={"inject": "db", "first": "false"}, initContainers=[{"name": "migrate", "image": "app:1"}]
    ),
    "native-sidecars": pod(initContainers=[SIDECAR], annotations={"inject": "db", "containers": "app,proxy"}),
    "volumes-and-mounts": pod(
        annotations={"inject": "db", "mount-path": "/data/secrets", "format": "env", "on-change": "http:8080/reload"},
        volumes=[{"name": "data", "emptyDir": {}}],
        containers=[
            {"name": "app", "image": "app:1", "volumeMounts": [{"name": "data", "mountPath": "/data"}]},
            {"name": "worker", "image": "app:1", "ports": [{"containerPort": 9467}]},
        ],
    ),
    "host-network": pod(hostNetwork=True),
    "own-uid": pod(securityContext={"runAsUser": 1000, "fsGroup": 2000}),
    "job": pod(
        annotations={"inject": "db", "mode": "sidecar"}, restartPolicy="Never", automountServiceAccountToken=False
    ),
}


def mounting(stored):
    several = [*stored["spec"].get("initContainers", []), *stored["spec"]["containers"]]
    return [each["name"] for each in several if MOUNT in each.get("volumeMounts", [])]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_pod_of_every_shape_is_stored_as_it_should_be(team, shape):
    stored = team.make(SHAPES[shape])
    config = decode(stored["metadata"]["annotations"][f"{PREFIX}config"])
    assert config.namespace == team.name
    assert [each.name for each in config.deliveries] == ["db"]
    golden(shape, stored)


def test_a_restricted_namespace_takes_the_pod_and_all_of_its_modes(cluster, namespace, webhook):
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    team = Namespace(cluster, cluster.create_namespace(f"{namespace}-r", labels))
    team.make(store())
    team.make(external_secret())
    plain = pod(containers=[{"name": "app", "image": "app:1"}])
    with pytest.raises(RuntimeError, match="violates PodSecurity"):
        team.make({**plain, "metadata": {"name": "loose", "annotations": {}}})
    for mode in ("init", "sidecar", "native"):
        shape = pod(
            metadata={"name": mode, "annotations": annotated(inject="db", mode=mode)},
            containers=[{"name": "app", "image": "app:1", "securityContext": RESTRICTED}],
        )
        stored = team.make(shape)
        assert mounting(stored) == ["app"]
        for shapes in ({"hostNetwork": False}, {"securityContext": {"fsGroup": 7}}):
            metadata = {**shape["metadata"], "name": f"{mode}-{len(str(shapes))}"}
            team.make({**shape, "metadata": metadata, "spec": {**shape["spec"], **shapes}})
    cluster.request("DELETE", f"/api/v1/namespaces/{team.name}")


def test_a_dry_run_is_answered_alike_and_leaves_nothing(team):
    first = team.make(pod(), query="?dryRun=All")
    assert mounting(first) == ["app"]
    assert team.get("pods", "app") is None
    assert settled(team.make(pod())) == settled(first)


def test_a_manifest_that_brings_everything_together_works(cluster, namespace, webhook):
    team = Namespace(cluster, namespace)
    form = {"template": {"templateFrom": [{"configMap": {"name": "form", "items": [{"key": "a"}]}}]}}
    manifests = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "form"}, "data": {"a": "{{ .password }}"}},
        store(namespace=namespace), external_secret(namespace=namespace, target=form), pod(),
    ]  # fmt: skip
    for manifest in manifests:
        manifest["metadata"] = {
            name: value for name, value in manifest["metadata"].items() if name not in ("uid", "generation")
        }
    team.apply(*manifests)
    sources = named(team.get("pods", "app")["spec"]["volumes"], "external-secrets-credentials")["projected"]["sources"]
    assert {
        "configMap": {"name": "form", "items": [{"key": "a", "path": "configmaps/form/a"}], "optional": True}
    } in sources


def test_what_came_in_between_is_completed_when_the_webhook_is_asked_again(
    cluster, team, authority, webhook, installed
):
    mesh = Mesh(authority)
    name = f"{installed.configuration}-z"  # after ours: the API server calls in the order of names
    cluster.request("POST", CONFIGURATIONS, mesh.configuration(name, team.name))
    injected = webhook.count("injected")
    try:
        until_asked = pod(metadata={"name": "early", "annotations": {}})
        webhook.server.wait_until(lambda: bool(mesh.asked) or _dry(team, until_asked))
        stored = team.make(pod(initContainers=[{"name": "migrate", "image": "app:1"}]))
    finally:
        cluster.request("DELETE", f"{CONFIGURATIONS}/{name}")
        mesh.stop()
    assert webhook.count("injected") == injected + 2
    assert mounting(stored) == ["migrate", "app"]
    assert [each["name"] for each in stored["spec"]["initContainers"]] == [AGENT, "migrate", "mesh-init"]
    assert [each["name"] for each in stored["spec"]["containers"]] == ["app", "mesh"]
    assert {"name": "AWS_REGION", "value": "eu"} in named(stored["spec"]["initContainers"], AGENT)["env"]
    assert len(stored["spec"]["volumes"]) == len({each["name"] for each in stored["spec"]["volumes"]})


def _dry(team, manifest):
    team.make(manifest, query="?dryRun=All")
    return False


def test_a_stored_pod_that_is_created_again_is_the_same(team):
    stored = team.make(pod(initContainers=[SIDECAR]))
    copied = {
        **stored,
        "metadata": {"name": "copy", "annotations": stored["metadata"]["annotations"]},
        "status": None,
    }
    again = team.make(copied)
    assert settled(again).replace("name: copy", "name: app") == settled(stored)


FORBIDDEN, INVALID = (403, "Forbidden"), (422, "Invalid")


@pytest.mark.parametrize(
    ("shape", "refused", "message"),
    [
        (pod(annotations={"inject": "no-such"}), FORBIDDEN, 'ExternalSecret "no-such": does not exist in namespace'),
        (pod(annotations={"inject": "db", "mode": "both"}), INVALID, "mode: must be one of init, sidecar, native"),
        (pod(annotations={"injekt": "db"}), INVALID, "injekt: is not an annotation of the injector"),
        (pod(nodeSelector={"kubernetes.io/os": "windows"}), INVALID, "the agent runs on Linux, not on windows"),
        (pod(containers=[{"name": "a", "image": "a", "volumeMounts": [{"name": "v", "mountPath": "/secrets"}]}], volumes=[{"name": "v", "emptyDir": {}}]), INVALID, 'has volume "v" mounted at /secrets'),
        (pod(volumes=[{"name": FILES, "emptyDir": {"sizeLimit": "1Gi"}}]), INVALID, f'volume "{FILES}" has the name of one of the agent\'s'),
    ],
)  # fmt: skip
def test_a_refusal_reaches_who_asked(cluster, team, shape, refused, message):
    with cluster.client() as client:
        answer = client.post(f"/api/v1/namespaces/{team.name}/pods", json=shape)
    status = answer.json()
    assert (answer.status_code, status["reason"]) == refused
    assert 'admission webhook "pods.injector.external-secrets.io" denied the request: ' in status["message"]
    assert message in status["message"]
    assert "Retry-After" not in answer.headers


@pytest.mark.parametrize(
    ("annotations", "said"),
    [
        ({"inject": "no-such"}, 'ExternalSecret "no-such": does not exist in namespace'),
        ({"inject": "db", "mode": "both"}, 'mode: must be one of init, sidecar, native, is "both"'),
    ],
)
def test_kubectl_shows_the_sentence(team, annotations, said):
    with pytest.raises(RuntimeError) as raised:
        team.apply(pod(annotations=annotations))
    assert said in str(raised.value)


def test_a_quota_asks_the_agent_for_a_limit_of_cpu_and_a_limit_range_gives_it_one(cluster, team, webhook):
    quota(cluster, team, webhook.server)
    with pytest.raises(RuntimeError, match=f"must specify limits.cpu for: {AGENT}"):
        team.make(limited("native"))
    limits = [{"type": "Container", "default": {"cpu": "200m"}, "defaultRequest": {"cpu": "10m"}}]
    manifest = {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "usual"}, "spec": {"limits": limits}}
    cluster.request("POST", f"/api/v1/namespaces/{team.name}/limitranges", manifest)

    def is_heeded():
        try:
            agent = named(team.make(limited("native"), query="?dryRun=All")["spec"]["initContainers"], AGENT)
        except RuntimeError:  # until the API server has heard of the LimitRange
            return False
        return agent["resources"]["limits"] == {"cpu": "200m", "memory": "96Mi"}

    webhook.server.wait_until(is_heeded)


def test_warnings_reach_who_asked(cluster, team):
    with cluster.client() as client:
        shape = pod(annotations={"inject": "db", "mode": "sidecar"}, restartPolicy="Never")
        answer = client.post(f"/api/v1/namespaces/{team.name}/pods", json=shape)
    answer.raise_for_status()
    assert "would keep a pod that ends alive" in answer.headers["Warning"]


def test_a_change_of_a_store_counts_for_the_next_pod(cluster, team, webhook):
    team.make(pod())
    path = f"/apis/external-secrets.io/v1/namespaces/{team.name}/secretstores/vault"
    patch = {"spec": {"provider": {"vault": {"path": "other"}}}}
    cluster.request("PATCH", path, patch, content_type="application/merge-patch+json")

    def is_seen():
        metadata = {"name": "second", "annotations": annotated(inject="db")}
        found = config_of(team.make(pod(metadata=metadata), query="?dryRun=All"))
        return found["stores"][0]["spec"]["provider"]["vault"]["path"] == "other"

    webhook.server.wait_until(is_seen)


def test_labels_of_a_namespace_open_a_store_that_asks_for_them(cluster, namespace, webhook):
    team = Namespace(cluster, namespace)
    name = f"shared-{namespace}"
    conditions = [{"namespaceSelector": {"matchLabels": {"vault": "yes"}}}]
    team.make(store(kind="ClusterSecretStore", name=name, conditions=conditions))
    team.make(external_secret(store={"name": name, "kind": "ClusterSecretStore"}))
    with pytest.raises(RuntimeError, match="is not for namespace"):
        team.make(pod())
    labels = {"metadata": {"labels": {"vault": "yes"}}}
    cluster.request("PATCH", f"/api/v1/namespaces/{namespace}", labels, content_type="application/merge-patch+json")

    def is_seen():
        try:
            return bool(team.make(pod()))
        except RuntimeError:
            return False

    webhook.server.wait_until(is_seen)
    cluster.request("DELETE", f"/apis/external-secrets.io/v1/clustersecretstores/{name}")


def test_it_logs_a_line_for_each_pod_and_never_a_value(team, webhook):
    metadata = {"name": "told", "annotations": annotated(inject="db")}
    team.make(pod(metadata=metadata))
    webhook.server.wait_until(lambda: f'"namespace": "{team.name}", "pod": "told"' in webhook.log())
    assert '"result": "injected"' in webhook.log()
    assert "forbidden" not in webhook.log()


def test_its_own_ca_is_what_the_api_server_trusts(installed, webhook):
    (only,) = installed.webhooks()
    assert b"BEGIN CERTIFICATE" in base64.b64decode(only["clientConfig"]["caBundle"])
