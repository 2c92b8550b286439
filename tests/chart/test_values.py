"""Values that can't be meant are refused, each with its path."""

import json

import pytest
import yaml
from helm_python import HelmError

from tests.chart.helm import FOLDER, chart, of_kind, one, rendered
from tests.chart.matrix import MATRIX

KUBERNETES_OWN = {"podSecurityContext", "securityContext"}
"""What may stand there, the API server knows."""


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"replicaCount": "2"}, "/replicaCount"),
        ({"replicaCount": -1}, "/replicaCount"),
        ({"replicas": 2}, "replicas"),
        ({"image": {"repo": "x"}}, "/image"),
        ({"image": {"repository": ""}}, "/image/repository"),
        ({"image": {"digest": "sha256:12"}}, "/image/digest"),
        ({"image": {"tag": "a b"}}, "/image/tag"),
        ({"image": {"pullPolicy": "always"}}, "/image/pullPolicy"),
        ({"log": {"level": "verbose"}}, "/log/level"),
        ({"concurrent": 0}, "/concurrent"),
        ({"storeRequeueInterval": "5 minutes"}, "/storeRequeueInterval"),
        ({"storeRequeueInterval": 300}, "/storeRequeueInterval"),
        ({"leaderElectionLeaseDuration": "fast"}, "/leaderElectionLeaseDuration"),
        ({"leaderElectionID": "A"}, "/leaderElectionID"),
        ({"serviceMonitor": {"renderMode": "sometimes"}}, "/serviceMonitor/renderMode"),
        ({"prometheusRule": {"disabled": "all"}}, "/prometheusRule/disabled"),
        ({"grafanaDashboard": {"sidecarLabel": ""}}, "/grafanaDashboard/sidecarLabel"),
        ({"global": {"hostAliases": [{"ip": "10.0.0.1"}]}}, "/global/hostAliases/0"),
        ({"global": {"imageRegistry": "https://r.example"}}, "/global/imageRegistry"),
        ({"log": {"timeEncoding": "unix"}}, "/log/timeEncoding"),
        ({"strategy": {"type": "BlueGreen"}}, "/strategy/type"),
        ({"leaderElect": "yes"}, "/leaderElect"),
        ({"scopedNamespace": "Team A"}, "/scopedNamespace"),
        ({"extraArgs": ["--x"]}, "/extraArgs"),
        ({"extraArgs": {"--x": "1"}}, "/extraArgs"),
        ({"extraEnv": [{"value": "x"}]}, "/extraEnv/0"),
        ({"extraVolumeMounts": [{"name": "x"}]}, "/extraVolumeMounts/0"),
        ({"rbac": {"create": "true"}}, "/rbac/create"),
        ({"serviceAccount": {"annotations": {"a": 1}}}, "/serviceAccount/annotations/a"),
        ({"live": {"port": 80}}, "/live/port"),
        ({"metrics": {"listen": {"port": "8080"}}}, "/metrics/listen/port"),
        ({"podDisruptionBudget": {"maxUnavailable": "half"}}, "/podDisruptionBudget/maxUnavailable"),
        ({"serviceMonitor": {"interval": "often"}}, "/serviceMonitor/interval"),
        ({"networkPolicy": {"egress": {}}}, "/networkPolicy/egress"),
        ({"terminationGracePeriodSeconds": 1}, "/terminationGracePeriodSeconds"),
        ({"tolerations": {"key": "a"}}, "/tolerations"),
    ],
)
def test_a_wrong_value_is_refused_with_its_path(values, path):
    with pytest.raises(HelmError) as refused:
        chart().validate_schema(values)
    assert path in str(refused.value)
    with pytest.raises(HelmError):
        chart().render(values)


@pytest.mark.parametrize("values", MATRIX.values(), ids=MATRIX)
def test_right_values_are_accepted(values):
    chart().validate_schema(values)


OPEN = KUBERNETES_OWN | {"spec", "requests", "limits", "rollingUpdate"}
"""Maps of Kubernetes' own."""
DEFAULTS = yaml.safe_load((FOLDER / "values.yaml").read_text())


