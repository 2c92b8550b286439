"""Alerts, evaluated by Prometheus' own engine over series as a scrape brings them: each fires for what it is about, and
for nothing else.
"""

from functools import cache

import pytest

from tests.chart.monitored import ALL, rules
from tests.chart.promql import firing

pytestmark = pytest.mark.server

MINUTES = 61
CONTROLLER = {"service": "demo-external-secrets-injector-metrics", "namespace": "team", "pod": "a"}
WEBHOOK = {"service": "demo-external-secrets-injector-webhook", "namespace": "team", "pod": "w"}
AGENT = {"namespace": "shop", "pod": "cart"}
DB = {**CONTROLLER, "namespace": "shop", "name": "db"}
QUEUE = {**CONTROLLER, "name": "externalsecret", "controller": "externalsecret"}
RECONCILES = {**CONTROLLER, "controller": "externalsecret"}
CALLS = {**CONTROLLER, "provider": "HashiCorp/Vault", "call": "Login"}
REQUESTS = {**CONTROLLER, "method": "GET", "host": "10.0.0.1:443"}
READY, NOT_READY = {"condition": "Ready", "status": "True"}, {"condition": "Ready", "status": "False"}


def always(value):
    return [value] * MINUTES


def growing(per_minute):
    return [per_minute * minute for minute in range(MINUTES)]


def scraped(name, values, /, **labels):
    """A series, of a family and with labels that there are."""
    family = next(each for each in (name, *(name.removesuffix(end) for end in ("_total",))) if each in ALL)
    assert set(labels) - {"service", "namespace", "pod"} == ALL[family][1] - {"namespace"}, name
    return {"labels": {"__name__": name, **labels}, "values": values}


WELL = {
    "failed": scraped("externalsecret_status_condition", always(0), **DB, **NOT_READY),
    "ready": scraped("externalsecret_status_condition", always(1), **DB, **READY),
    "store": scraped("secretstore_status_condition", always(0), **{**DB, "name": "vault"}, **NOT_READY),
    "shared": scraped("clustersecretstore_status_condition", always(0), **{**DB, "namespace": ""}, **NOT_READY),
    "present": scraped("controller_runtime_max_concurrent_reconciles", always(16), **RECONCILES),
    "leads": scraped("leader_election_master_status", always(1), **CONTROLLER, name="external-secrets-controller"),
    "follows": scraped("leader_election_master_status", always(0), **{**CONTROLLER, "pod": "b"}, name="external-secrets-controller"),
    "rival": scraped("externalsecret_other_controller_writes_total", always(0), **CONTROLLER),
    "overdue": scraped("workqueue_overdue_seconds", always(20), **QUEUE),
    "reconciles": scraped("controller_runtime_reconcile_total", growing(60), **RECONCILES, result="success"),
    "errors": scraped("controller_runtime_reconcile_errors_total", growing(3), **RECONCILES),
    "broke": scraped("controller_runtime_reconcile_panics_total", always(0), **RECONCILES),
    "answered": scraped("rest_client_requests_total", growing(100), **REQUESTS, code="200"),
    "refused by API": scraped("rest_client_requests_total", growing(2), **REQUESTS, code="503"),
    "called": scraped("externalsecret_provider_api_calls_count", growing(10), **CALLS, status="success"),
    "call failed": scraped("externalsecret_provider_api_calls_count", growing(1), **CALLS, status="error"),
    "certificate": scraped("injector_certificate_expiry_timestamp_seconds", always(60 * 86400), **WEBHOOK),
    "injected": scraped("injector_admissions_total", growing(5), **WEBHOOK, result="injected"),
    "pods refused": scraped("injector_admissions_total", always(0), **WEBHOOK, result="refused"),
    "undecided": scraped("injector_admissions_total", always(0), **WEBHOOK, result="failed"),
    "files": scraped("injector_agent_ready", always(1), **AGENT),
    "refresh": scraped("injector_agent_refresh_failures", always(1), **AGENT, external_secret="db"),
}  # fmt: skip
"""The series of a release that is well."""


