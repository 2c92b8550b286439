"""Values that can't be meant are refused, each with its path."""

import json

import pytest
from helm_python import HelmError

from tests.chart.helm import FOLDER, chart
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
