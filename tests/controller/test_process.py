"""`python -m controller` against a real API server: the tutorial, probes, metrics, the log, the end."""

import asyncio
import base64
import json
import re

import pytest
import yaml

from kubecore.resources import EVENTS, LEASES
from tests.controller.cluster import TOO_LONG, decoded
from tests.controller.series import ALL, families, samples
from tests.providers.rooms import Room
from tests.support.fault_kinds import Hold, Stall
from tests.support.faults import FaultProxy
from tests.support.paths import ROOT

pytestmark = pytest.mark.server

CANARY = "c4nary-that-must-not-show"


@pytest.mark.parametrize("version", ["v1beta1", "v1"])
async def test_the_tutorial(cluster, served, start, express, version):
    text = (ROOT / "examples" / "express" / f"{version}.yaml").read_text().replace("http://127.0.0.1:3000", express)
    start().ready()
    for manifest in yaml.safe_load_all(text):
        plural = manifest["kind"].lower() + "s"
        manifest["metadata"]["namespace"] = cluster.namespace
        served.request("POST", f"/apis/external-secrets.io/{version}/namespaces/{cluster.namespace}/{plural}", manifest)
    secret = await cluster.data("my-express-secret", secretKey="this-is-a-secret")
    assert secret["data"] == {"secretKey": "dGhpcy1pcy1hLXNlY3JldA=="}
    assert secret["metadata"]["ownerReferences"][0]["name"] == "express-external-secret"
    await cluster.condition("True", "SecretSynced", "express-external-secret")
    assert shown(served, "es", cluster.namespace) == {
        "NAME": "express-external-secret", "STORETYPE": "SecretStore", "STORE": "secretstore-express",
        "REFRESH INTERVAL": "1h", "STATUS": "SecretSynced", "READY": "True", "LAST SYNC": ANY_AGE,
    }  # fmt: skip
    assert shown(served, "ss", cluster.namespace) == {
        "NAME": "secretstore-express", "AGE": ANY_AGE, "STATUS": "Valid", "CAPABILITIES": "ReadOnly", "READY": "True",
    }  # fmt: skip


ANY_AGE = "some seconds"


def shown(served, kind, namespace):
    """The one row that kubectl prints, by column."""
    heads, row = (
        re.split(r"\s{2,}", line.strip()) for line in served.kubectl("get", kind, "-n", namespace).splitlines()
    )
    ages = {"AGE": ANY_AGE, "LAST SYNC": ANY_AGE}
    return {head: ages.get(head, cell) for head, cell in zip(heads, row, strict=True)}


async def test_the_quickstart_as_the_readme_applies_it(cluster, served, start):
    start().ready()
    served.kubectl("apply", "-n", cluster.namespace, "-f", str(ROOT / "examples" / "quickstart"))
    database = await cluster.eventually("Secret", "database", lambda it: it and it["data"])
    assert decoded(database)["database-password"] == "correct horse"
    payments = await cluster.eventually("Secret", "payments", lambda it: it and it["data"])
    assert set(payments["data"]) == {"username", "password", "hosts", "_payments_api-key", "_payments_certificate"}


async def test_probes_metrics_events_and_a_log_without_values(cluster, start):
    await cluster.fake(db=CANARY)
    process = start().ready()
    assert process.get("/healthz").text == "ok"
    await cluster.external_secret()
    await cluster.external_secret("broken", store="nowhere")
    await cluster.data(password=CANARY)
    await cluster.condition("True", "SecretSynced")
    await cluster.condition("False", "SecretSyncedError", "broken")
    labels = f'name="db",namespace="{cluster.namespace}"'
    metrics = process.get("/metrics").text
    for sample in (
        f'externalsecret_status_condition{{condition="Ready",{labels},status="True"}} 1.0',
        f'externalsecret_status_condition{{condition="Ready",{labels},status="False"}} 0.0',
        f"externalsecret_sync_calls_total{{{labels}}} 1.0",
        f"externalsecret_sync_calls_error{{{labels}}} 0.0",
        f'secretstore_status_condition{{condition="Ready",name="store",namespace="{cluster.namespace}",status="True"}} 1',
        'controller_runtime_reconcile_total{controller="externalsecret",result="requeue_after"}',
        "controller_runtime_reconcile_time_seconds_bucket",
        'workqueue_depth{controller="externalsecret",name="externalsecret",priority="0"} 0.0',
    ):
        assert sample in metrics, metrics
    expected = {("db", "Normal", "Created"), ("broken", "Warning", "UpdateFailed"), ("store", "Normal", "Valid")}
    async with asyncio.timeout(TOO_LONG):
        reasons = set()
        while not expected <= reasons:
            told = await cluster.api.list(EVENTS, cluster.namespace)
            reasons = {(each["involvedObject"]["name"], each["type"], each["reason"]) for each in told}
            await asyncio.sleep(0.05)
    process.end()
    assert {each["source"]["component"] for each in told} == {"external-secrets"}
    (line,) = [each for each in process.lines() if each.get("name") == "db" and each.get("change") == "create"]
    assert (line["namespace"], line["ready"], line["reason"]) == (cluster.namespace, "True", "SecretSynced")
    everything = process.log() + metrics + json.dumps(told) + json.dumps(await cluster.get("ExternalSecret", "db"))
    assert CANARY not in everything


