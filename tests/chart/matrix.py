"""Values that between them set everything that values.yaml has: what the tests render and apply.

A test fails when a value of values.yaml is in no row, or changes nothing in its rows.
"""

from tests.chart.helm import EVERYTHING

DIGEST = f"sha256:{'a' * 64}"
PERIOD = {"periodSeconds": 7, "timeoutSeconds": 6, "failureThreshold": 9}
RELABELINGS = {
    "relabelings": [{"action": "labeldrop", "regex": "pod"}],
    "metricRelabelings": [{"action": "keep", "regex": "x"}],
}
FROM = [{"namespaceSelector": {"matchLabels": {"team": "monitoring"}}}]
EGRESS = [{"ports": [{"port": 443}]}, {"ports": [{"port": 53, "protocol": "UDP"}]}]
EXTRAS = {
    "extraEnv": [{"name": "A", "value": "1"}],
    "extraEnvFrom": [{"secretRef": {"name": "login", "optional": True}}],
    "extraContainers": [{"name": "proxy", "image": "proxy"}],
    "extraInitContainers": [{"name": "wait", "image": "busybox"}],
    "extraVolumes": [{"name": "ca", "configMap": {"name": "ca"}}],
    "extraVolumeMounts": [{"name": "ca", "mountPath": "/ca", "readOnly": True}],
    "lifecycle": {"preStop": {"sleep": {"seconds": 3}}},
    "podLabels": {"tier": "control"},
    "podAnnotations": {"note": "1"},
    "deploymentAnnotations": {"note": "true"},
    "deploymentLabels": {"note": "true"},
    "podSpecExtra": {"enableServiceLinks": False},
}
POD = {
    "nodeSelector": {"disk": "ssd"},
    "tolerations": [{"key": "a", "operator": "Exists"}],
    "affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}},
    "topologySpreadConstraints": [
        {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": {"matchLabels": {"a": "b"}}}
    ],
    "priorityClassName": "system-cluster-critical",
    "schedulerName": "mine",
    "runtimeClassName": "gvisor",
    "hostAliases": [{"ip": "10.0.0.7", "hostnames": ["vault.internal"]}],
    "hostNetwork": True,
    "hostUsers": True,
    "imagePullSecrets": [{"name": "pull"}],
    "terminationGracePeriodSeconds": 20,
    "dnsPolicy": "None",
    "dnsConfig": {"nameservers": ["1.1.1.1"]},
}  # fmt: skip
"""Of the pods of any component, as they stand in the pod."""
SECURITY = {
    "podSecurityContext": {
        "runAsNonRoot": False, "runAsUser": 7, "runAsGroup": 7, "fsGroup": 7, "seccompProfile": {"type": "Unconfined"},
    },
    "securityContext": {
        "allowPrivilegeEscalation": True, "capabilities": {"drop": ["NET_RAW"]}, "readOnlyRootFilesystem": False,
        "runAsNonRoot": False, "seccompProfile": {"type": "Unconfined"},
    },
}  # fmt: skip
PROBES = {f"{probe}Probe": {"enabled": True, "spec": PERIOD} for probe in ("liveness", "readiness", "startup")}


def injector(**values):
    return {"injector": {"enabled": True, **values}}


CONTROLLER = {
    "default": {},
    "everything": EVERYTHING,
    "pod": POD,
    "scoped": {"scopedRBAC": True, "leaderElect": False},
    "scoped at home": {"scopedRBAC": True},
    "scoped elsewhere": {"scopedRBAC": True, "scopedNamespace": "default", "lendIdentity": False},
    "global": {
        "global": {
            "imageRegistry": "registry.example:5000",
            "repository": "team/both",
            "imagePullSecrets": [{"name": "pull"}],
            "nodeSelector": {"disk": "ssd"},
            "tolerations": [{"key": "a", "operator": "Exists"}],
            "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}},
            "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}],
            "hostAliases": [{"ip": "10.0.0.7", "hostnames": ["vault.internal"]}],
            "priorityClassName": "system-cluster-critical",
            "runtimeClassName": "gvisor",
            "podLabels": {"a": "1"},
            "podAnnotations": {"b": "2"},
            "compatibility": {"openshift": {"adaptSecurityContext": "force"}},
        }
    },
    "of users": {**SECURITY, **PROBES, "hostUsers": False, "strategy": {"rollingUpdate": {"maxSurge": 2}}},
    "of nobody": {"podSecurityContext": {"enabled": False}, "securityContext": {"enabled": False}},
    "unprobed": {"livenessProbe": {"enabled": False}, "readinessProbe": {"enabled": False}},
    "monitored": {
        "serviceMonitor": {
            **EVERYTHING["serviceMonitor"], **RELABELINGS, "jobLabel": "a", "targetLabels": ["b"], "podTargetLabels": ["c"],
            "sampleLimit": 5, "labelLimit": 6, "annotations": {"c": "1"}, "additionalLabels": {"release": "prometheus"},
            "interval": "1m", "scrapeTimeout": "9s",
            "scheme": "https", "tlsConfig": {"insecureSkipVerify": True}, "authorization": {"credentials": {"name": "scraper", "key": "token"}}, "honorLabels": False, "namespace": "default",
        },
        "prometheusRule": {
            **EVERYTHING["prometheusRule"], "namespace": "default", "additionalLabels": {"release": "prometheus"},
            "annotations": {"a": "1"}, "ruleLabels": {"team": "a"}, "disabled": ["SecretStoreNotReady"],
            "additionalRules": [{"alert": "Mine", "expr": "vector(1)"}],
        },
        "grafanaDashboard": {
            "enabled": True, "namespace": "default", "annotations": {"folder": "x"}, "extraLabels": {"a": "b"},
            "sidecarLabel": "dashboards", "sidecarLabelValue": "yes",
        },
        "service": {"ipFamilyPolicy": "PreferDualStack", "ipFamilies": ["IPv4"]},
        "metrics": {"listen": {"port": 9090}, "service": {"enabled": True, "port": 9090, "annotations": {"a": "1"}, "labels": {"b": "2"}}},
    },
    "scraped by others": {"metrics": {"service": {"enabled": True}}},
    "replicas": {"replicaCount": 3, "podDisruptionBudget": {"enabled": True, "minAvailable": "50%", "nameOverride": "mine"}},
    "disruptions": {"podDisruptionBudget": {"enabled": True, "maxUnavailable": "30%"}},
    "long names": {"fullnameOverride": "f" * 63, **EVERYTHING},
    "other names": {
        "nameOverride": "es", "serviceAccount": {"name": "mine"}, "namespaceOverride": "default",
        "image": {"registry": "r.example", "repository": "team/esi", "tag": "2", "pullPolicy": "Always"},
    },
    "restricted network": {"networkPolicy": {"enabled": True, "ingress": {"from": FROM}, "egress": EGRESS}},
    "extras": {
        **EXTRAS,
        "commonLabels": {"team": "platform"},
        "serviceAccount": {"annotations": {"cloud.example/role": "123"}, "extraLabels": {"a": "b"}, "automount": False},
        "extraArgs": {"enable-flood-gate": False},
        "extraObjects": [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "more"}}],
        "crds": {"annotations": {"note": "1"}},
        "image": {"digest": DIGEST},
        "resources": {"requests": {"cpu": "20m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
        "revisionHistoryLimit": 3,
    },
    "settings": {
        "leaderElectionID": "mine", "leaderElectionLeaseDuration": "60s", "leaderElectionRenewDeadline": "40s",
        "leaderElectionRetryPeriod": "5s", "controllerClass": "blue", "processSecretStore": False,
        "processClusterStore": False, "concurrent": 4, "storeRequeueInterval": "10m", "lendIdentity": False,
        "log": {"level": "debug", "timeEncoding": "epoch"}, "extendedMetricLabels": True, "live": {"port": 8083},
    },
    "few rights": {
        "rbac": {
            "serviceAccountTokenCreate": False, "servicebindings": {"create": False}, "aggregateToView": False,
            "aggregateToEdit": False, "aggregateToAdmin": False,
        },
        "openshiftFinalizers": False,
    },
    "no rights": {"rbac": {"create": False}, "serviceAccount": {"create": False}},
    "one kind of stores": {"crds": {"createClusterSecretStore": False}},
    "the other kind of stores": {"crds": {"createSecretStore": False}},
    "no definitions": {"installCRDs": False, "createOperator": False},
    "no controller": {"createOperator": False, "serviceAccount": {"create": False}},
}  # fmt: skip
"""Rows for the controller, and for what is of the whole release."""

INJECTOR = {
    "injector": injector(),
    "sidecars": injector(mode="sidecar", nativeSidecars=False, platformAssignsUIDs=True) | {"fullnameOverride": "f" * 63},
    "agents": injector(
        agent={
            "image": {"registry": "r.example", "repository": "team/agent", "tag": "2", "pullPolicy": "Always"},
            "resources": {"requests": {"cpu": "10m", "memory": "48Mi"}, "limits": {"memory": "128Mi"}},
            "volumeSize": "32Mi", "port": 9000, "deadline": "1m", "uid": 1234, "probeCommand": ["/probe"],
            "podMonitor": {
                **RELABELINGS, "enabled": True, "renderMode": "alwaysRender", "namespace": "default", "interval": "1m",
                "additionalLabels": {"release": "prometheus"}, "annotations": {"a": "1"},
                "selector": {"matchLabels": {"app": "shop"}},
            },
        },
    ),
    "an agent by digest": injector(agent={"image": {"digest": DIGEST}}),
    "webhook pod": injector(webhook={**POD, **EXTRAS, "resources": {"requests": {"cpu": "1", "memory": "256Mi"}}}),
    "webhook of users": injector(
        webhook={**SECURITY, **PROBES, "strategy": {"type": "Recreate"}, "hostUsers": False, "serviceAccount": {"name": "mine"}}
    ),
    "webhook of nobody": injector(
        webhook={
            "podSecurityContext": {"enabled": False}, "securityContext": {"enabled": False}, "livenessProbe": {"enabled": False},
            "readinessProbe": {"enabled": False}, "serviceAccount": {"create": False}, "podDisruptionBudget": {"enabled": False},
        }
    ),
    "webhook image": injector(
        webhook={"image": {"registry": "r.example", "repository": "team/hook", "tag": "3", "pullPolicy": "Never"}}
    ),
    "webhook by digest": injector(webhook={"image": {"digest": DIGEST}}),
    "webhook settings": injector(
        webhook={
            "replicaCount": 3, "url": "https://hook.example:9443", "port": 9999, "timeoutSeconds": 5, "failurePolicy": "Ignore",
            "namespaceSelector": {"matchLabels": {"a": "b"}}, "objectSelector": {"matchLabels": {"a": "b"}},
            "matchConditions": [{"name": "not-system", "expression": "request.namespace != 'kube-system'"}],
            "drain": "3s", "live": {"port": 9082}, "metrics": {"port": 9080}, "annotations": {"a": "1"},
            "service": {"annotations": {"a": "1"}, "labels": {"b": "2"}}, "secretAnnotations": {"a": "1"},
            "serviceAccount": {"annotations": {"a": "1"}, "extraLabels": {"b": "2"}, "automount": False},
            "podDisruptionBudget": {"minAvailable": 1, "nameOverride": "mine"}, "extraArgs": {"loglevel": "debug"},
            "networkPolicy": {"enabled": True, "ingress": {"from": FROM}, "egress": EGRESS},
        },
    ),
    "webhook disruptions": injector(webhook={"podDisruptionBudget": {"maxUnavailable": "30%"}}),
    "webhook scaled": injector(
        webhook={
            "autoscaling": {
                "enabled": True, "minReplicas": 3, "maxReplicas": 9, "targetCPUUtilizationPercentage": 50,
                "behavior": {"scaleDown": {"stabilizationWindowSeconds": 60}},
            }
        }
    ),
    "webhook scaled otherwise": injector(
        webhook={
            "autoscaling": {
                "enabled": True,
                "metrics": [{"type": "Resource", "resource": {"name": "memory", "target": {"type": "Utilization", "averageUtilization": 70}}}],
            }
        }
    ),
    "webhook monitored": injector(agent={"podMonitor": {"enabled": True, "renderMode": "alwaysRender"}}) | EVERYTHING,
    "cert-manager": injector(
        certManager={
            "enabled": True, "issuerRef": {"kind": "ClusterIssuer", "name": "mine"}, "duration": "48h", "renewBefore": "24h",
        }
    ),
    "cert-manager alone": injector(certManager={"enabled": True}),
}  # fmt: skip
"""Rows for the injector, most without a controller."""

MATRIX = CONTROLLER | INJECTOR