def release(**wrong):
    """The same, with other values for those."""
    assert wrong.keys() <= WELL.keys()
    return [each | {"values": wrong.get(key, each["values"])} for key, each in WELL.items()]


@cache
def alerts():
    return list(rules().values())


NOTHING = [None] * MINUTES
CASES = {
    "ExternalSecretNotReady": (
        {"failed": always(1), "ready": always(0)}, "ExternalSecret shop/db is not ready"),
    "SecretStoreNotReady": ({"store": always(1)}, "store shop/vault is not ready"),
    "ExternalSecretsControllerAbsent": ({"present": NOTHING}, "no controller of external secrets answers"),
    "ExternalSecretsWithoutLeader": ({"leads": always(0)}, "no replica of the controller holds the lease"),
    "ExternalSecretsOtherController": (
        {"rival": growing(1)}, "the External Secrets Operator works on what this controller works on"),
    "ExternalSecretsRefreshLate": ({"overdue": always(600)}, "the queue externalsecret is 10m 0s behind"),
    "ExternalSecretsReconcileErrors": ({"errors": growing(30)}, "50% of the reconciles of externalsecret fail"),
    "ExternalSecretsReconcileBroke": ({"broke": growing(1)}, "a reconcile of externalsecret broke"),
    "ExternalSecretsApiServerErrors": (
        {"refused by API": growing(100)}, "50% of the controller's requests to the API server fail"),
    "ExternalSecretsProviderErrors": (
        {"call failed": growing(30)}, "75% of the calls Login of HashiCorp/Vault fail"),
    "InjectorWebhookAbsent": ({"certificate": NOTHING}, "no webhook of the injector answers"),
    "InjectorCertificateExpires": (
        {"certificate": always(90000)}, "the certificate of the webhook w expires in 1d 0h 0m 0s"),
    "InjectorAdmissionsFail": ({"undecided": growing(2)}, "the webhook could not decide about 30 pods"),
    "InjectorPodsRefused": ({"pods refused": growing(1)}, "pods are refused again and again"),
    "InjectorRefreshFails": ({"refresh": always(9)}, "ExternalSecret db is not refreshed in pod shop/cart"),
    "InjectorFilesStale": ({"files": always(0)}, "the agent of pod shop/cart is not ready"),
}  # fmt: skip


def test_a_release_that_is_well_raises_none():
    assert firing(alerts(), release()) == {}


def test_each_alert_has_a_case():
    assert CASES.keys() == rules().keys()


@pytest.mark.parametrize("name", CASES)
def test_an_alert_fires_for_what_it_is_about_and_no_other_does(name):
    wrong, summary = CASES[name]
    found = firing(alerts(), release(**wrong))
    assert found.keys() == {name}
    (annotations,) = found[name]
    assert annotations["summary"] == summary


@pytest.mark.parametrize("name", [name for name, rule in rules().items() if "for" in rule])
def test_what_is_over_after_four_minutes_raises_none(name):
    wrong, _ = CASES[name]
    soon = {key: briefly(WELL[key]["values"], values) for key, values in wrong.items()}
    assert name not in firing(alerts(), release(**soon))


def briefly(well, wrong, start=20, end=24):
    """Wrong in between; a counter goes on from where it then is."""
    grows = well[0] == 0 and wrong[-1] != well[-1] and wrong == sorted(wrong, key=lambda value: value or 0)
    if not grows or len(set(wrong)) == 1:
        return well[:start] + wrong[start:end] + well[end:]
    more = wrong[end] - wrong[start] - (well[end] - well[start])
    middle = [well[start] + wrong[minute] - wrong[start] for minute in range(start, end)]
    return well[:start] + middle + [value + more for value in well[end:]]


@pytest.mark.parametrize("name", [name for name, (wrong, _) in CASES.items() if not name.endswith("Absent")])
def test_another_release_is_no_concern_of_these_alerts(name):
    wrong, _ = CASES[name]
    labels = {key: WELL[key]["labels"] for key in wrong if "service" in WELL[key]["labels"]}
    others = [{"labels": each | {"service": "other"}, "values": wrong[key]} for key, each in labels.items()]
    assert firing(alerts(), [*release(), *others]) == {}
