"""The real API server with what a cluster has besides it that the chart is made for."""

import pytest

OTHERS = {
    "monitoring.coreos.com": ("ServiceMonitor", "PodMonitor", "PrometheusRule"),
    "cert-manager.io": ("Certificate", "Issuer"),
}


def definition(group, kind):
    """A kind of another operator's that takes anything."""
    singular = kind.lower()
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{singular}s.{group}"},
        "spec": {
            "group": group,
            "names": {"kind": kind, "listKind": f"{kind}List", "plural": f"{singular}s", "singular": singular},
            "scope": "Namespaced",
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    }


@pytest.fixture(scope="session")
def cluster(control_plane, crds):
    """The control plane, with our kinds, the Prometheus operator's and cert-manager's."""
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    for group, kinds in OTHERS.items():
        for kind in kinds:
            control_plane.request("POST", path, definition(group, kind))
            url = f"/apis/{group}/v1/{kind.lower()}s"
            with control_plane.client() as client:
                control_plane.apiserver.wait_until(lambda url=url, client=client: client.get(url).is_success)
    return control_plane
