"""What the chart renders, as a real API server takes it: every object, validated strictly, none stored."""

import pytest
import yaml

from tests.chart.helm import EVERYTHING, one, rendered
from tests.chart.test_rendering import POD

pytestmark = pytest.mark.server

MATRIX = {
    "default": {},
    "everything": EVERYTHING,
    "pod": POD,
    "scoped": {"scopedRBAC": True, "leaderElect": False},
    "scoped at home": {"scopedRBAC": True},
    "global": {
        "global": {
            "imageRegistry": "registry.example:5000",
            "imagePullSecrets": [{"name": "pull"}],
            "nodeSelector": {"disk": "ssd"},
            "tolerations": [{"key": "a", "operator": "Exists"}],
            "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}},
            "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}],
            "hostAliases": [{"ip": "10.0.0.7", "hostnames": ["vault.internal"]}],
            "priorityClassName": "system-cluster-critical",
            "podLabels": {"a": "1"},
            "podAnnotations": {"b": "2"},
            "compatibility": {"openshift": {"adaptSecurityContext": "force"}},
        }
    },
    "own users": {"hostUsers": False, "startupProbe": {"enabled": True}, "strategy": {"rollingUpdate": {"maxSurge": 2}}},
    "monitored": {
        "serviceMonitor": {
            **EVERYTHING["serviceMonitor"], "jobLabel": "a", "targetLabels": ["b"], "sampleLimit": 5, "annotations": {"c": "1"},
            "relabelings": [{"action": "labeldrop", "regex": "pod"}], "metricRelabelings": [{"action": "keep", "regex": "x"}],
        },
        "prometheusRule": {**EVERYTHING["prometheusRule"], "additionalRules": [{"alert": "Mine", "expr": "vector(1)"}]},
        "grafanaDashboard": {"enabled": True, "annotations": {"folder": "x"}},
        "service": {"ipFamilyPolicy": "PreferDualStack", "ipFamilies": ["IPv4"]},
    },
    "replicas": {"replicaCount": 3, "podDisruptionBudget": {"enabled": True, "minAvailable": "50%"}},
    "long names": {"fullnameOverride": "f" * 63, **EVERYTHING},
    "restricted network": {
        "networkPolicy": {
            "enabled": True,
            "ingress": {"from": [{"namespaceSelector": {"matchLabels": {"team": "monitoring"}}}]},
            "egress": [{"ports": [{"port": 443}]}, {"ports": [{"port": 53, "protocol": "UDP"}]}],
        }
    },
    "extras": {
        "commonLabels": {"team": "platform"},
        "podLabels": {"tier": "control"},
        "podAnnotations": {"note": "1"},
        "deploymentAnnotations": {"note": "true"},
        "serviceAccount": {"annotations": {"cloud.example/role": "123"}, "extraLabels": {"a": "b"}, "automount": False},
        "metrics": {"service": {"enabled": True, "annotations": {"a": "1"}, "labels": {"b": "2"}}},
        "deploymentLabels": {"note": "true"},
        "extraEnv": [{"name": "A", "value": "1"}],
        "extraEnvFrom": [{"secretRef": {"name": "login", "optional": True}}],
        "extraContainers": [{"name": "proxy", "image": "proxy"}],
        "extraInitContainers": [{"name": "wait", "image": "busybox"}],
        "podSpecExtra": {"enableServiceLinks": False},
        "extraVolumes": [{"name": "ca", "configMap": {"name": "ca"}}],
        "extraVolumeMounts": [{"name": "ca", "mountPath": "/ca", "readOnly": True}],
        "extraObjects": [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "more"}}],
        "crds": {"annotations": {"note": "1"}},
        "image": {"digest": f"sha256:{'a' * 64}"},
    },
}  # fmt: skip


def apply_dry(cluster, namespace, manifests):
    return cluster.kubectl(
        "apply", "--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict", "-n", namespace,
        "-f", "-", stdin=yaml.safe_dump_all(manifests),
    ).splitlines()  # fmt: skip


@pytest.mark.parametrize("values", MATRIX.values(), ids=MATRIX)
def test_the_api_server_takes_every_object(cluster, namespace, values):
    scope = {"scopedNamespace": namespace} if values.get("scopedRBAC") else {}
    manifests = rendered(values | scope, namespace=namespace)
    answer = apply_dry(cluster, namespace, manifests)
    assert len(answer) == len(manifests), answer


def test_a_field_that_the_api_server_does_not_know_is_refused(cluster, namespace):
    manifests = rendered({"podSecurityContext": {"runAsRoot": True}}, namespace=namespace)
    with pytest.raises(RuntimeError, match="runAsRoot"):
        apply_dry(cluster, namespace, manifests)


def test_the_pod_may_run_in_a_restricted_namespace(cluster, namespace):
    restricted = cluster.create_namespace(f"{namespace}-r", {"pod-security.kubernetes.io/enforce": "restricted"})
    template = one(rendered(namespace=restricted), "Deployment")["spec"]["template"]
    cluster.create_service_account(restricted, template["spec"]["serviceAccountName"])
    pods = f"/api/v1/namespaces/{restricted}/pods?dryRun=All"
    pod = {"metadata": {"name": "it", "labels": template["metadata"]["labels"]}, "spec": template["spec"]}
    spec = cluster.request("POST", pods, pod)["spec"]
    assert spec["containers"][0]["command"] == ["python", "-m", "controller"]
    (container,) = template["spec"]["containers"]
    laxer = {**template["spec"], "securityContext": {}, "containers": [{**container, "securityContext": {}}]}
    with pytest.raises(RuntimeError, match="violates PodSecurity"):
        cluster.request("POST", pods, {**pod, "spec": laxer})
    cluster.request("DELETE", f"/api/v1/namespaces/{restricted}")
