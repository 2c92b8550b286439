"""The real API server with what a cluster has besides it that the chart is made for."""

import pytest

SERVICE_MONITORS = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "servicemonitors.monitoring.coreos.com"},
    "spec": {
        "group": "monitoring.coreos.com",
        "names": {"kind": "ServiceMonitor", "listKind": "ServiceMonitorList", "plural": "servicemonitors", "singular": "servicemonitor"},
        "scope": "Namespaced",
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}  # fmt: skip


@pytest.fixture(scope="session")
def cluster(control_plane, crds):
    """The control plane, with our kinds and the Prometheus operator's."""
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    control_plane.request("POST", path, SERVICE_MONITORS)
    url = "/apis/monitoring.coreos.com/v1/servicemonitors"
    with control_plane.client() as client:
        control_plane.apiserver.wait_until(lambda: client.get(url).is_success)
    return control_plane
