"""Pods that a controller makes, not a person: what a refusal does to a ReplicaSet."""

import pytest

from tests.injector.pods.shop import AGENT, eventually

pytestmark = pytest.mark.server


def replica_set(pod):
    labels = {"app": "shop"}
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {"name": "shop"},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels, "annotations": pod["metadata"]["annotations"]},
                "spec": pod["spec"],
            },
        },
    }


def test_a_replica_set_says_what_is_missing_and_gets_its_pods_when_it_is_there(shop, control_plane):
    def failure():
        (it,) = control_plane.request("GET", f"/apis/apps/v1/namespaces/{shop.namespace}/replicasets")["items"]
        return [each["message"] for each in it.get("status", {}).get("conditions", ())]

    shop.apply(shop.manifests["ServiceAccount"], replica_set(shop.manifests["Pod"]))
    (message,) = eventually(failure, "the ReplicaSet says why it has no pods")
    assert "does not exist in namespace" in message
    assert "create it, or correct the pod's annotation" in message
    shop.apply(shop.manifests["SecretStore"], shop.manifests["ExternalSecret"])

    def pods():
        found = control_plane.request("GET", f"/api/v1/namespaces/{shop.namespace}/pods")["items"]
        return found if len(found) == 2 else None

    for each in eventually(pods, "the ReplicaSet has its pods"):
        assert AGENT in [container["name"] for container in each["spec"]["initContainers"]]
