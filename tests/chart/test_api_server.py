"""What the chart renders, as a real API server takes it: every object, validated strictly, none stored."""

import pytest
import yaml

from tests.chart.helm import one, rendered
from tests.chart.matrix import MATRIX

pytestmark = pytest.mark.server


def apply_dry(cluster, manifests):
    return cluster.kubectl(
        "apply", "--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict", "-f", "-",
        stdin=yaml.safe_dump_all(manifests),
    ).splitlines()  # fmt: skip


@pytest.mark.parametrize("values", MATRIX.values(), ids=MATRIX)
def test_the_api_server_takes_every_object(cluster, namespace, values):
    manifests = rendered(values, namespace=namespace)
    answer = apply_dry(cluster, manifests)
    assert len(answer) == len(manifests), answer


def test_a_field_that_the_api_server_does_not_know_is_refused(cluster, namespace):
    manifests = rendered({"podSecurityContext": {"runAsRoot": True}}, namespace=namespace)
    with pytest.raises(RuntimeError, match="runAsRoot"):
        apply_dry(cluster, manifests)


def test_the_pod_may_run_in_a_restricted_namespace(cluster, namespace):
    restricted = cluster.create_namespace(f"{namespace}-r", {"pod-security.kubernetes.io/enforce": "restricted"})
    template = one(rendered(namespace=restricted), "Deployment")["spec"]["template"]
    cluster.create_service_account(restricted, template["spec"]["serviceAccountName"])
    pods = f"/api/v1/namespaces/{restricted}/pods?dryRun=All"
    pod = {"metadata": {"name": "it", "labels": template["metadata"]["labels"]}, "spec": template["spec"]}
    spec = cluster.request("POST", pods, pod)["spec"]
    assert spec["containers"][0]["args"][0] == "controller"
    (container,) = template["spec"]["containers"]
    laxer = {**template["spec"], "securityContext": {}, "containers": [{**container, "securityContext": {}}]}
    with pytest.raises(RuntimeError, match="violates PodSecurity"):
        cluster.request("POST", pods, {**pod, "spec": laxer})
    cluster.request("DELETE", f"/api/v1/namespaces/{restricted}")
