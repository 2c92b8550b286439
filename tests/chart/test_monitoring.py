"""What Prometheus and Grafana are told: only of series that there are, in a language that they understand."""

import json
import re

import promql_parser
import pytest
from helm_python import HelmRenderError

from tests.chart.helm import EVERYTHING, of_kind, one, rendered
from tests.chart.monitored import ALL, GIVEN, dashboard, questions, rules

QUESTIONS = list(questions())


def selectors(node):
    """The series that an expression reads: name and the labels that it asks for."""
    if isinstance(node, promql_parser.VectorSelector):
        yield node.name, {matcher.name for matcher in node.matchers.matchers}
    for field in ("expr", "lhs", "rhs", "vector_selector", "param"):
        child = getattr(node, field, None)
        if child is not None and not isinstance(child, str | float):
            yield from selectors(child)
    for child in getattr(node, "args", ()):
        yield from selectors(child)


@pytest.mark.parametrize(("title", "expression"), QUESTIONS, ids=[f"{title}" for title, _ in QUESTIONS])
def test_a_question_is_asked_of_series_that_there_are(title, expression):
    asked = list(selectors(promql_parser.parse(expression)))
    assert asked
    for name, labels in asked:
        family = ALL.get(name) or ALL.get(re.sub(r"_(total|bucket|count|sum)$", "", name))
        assert family, f"{title}: there is no series {name}"
        assert labels - GIVEN <= family[1], f"{title}: {name} has no such labels"
        assert "service" in labels or name.startswith("injector_"), f"{title}: {name} of every program on the cluster"


def test_each_alert_says_what_it_means_and_can_be_left_away():
    found = rules()
    assert len(found) >= 8
    for name, rule in found.items():
        assert rule["labels"]["severity"] in ("warning", "critical"), name
        assert rule["annotations"]["summary"], name
        assert rule["annotations"]["description"], name
        assert name not in rules({"disabled": [name]})


def test_the_summary_names_the_object_in_prometheus_own_braces():
    rule = rules()["ExternalSecretNotReady"]
    assert rule["annotations"]["summary"] == "ExternalSecret {{ $labels.namespace }}/{{ $labels.name }} is not ready"
    service = one(rendered(EVERYTHING), "Service")["metadata"]["name"]
    assert f'service="{service}"' in rule["expr"]


def test_rules_of_ones_own_and_labels_of_ones_own():
    mine = {"alert": "Mine", "expr": "vector(1)"}
    found = rules({"additionalRules": [mine], "ruleLabels": {"severity": "page", "team": "a"}})
    assert found.pop("Mine") == mine
    assert {(rule["labels"]["severity"], rule["labels"]["team"]) for rule in found.values()} == {("page", "a")}


def test_without_leader_election_nobody_asks_who_leads():
    alerts = {"prometheusRule": {"enabled": True, "renderMode": "alwaysRender"}, "leaderElect": False}
    assert "ExternalSecretsWithoutLeader" not in str(one(rendered(alerts), "PrometheusRule"))


def test_a_release_has_the_alerts_of_what_is_part_of_it():
    of = {
        frozenset(name.startswith("Injector") for name in rules(**values))
        for values in ({"createOperator": True, "injector": {"enabled": False}}, {"createOperator": False})
    }
    assert of == {frozenset({False}), frozenset({True})}
    assert "InjectorFilesStale" not in rules(injector={"agent": {"podMonitor": {"enabled": False}}})


@pytest.mark.parametrize(("kind", "key"), [("ServiceMonitor", "serviceMonitor"), ("PrometheusRule", "prometheusRule")])
def test_a_kind_that_the_cluster_lacks_is_left_away_refused_or_written_anyway(kind, key):
    def made(mode):
        return len(of_kind(rendered({key: {"enabled": True, "renderMode": mode}}), kind))

    assert (made("skipIfMissing"), made("alwaysRender")) == (0, 1)
    with pytest.raises(HelmRenderError, match=f"the cluster has no kind {kind}: install the Prometheus operator"):
        made("failIfMissing")


def test_a_service_monitor_has_the_usual_fields():
    fields = {
        "jobLabel": "app", "targetLabels": ["team"], "podTargetLabels": ["zone"], "sampleLimit": 9, "labelLimit": 30,
    }  # fmt: skip
    values = {**EVERYTHING["serviceMonitor"], **fields, "annotations": {"a": "b"}, "interval": "1m"}
    monitor = one(rendered({"serviceMonitor": values}), "ServiceMonitor")
    assert monitor["spec"].items() >= fields.items()
    assert monitor["metadata"]["annotations"] == {"a": "b"}
    assert monitor["spec"]["endpoints"][0]["interval"] == "1m"
    plain = one(rendered({"serviceMonitor": EVERYTHING["serviceMonitor"]}), "ServiceMonitor")["spec"]
    assert not fields.keys() & plain.keys()


def test_the_dashboard_is_found_by_grafanas_sidecar():
    values = {"enabled": True, "namespace": "grafana", "extraLabels": {"a": "b"}, "annotations": {"folder": "x"}}
    found = one(rendered({"grafanaDashboard": values}), "ConfigMap")
    assert found["metadata"]["namespace"] == "grafana"
    assert found["metadata"]["labels"].items() >= {"grafana_dashboard": "1", "a": "b"}.items()
    assert json.loads(found["data"]["external-secrets-injector.json"]) == dashboard()


def test_panels_of_the_dashboard_neither_overlap_nor_repeat_an_id():
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert max(x for x, _ in cells) < 24
        assert not cells & taken, panel["title"]
        taken |= cells