def maps(values, above=()):
    """The path of each map whose keys are the chart's own."""
    for key, value in values.items():
        if isinstance(value, dict) and value and key not in OPEN:
            yield (*above, key)
            yield from maps(value, (*above, key))


@pytest.mark.parametrize(
    "path", [(), *(path for path in maps(DEFAULTS) if path != ("global",))], ids=lambda path: ".".join(path) or "top"
)
def test_a_misspelt_value_is_refused_wherever_it_stands(path):
    """But for `global`, where a chart around this one may have values of its own."""
    values = {"mispelt": 1}
    for key in reversed(path):
        values = {key: values}
    with pytest.raises(HelmError, match="mispelt"):
        chart().validate_schema(values)


OF_THE_OPERATOR = yaml.safe_load("""
replicaCount: 2
leaderElect: true
concurrent: 5
extendedMetricLabels: true
bitwarden-sdk-server: {enabled: false}
crds: {createClusterExternalSecret: false, createPushSecret: false, conversion: {enabled: false}}
processClusterExternalSecret: false
processPushSecret: false
processClusterStore: true
genericTargets: {enabled: false}
serviceAccount: {annotations: {eks.amazonaws.com/role-arn: "arn:aws:iam::1:role/a"}}
resources: {requests: {cpu: 10m, memory: 64Mi}}
metrics: {listen: {port: 8080, secure: {enabled: false}}, service: {enabled: true}}
serviceMonitor: {enabled: true, renderMode: alwaysRender, additionalLabels: {release: prometheus}}
livenessProbe:
  enabled: true
  spec: {address: "", port: 8082, timeoutSeconds: 5, httpGet: {port: live, path: /healthz}}
podDisruptionBudget: {enabled: true, minAvailable: 1}
webhook: {create: false, replicaCount: 2, certManager: {enabled: true}}
certController: {create: false, resources: {requests: {cpu: 10m}}}
""")


def test_a_values_file_of_the_operators_works_with_what_is_missing_here_switched_off():
    manifests = rendered(OF_THE_OPERATOR)
    deployment = one(manifests, "Deployment")
    assert deployment["spec"]["replicas"] == 2
    (it,) = deployment["spec"]["template"]["spec"]["containers"]
    assert {"--concurrent=5", "--enable-extended-metric-labels=true"} <= {*it["args"]}
    assert it["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "live"}
    (account,) = of_kind(manifests, "ServiceAccount")
    assert account["metadata"]["annotations"] == OF_THE_OPERATOR["serviceAccount"]["annotations"]


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"processPushSecret": True}, "/processPushSecret"),
        ({"crds": {"createPushSecret": True}}, "/crds/createPushSecret"),
        ({"webhook": {"replicaCount": 2}}, "/webhook"),
        ({"certController": {"create": True}}, "/certController/create"),
        ({"genericTargets": {"enabled": True}}, "/genericTargets/enabled"),
        ({"metrics": {"listen": {"secure": {"enabled": True}}}}, "/metrics/listen/secure/enabled"),
        ({"bitwarden-sdk-server": {"enabled": True}}, "/bitwarden-sdk-server/enabled"),
        ({"image": {"flavour": "ubi"}}, "/image/flavour"),
    ],
)
def test_what_only_the_operator_has_is_refused_where_it_is_wanted(values, path):
    with pytest.raises(HelmError) as refused:
        chart().validate_schema(values)
    assert path in str(refused.value)


def test_every_default_is_described_by_the_schema():
    def undescribed(values, schema, path=""):
        for key, value in values.items():
            known = schema.get("properties", {}).get(key)
            if known is None:
                yield f"{path}/{key}"
            elif isinstance(value, dict) and "properties" in known and key not in KUBERNETES_OWN:
                yield from undescribed(value, known, f"{path}/{key}")

    schema = json.loads((FOLDER / "values.schema.json").read_text())
    assert list(undescribed(chart().values, schema)) == []