async def test_every_series_has_the_name_type_and_labels_that_dashboards_ask_for(cluster, start, elected):
    await cluster.fake(db="one")
    await cluster.fake("shared-" + cluster.namespace, "ClusterSecretStore", db="two")
    process = start("a", *elected).ready()
    await cluster.external_secret()
    await cluster.condition("True", "SecretSynced")
    await cluster.condition("True", "Valid", "shared-" + cluster.namespace, "ClusterSecretStore")
    process.server.wait_until(lambda: "clustersecretstore_status_condition{" in process.get("/metrics").text)
    scrape = process.get("/metrics").text
    shown = {name: family for name, family in families(scrape).items() if not name.startswith("python_")}
    assert shown == ALL
    assert samples(scrape, "leader_election_master_status") == [({"name": "external-secrets-controller"}, 1)]
    requests = samples(scrape, "rest_client_requests_total")
    host = cluster.api._connection._route.endpoint.url.removeprefix("https://")
    assert {("GET", "200"), ("POST", "201")} <= {(labels["method"], labels["code"]) for labels, _ in requests}
    assert {labels["host"] for labels, _ in requests} == {host}
    await cluster.delete("ExternalSecret", "db")
    process.server.wait_until(lambda: not samples(process.get("/metrics").text, "externalsecret_status_condition"))
    await cluster.delete("ClusterSecretStore", "shared-" + cluster.namespace)


async def test_flags_of_esos_own_do_not_keep_it_from_starting_and_are_named(cluster, start):
    flags = ("--enable-vault-token-cache", "--client-qps=50", "--enable-push-secret-reconciler=false")
    process = start("a", *flags, "--zap-time-encoding=epoch").ready()
    lines = [json.loads(line) for line in process.log().splitlines()]
    notices = [line["message"] for line in lines if "without effect" in line["message"]]
    assert [notice.split(": ")[1] for notice in notices] == [
        "enable-vault-token-cache", "client-qps", "enable-push-secret-reconciler",
    ]  # fmt: skip
    assert {type(line["time"]) for line in lines} == {float}


async def test_sigterm_ends_it_in_good_order_and_frees_the_lease(cluster, start, elected):
    await cluster.fake(db="one")
    process = start("a", *elected).ready()
    await cluster.external_secret()
    await cluster.data(password="one")
    process.end()
    lease = await cluster.api.get(LEASES, "external-secrets-controller", cluster.namespace)
    assert not lease["spec"].get("holderIdentity")
    assert '"message": "stopping"' in process.log()
    assert "Traceback" not in process.log()


async def test_sigterm_ends_it_though_the_api_server_and_a_store_hang(
    cluster, start, elected, proxy, through_proxy, openbao, fault_proxies
):
    store = FaultProxy(openbao.url)
    fault_proxies.append(store)
    store.always("/revoke-self", Stall())
    room = Room(openbao)
    path, role_id, secret_id = room.app_role()
    login = {"path": path, "roleId": role_id, "secretRef": {"name": "login", "key": "secret-id"}}
    await cluster.apply("Secret", "login", data={"secret-id": base64.b64encode(secret_id.encode()).decode()})
    vault = {"server": store.url, "path": room.mount, "auth": {"appRole": login}}
    await cluster.apply("SecretStore", "store", spec={"provider": {"vault": vault}})
    await cluster.fake("other", db="one")
    process = start("a", *elected, "--enable-flood-gate=false", kubeconfig=through_proxy).ready()
    await cluster.external_secret(data=[{"secretKey": "password", "remoteRef": {"key": "app", "property": "v"}}])
    await cluster.data(password="read")
    held = [Hold(), Hold()]
    proxy.on(r"/secrets\?", held[0], method="POST")
    proxy.always("/leases", held[1])
    await cluster.external_secret("held", store="other")
    for hold in held:
        assert await asyncio.to_thread(hold.arrived.wait, TOO_LONG)
    process.end()
    assert process.server.exit_code == 0
    assert any(request.path.endswith("/revoke-self") for request in store.requests)
    assert "Traceback" not in process.log()


async def test_killed_and_started_again_it_goes_on_without_rewriting(cluster, start):
    await cluster.fake(db="one")
    process = start("a").ready()
    for number in range(10):
        await cluster.external_secret(f"db{number}")
    await cluster.data("db0", password="one")
    process.server.crash()
    start("b").ready()
    for number in range(10):
        await cluster.data(f"db{number}", password="one")
        await cluster.condition("True", "SecretSynced", f"db{number}")
    assert decoded(await cluster.get("Secret", "db0")) == {"password": "one"}


async def test_a_kubeconfig_that_is_not_there_is_named(start):
    with pytest.raises(RuntimeError, match="exit code 1") as raised:
        start("a", kubeconfig="/nowhere/kubeconfig").ready()
    assert "there is no kubeconfig /nowhere/kubeconfig" in str(raised.value)
    assert "Traceback" not in str(raised.value)


async def test_settings_that_can_not_be_used_end_it_with_a_sentence(cluster, start):
    with pytest.raises(RuntimeError, match="exit code") as raised:
        start("a", "--concurrent=0").ready()
    assert "concurrent: input should be greater than or equal to 1" in str(raised.value)
    assert "Traceback" not in str(raised.value)
