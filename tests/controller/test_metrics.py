"""What is counted of objects, and that it goes with them."""

import pytest
from prometheus_client import generate_latest

from controller.condition import Ready
from controller.metrics import Metrics
from kubecore.cache import Key
from tests.controller.series import ESO, families, samples

KEY = Key("team", "db")
OBJECT = {"name": "db", "namespace": "team"}


def text(metrics):
    return generate_latest(metrics.registry).decode()


def conditions(metrics, kind="externalsecret"):
    return {
        (labels["condition"], labels["status"]): value
        for labels, value in samples(text(metrics), f"{kind}_status_condition")
    }


def test_the_condition_that_holds_is_one_and_its_opposite_zero():
    metrics = Metrics()
    for status, opposite in (("True", "False"), ("False", "True"), ("True", "False")):
        metrics.ready("ExternalSecret", KEY, Ready(status, "r", "m"), {})
        assert conditions(metrics) == {("Ready", status): 1, ("Ready", opposite): 0}


@pytest.mark.parametrize("kind", ["ExternalSecret", "SecretStore", "ClusterSecretStore"])
def test_an_object_that_goes_takes_all_its_series_along(kind):
    metrics = Metrics()
    metrics.ready(kind, KEY, Ready("True", "r", "m"), {})
    metrics.reconciled(kind, KEY, 0.5, "success")
    if kind == "ExternalSecret":
        metrics.synced(KEY, failed=True)
    assert 'name="db"' in text(metrics)
    metrics.gone(kind, KEY)
    metrics.reconciled(kind, KEY, 0.5, "success")  # the pass that found it gone
    assert 'name="db"' not in text(metrics)


def test_a_duration_is_in_nanoseconds_as_esos_is():
    metrics = Metrics()
    metrics.ready("SecretStore", KEY, Ready("True", "r", "m"), {})
    metrics.reconciled("SecretStore", KEY, 0.25, "requeue_after")
    assert samples(text(metrics), "secretstore_reconcile_duration") == [(OBJECT, 250_000_000)]


def test_calls_and_failed_calls_are_counted():
    metrics = Metrics()
    for failed in (True, False, True):
        metrics.synced(KEY, failed=failed)
    assert samples(text(metrics), "externalsecret_sync_calls_total") == [(OBJECT, 3)]
    assert samples(text(metrics), "externalsecret_sync_calls_error") == [(OBJECT, 2)]


def test_recommended_labels_of_the_object_are_taken_over_when_asked_for():
    labels = {"app.kubernetes.io/name": "shop", "app.kubernetes.io/part-of": "web", "other": "no"}
    for wanted in (False, True):
        metrics = Metrics(extended_labels=wanted)
        metrics.ready("ExternalSecret", KEY, Ready("True", "r", "m"), labels)
        metrics.synced(KEY, failed=False)
        extended = {
            "app_kubernetes_io_name": "shop", "app_kubernetes_io_part_of": "web", "app_kubernetes_io_instance": "",
            "app_kubernetes_io_version": "", "app_kubernetes_io_component": "", "app_kubernetes_io_managed_by": "",
        }  # fmt: skip
        ((found, _),) = samples(text(metrics), "externalsecret_sync_calls_total")
        assert found == OBJECT | (extended if wanted else {})
        shown = families(text(metrics))
        assert shown["externalsecret_status_condition"][1] == ESO["externalsecret_status_condition"][1] | (
            set(extended) if wanted else set()
        )


def test_nothing_says_when_a_counter_was_made():
    assert "_created" not in text(Metrics())
