"""`doctor` against a real API server: what it reads there, and what it says to whom."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import yaml

from tests.injector.conftest import GROUP, external_secret, secret, store

pytestmark = pytest.mark.server

EVERYTHING = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]}]
SYNCED = {"type": "Ready", "status": "True", "reason": "SecretSynced", "message": "secret synced"}
VALID = {"type": "Ready", "status": "True", "reason": "Valid", "message": "store validated"}


def now(**earlier):
    return (datetime.now(UTC) - timedelta(**earlier)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@pytest.fixture
def healthy(team):
    """A namespace in which all is well: a store that is valid, an ExternalSecret that is synced, a live controller."""
    team.apply(store(db="canary-1"), external_secret(), secret(password="canary-1"))
    team.status("secretstores", "store", {"conditions": [VALID]})
    team.status("externalsecrets", "db", {"conditions": [SYNCED], "refreshTime": now()[:19] + "Z"})
    spec = {"holderIdentity": "controller-0", "leaseDurationSeconds": 3600, "renewTime": now(), "acquireTime": now()}
    metadata = {"name": "external-secrets-controller"}
    team.apply({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec})
    yield team
    path = f"/apis/coordination.k8s.io/v1/namespaces/{team.namespace}/leases/external-secrets-controller"
    team.control_plane.request("DELETE", path)


def doctor(team, *arguments, **options):
    """For which nothing but the namespace is looked at."""
    return team.run("doctor", *arguments, "--controller-namespace", team.namespace, **options)


def findings(team, *arguments, code=1, **options):
    """What was found, and what could not be checked."""
    # Elsewhere in the cluster other tests leave controllers and webhooks behind.
    returned, out, err = doctor(team, *arguments, "-o", "json", **options)
    assert (returned, err) == (code, ""), out
    assert "canary" not in out
    document = json.loads(out)
    return document["findings"], document["unchecked"]


def problems(found):
    return [f"{each['about']}: {each['problem']}" for each in found]


def test_nothing_is_wrong_where_nothing_is(healthy):
    code, out, err = doctor(healthy, "externalsecret", "db")
    assert (code, out, err) == (0, f"nothing wrong was found in ExternalSecret {healthy.namespace}/db\n", "")
    assert doctor(healthy)[0] == 0


def test_each_cause_is_told_before_what_follows_from_it(healthy):
    namespace = healthy.namespace
    auth = {"tokenSecretRef": {"name": "login", "key": "token"}}
    provider = {"vault": {"server": "http://127.0.0.1:1", "path": "kv", "auth": auth}}
    vault = {"apiVersion": GROUP, "kind": "SecretStore", "metadata": {"name": "vault"}, "spec": {"provider": provider}}
    items = {"configMap": {"name": "none", "items": [{"key": "url"}]}}
    healthy.apply(
        vault,
        secret("login", other="canary-2"),
        external_secret("broken", "vault", target={"name": "db", "template": {"templateFrom": [items]}}),
    )
    bad = {"type": "Ready", "status": "False", "reason": "InvalidProviderConfig", "message": "no key | add it"}
    healthy.status("secretstores", "vault", {"conditions": [bad]})
    bad = {"type": "Ready", "status": "False", "reason": "SecretSyncedError", "message": "could not get secret data"}
    healthy.status("externalsecrets", "broken", {"conditions": [bad]})
    about = {"kind": "ExternalSecret", "apiVersion": GROUP, "name": "broken", "namespace": namespace}
    event = {"type": "Warning", "reason": "UpdateFailed", "message": "the store is not ready", "involvedObject": about}
    healthy.apply(
        {"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e1"}, "lastTimestamp": now()[:19] + "Z", **event}
    )
    found, unchecked = findings(healthy, "es/broken")
    assert problems(found) == [
        f"ExternalSecret {namespace}/broken: its template reads ConfigMap {namespace}/none, which does not exist",
        (
            f"SecretStore {namespace}/vault: its spec.provider.vault.auth.tokenSecretRef names Secret "
            f'{namespace}/login, which has no key "token"'
        ),
        f"SecretStore {namespace}/vault: it is not ready (InvalidProviderConfig): no key",
        f"ExternalSecret {namespace}/broken: its target Secret {namespace}/db is also that of db",
        (
            f"ExternalSecret {namespace}/broken: it is not ready (SecretSyncedError): could not get secret data; "
            "its last event: the store is not ready"
        ),
    ]
    assert found[2]["remedy"] == "add it"
    assert unchecked == []
    # The whole namespace has these, and the other side of the conflict.
    whole, _ = findings(healthy)
    assert f"ExternalSecret {namespace}/db: its target Secret {namespace}/db is also that of broken" in problems(whole)
    assert len(whole) == len(found) + 1
    code, out, _ = doctor(healthy, "es/broken")
    assert code == 1
    assert out.splitlines()[-1] == f"5 findings in ExternalSecret {namespace}/broken"
    assert out.splitlines()[1] == f"   remedy: create ConfigMap {namespace}/none"


def test_what_does_not_exist_is_said(healthy):
    found, _ = findings(healthy, "externalsecret", "none")
    assert problems(found) == [f"ExternalSecret {healthy.namespace}/none: it does not exist"]
    healthy.apply(external_secret("lost", "gone"))
    found, _ = findings(healthy, "externalsecret", "lost")
    assert problems(found)[0].startswith(f"SecretStore {healthy.namespace}/gone: it does not exist")


def test_a_store_of_the_cluster_may_refuse_the_namespace(healthy):
    name = f"shared-{healthy.namespace}"
    conditions = {"conditions": [{"namespaceSelector": {"matchLabels": {"team": "a"}}}]}
    wanted = external_secret("shared", name)
    wanted["spec"]["secretStoreRef"]["kind"] = "ClusterSecretStore"
    healthy.apply(store(name, "ClusterSecretStore", conditions, db="canary-1"), wanted)
    try:
        found, _ = findings(healthy, "externalsecret", "shared")
        assert "do not let namespace" in problems(found)[0]
        healthy.control_plane.kubectl("label", "namespace", healthy.namespace, "team=a")
        found, _ = findings(healthy, "externalsecret", "shared")
        assert "no controller has validated it" in problems(found)[0]
    finally:
        healthy.control_plane.kubectl("delete", "clustersecretstore", name)


def test_a_controller_that_renews_no_lease_is_told(healthy):
    spec = {"holderIdentity": "controller-0", "leaseDurationSeconds": 15, "renewTime": now(minutes=10)}
    metadata = {"name": "external-secrets-controller"}
    healthy.apply({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec})
    found, _ = findings(healthy)
    assert "controller-0 has not renewed it for 10 min" in problems(found)[0]


def test_what_the_controller_may_not_do_is_told_when_its_account_is(healthy):
    namespace = healthy.namespace
    user = healthy.control_plane.create_service_account(namespace, "ctl")
    assert user.endswith(":ctl")
    told = ["--controller-service-account", f"{namespace}/ctl"]
    found, _ = findings(healthy, *told)
    assert len(found) == 22
    assert f"ServiceAccount {namespace}/ctl: it may not update secrets in namespace {namespace}" in problems(found)
    assert (
        f"ServiceAccount {namespace}/ctl: it may not create serviceaccounts/token in namespace {namespace}"
        in problems(found)
    )
    rbac = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": "ctl"}}
    rules = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]
    subject = {"kind": "ServiceAccount", "name": "ctl", "namespace": namespace}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "ctl"}
    healthy.apply(
        {**rbac, "kind": "Role", "rules": rules},
        {**rbac, "kind": "RoleBinding", "roleRef": role, "subjects": [subject]},
    )
    assert findings(healthy, *told, code=0) == ([], [])


def test_what_the_caller_may_not_read_is_not_checked_and_no_finding(healthy):
    namespace = healthy.namespace
    group = {"apiGroups": ["external-secrets.io"], "verbs": ["get", "list"]}
    some = healthy.user({**group, "resources": ["externalsecrets", "secretstores"]})
    found, unchecked = findings(healthy, "es/db", code=0, kubeconfig=some)
    assert found == []
    for sentence in (
        f"you may not get secrets {namespace}/db",
        f"you may not list events in namespace {namespace}",
        f"you may not list deployments in namespace {namespace}",
        f"you may not list leases in namespace {namespace}",
        "you may not list mutatingwebhookconfigurations",
        "you may not get customresourcedefinitions externalsecrets.external-secrets.io",
    ):
        assert sentence in unchecked
    told = ["--controller-service-account", f"{namespace}/ctl"]
    _, unchecked = findings(healthy, "es/db", *told, code=0, kubeconfig=some)
    assert [each for each in unchecked if each.startswith("what the controller may do")]
    code, out, _ = doctor(healthy, "es/db", kubeconfig=healthy.user())
    assert code == 0
    assert f"not checked: you may not get externalsecrets {namespace}/db" in out


POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "app-0", "annotations": {"injector.external-secrets.io/inject": "db, none"}},
    "spec": {
        "serviceAccountName": "app",
        "automountServiceAccountToken": False,
        "containers": [{"name": "app", "image": "app"}],
    },
}


def webhook(namespace, name, **client):
    """A configuration that no API call meets: it is for nothing that anyone creates."""
    rules = [{"apiGroups": [""], "apiVersions": ["v0"], "operations": ["CREATE"], "resources": ["pods"]}]
    made = {
        "name": "inject.injector.external-secrets.io",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "clientConfig": {"service": {"namespace": namespace, "name": "hook"}, **client},
        "rules": rules,
        "objectSelector": {"matchLabels": {"nobody": "has-this"}},
    }
    configuration = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration"}
    return {**configuration, "metadata": {"name": name}, "webhooks": [made]}


def test_a_pod_that_the_webhook_did_not_see_is_told_with_what_it_names(healthy):
    namespace = healthy.namespace
    healthy.control_plane.create_service_account(namespace, "app")
    name = f"hook-{namespace}"
    healthy.apply(POD)
    found, _ = findings(healthy, "pod", "app-0")
    assert problems(found) == [
        "the injector's webhook: there is no MutatingWebhookConfiguration of it, so that no pod gets its files",
        f"ExternalSecret {namespace}/none: it does not exist",
        f"Pod {namespace}/app-0: it opted in, and has no agent: the webhook did not see it when it was created",
    ]
    healthy.apply(webhook(namespace, name))
    try:
        told = f"MutatingWebhookConfiguration {name}: "
        found, _ = findings(healthy, "pod/app-0")
        assert f"{told}its Service {namespace}/hook does not exist, so that pods are refused" in problems(found)
        assert any(each.startswith(f"{told}it has no caBundle") for each in problems(found))
        ports = [{"port": 443, "protocol": "TCP", "name": "https"}]
        healthy.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "hook"}, "spec": {"ports": ports}})
        found, _ = findings(healthy, "pod/app-0")
        assert f"{told}its Service {namespace}/hook has no ready endpoint, so that pods are refused" in problems(found)
        healthy.apply(
            {
                "apiVersion": "discovery.k8s.io/v1",
                "kind": "EndpointSlice",
                "metadata": {"name": "hook-1", "labels": {"kubernetes.io/service-name": "hook"}},
                "addressType": "IPv4",
                "endpoints": [{"addresses": ["10.0.0.9"], "conditions": {"ready": True}}],
                "ports": ports,
            }
        )
        found, _ = findings(healthy, "pod/app-0")
        assert [each for each in problems(found) if each.startswith(told)] == [
            (
                f"{told}it has no caBundle, so that the API server trusts no certificate of Service {namespace}/hook, "
                "so that pods are refused"
            )
        ]
    finally:
        healthy.control_plane.kubectl("delete", "mutatingwebhookconfiguration", name)


def test_an_agent_that_ended_is_told_with_its_last_words(healthy):
    namespace = healthy.namespace
    healthy.control_plane.create_service_account(namespace, "app")
    mounts = [{"name": "external-secrets-files", "mountPath": "/secrets"}]
    pod = {
        **POD,
        "metadata": {
            "name": "app-1",
            "annotations": {
                "injector.external-secrets.io/inject": "db",
                "injector.external-secrets.io/config": "{}",
            },
        },
        "spec": {
            **POD["spec"],
            "initContainers": [{"name": "external-secrets-init", "image": "agent", "volumeMounts": mounts}],
            "containers": [{"name": "app", "image": "app", "volumeMounts": mounts}],
            "volumes": [{"name": "external-secrets-files", "emptyDir": {"medium": "Memory"}}],
        },
    }
    healthy.apply(pod)
    ended = {"exitCode": 1, "reason": "Error", "message": "ExternalSecret db: sealed", "startedAt": now()[:19] + "Z"}
    state = {"name": "external-secrets-init", "image": "agent", "imageID": "", "restartCount": 3, "ready": False}
    waiting = {"waiting": {"reason": "CrashLoopBackOff"}}
    status = {"initContainerStatuses": [{**state, "state": waiting, "lastState": {"terminated": ended}}]}
    healthy.status("pods", "app-1", status, "api/v1")
    found, _ = findings(healthy, "pod", "app-1")
    assert problems(found)[-1] == (
        f"Pod {namespace}/app-1: container external-secrets-init ended with exit code 1 (Error), and said: "
        "ExternalSecret db: sealed"
    )


def test_a_wrong_call_is_code_2_and_a_dead_cluster_is_code_3(team):
    for arguments in (["service", "x"], ["pod"], ["pod/x", "y"], ["--controller-service-account", "x"]):
        assert team.run("doctor", *arguments)[0] == 2, arguments
    dead = team.folder / "dead"
    dead.write_text(yaml.safe_dump(team.control_plane.kubeconfig_for("t", url="https://127.0.0.1:1")))
    code, _, err = team.run("doctor", kubeconfig=str(dead))
    assert code == 3
    assert err.startswith("doctor: ")
    stranger = team.folder / "stranger"
    stranger.write_text(yaml.safe_dump(team.control_plane.kubeconfig_for("nobody's token")))
    assert team.run("doctor", kubeconfig=str(stranger))[0] == 3


def test_kubectl_runs_it(healthy):
    options = ("-n", healthy.namespace, "--controller-namespace", healthy.namespace, "--no-progress")
    code, out, _ = healthy.kubectl("external-secrets", "doctor", *options)
    assert (code, out) == (0, f"nothing wrong was found in ExternalSecret {healthy.namespace}/db\n")
