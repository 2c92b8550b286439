"""What Prometheus and Grafana are asked by the chart, and the series that there are to be asked about."""

import json
from collections import Counter
from types import SimpleNamespace

from prometheus_client import generate_latest

from injector.agent.health import Health
from injector.webhook.metrics import Metrics
from secretcore.errors import StoreUnavailable
from tests.chart.helm import FOLDER, one, rendered
from tests.controller import series

GIVEN = {"service", "pod", "job", "instance", "namespace"}
"""Labels that a ServiceMonitor or PodMonitor gives every series."""
WHOLE = {"injector": {"enabled": True, "agent": {"podMonitor": {"enabled": True}}}}


def _of_agent():
    """What an agent whose only ExternalSecret failed says of itself."""
    record = SimpleNamespace(
        subject=SimpleNamespace(name="db"), refreshed_at=1.0, refreshes=1, failures=1, error=StoreUnavailable("away")
    )
    refresher = SimpleNamespace(
        records={"db": record},
        is_started=True,
        work=SimpleNamespace(max_staleness=None),
        publications=1,
        volume_error="",
    )
    return Health(refresher, SimpleNamespace(told=Counter())).routes()["/metrics"]()[1]


ALL = (
    series.ALL | series.families(generate_latest(Metrics().registry).decode()) | series.families(_of_agent())
)  # fmt: skip
"""Name → type and labels, of controller, webhook and agent."""


def rules(of_rule=None, **values):
    """The alerts and records of a release with everything, by name."""
    given = WHOLE | values | {"prometheusRule": {"enabled": True, "renderMode": "alwaysRender", **(of_rule or {})}}
    (group,) = one(rendered({"installCRDs": False} | given), "PrometheusRule")["spec"]["groups"]
    return {rule.get("alert") or rule["record"]: rule for rule in group["rules"]}


def dashboard():
    return json.loads((FOLDER / "files" / "monitoring" / "dashboard.json").read_text())


def questions():
    """Title and expression of each."""
    for name, rule in rules().items():
        yield name, rule["expr"]
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"].replace("$__rate_interval", "5m").replace("$", "")
