"""What `doctor` finds in what was gathered, case by case, and in which order."""

from datetime import UTC, datetime, timedelta

import pytest

from injector.doctor import pod_layout as layout
from injector.doctor.facts import (
    ClusterFacts,
    CredentialRef,
    ExternalSecretFacts,
    Facts,
    PodFacts,
    Right,
    StoreFacts,
    Unread,
    WebhookFacts,
)
from injector.doctor.finding import Finding, Order, in_order
from injector.doctor.judge import judge
from injector.doctor.text import as_text
from injector.handoff import ANNOTATION
from injector.local.manifests import Name
from injector.webhook import agent_container, annotations, volumes
from secretcore.parse import parse_store
from secretcore.registry import Registry
from tests.injector.conftest import external_secret, secret, store

NOW = datetime(2026, 8, 8, 12, 0, tzinfo=UTC)
DB, STORE = Name("ExternalSecret", "team", "db"), Name("SecretStore", "team", "store")
READY = {"type": "Ready", "status": "True", "reason": "SecretSynced", "message": "secret synced"}
CRDS = {
    f"{plural}.external-secrets.io": {
        "spec": {"versions": [{"name": "v1", "served": True}]},
        "status": {"conditions": [{"type": "Established", "status": "True"}]},
    }
    for plural in ("externalsecrets", "secretstores", "clustersecretstores")
}


def ago(**lengths):
    return (NOW - timedelta(**lengths)).isoformat().replace("+00:00", "Z")


def deployment(name="injector", namespace="system", available=1, replicas=1, labels=None, args=(), conditions=()):
    return {
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace, "labels": labels or {}},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {"spec": {"containers": [{"args": list(args)}]}},
        },
        "status": {"availableReplicas": available, "conditions": list(conditions)},
    }


def lease(namespace="system", renewed=None, holder="pod-1", seconds=15):
    spec = {"holderIdentity": holder, "renewTime": renewed or ago(seconds=5), "leaseDurationSeconds": seconds}
    return {"metadata": {"name": "external-secrets-controller", "namespace": namespace}, "spec": spec}


def cluster(**facts):
    """One that is as it should be."""
    return ClusterFacts(**{"definitions": CRDS, "ours": [deployment()], "leases": [lease()], **facts})


def good_store(name=STORE, condition=READY, credentials=None, labels=None, **spec):
    manifest = store(name.name, name.kind, db="v")
    manifest["metadata"]["namespace"] = name.namespace
    manifest["spec"] |= spec
    if condition:
        manifest["status"] = {"conditions": [condition]}
    parsed = parse_store(manifest, Registry.installed())
    return StoreFacts(name, manifest, parsed, labels=labels or {}, credentials=credentials or {})


def good(condition=READY, refreshed=None, created=None, metadata=None, spec=None, **facts):
    manifest = external_secret("db", **(spec or {}))
    manifest["metadata"] |= {"namespace": "team", "creationTimestamp": created or ago(hours=9), **(metadata or {})}
    manifest["status"] = {"refreshTime": refreshed or ago(minutes=5), "conditions": [condition] if condition else []}
    return ExternalSecretFacts(DB, **{"manifest": manifest, "stores": [good_store()], **facts})


def found(*external_secrets, of=None, pods=(), refused=(), now=NOW):
    return judge(Facts(now, "team", of or cluster(), external_secrets, pods, refused))


def only(findings):
    (finding,) = findings
    assert finding.remedy
    assert not finding.remedy.endswith(".")
    assert not finding.problem.endswith(".")
    return finding


def test_nothing_is_wrong_with_what_is_as_it_should_be():
    assert found(good()) == []
    assert found() == []


def not_ready(message="could not get secret data from provider: no | create it", reason="SecretSyncedError"):
    return {"type": "Ready", "status": "False", "reason": reason, "message": message}


def warning(message, at=None):
    return {"type": "Warning", "reason": "UpdateFailed", "message": message, "lastTimestamp": at or ago(minutes=1)}


OWNED_BY = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "app", "controller": True}
OTHER = {"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "name": "other", "controller": True}
LATE = {"refreshed": ago(hours=3)}


def written(**managers):
    """managedFields of a status, by manager."""
    return {
        "managedFields": [
            {"manager": manager.replace("_", "-"), "subresource": "status", "time": at}
            for manager, at in managers.items()
        ]
    }


@pytest.mark.parametrize(
    ("facts", "order", "problem", "remedy"),
    [
        (
            good(metadata=written(external_secrets_injector=ago(hours=1), external_secrets=ago(minutes=1))),
            Order.CONTROLLER,
            f"the External Secrets Operator wrote its status at {ago(minutes=1)}, after this controller did at",
            "docs/migration.md",
        ),
        (ExternalSecretFacts(DB, None), Order.REFERENCE, "it does not exist", "kubectl get externalsecrets -n team"),
        (
            good(not_ready()),
            Order.EXTERNAL_SECRET,
            "it is not ready (SecretSyncedError): could not get secret data from provider: no",
            "create it",
        ),
        (
            good(
                not_ready("could not get secret data from provider"),
                events=[warning("old reason", ago(hours=1)), warning("the\nnew reason")],
            ),
            Order.EXTERNAL_SECRET,
            "could not get secret data from provider; its last event: the new reason",
            "see the store's condition",
        ),
        (good(None), Order.EXTERNAL_SECRET, "no controller has said anything", "controller runs"),
        (good(**LATE), Order.EXTERNAL_SECRET, "refreshed last 3 h 0 min ago, though refreshInterval is 1h", "runs"),
        (
            good(spec={"data": [{"secretKey": "a"}]}),
            Order.SPEC,
            "spec.data[0]",
            "correct the manifest",
        ),
        (
            good(templates={Name("ConfigMap", "team", "t"): None}),
            Order.REFERENCE,
            "its template reads ConfigMap team/t, which does not exist",
            "create ConfigMap team/t",
        ),
        (
            good(target={"metadata": {"ownerReferences": [OWNED_BY]}}),
            Order.TARGET,
            'its target Secret team/db is controlled by Deployment "app"',
            "choose another spec.target.name",
        ),
        (
            good(target={"metadata": {"ownerReferences": [OTHER]}}, spec={"target": {"creationPolicy": "Orphan"}}),
            Order.TARGET,
            'controlled by ExternalSecret "other"',
            "choose another",
        ),
        (good(rivals=["b", "c"]), Order.TARGET, "is also that of b, c", "spec.target.name of its own"),
        (
            good(spec={"target": {"creationPolicy": "Merge"}}),
            Order.TARGET,
            "there is no Secret team/db",
            "create Secret team/db",
        ),
    ],
)
def test_what_is_wrong_with_an_external_secret(facts, order, problem, remedy):
    finding = only(found(facts))
    assert (finding.order, finding.about) == (order, "ExternalSecret team/db")
    assert problem in finding.problem
    assert remedy in finding.remedy


@pytest.mark.parametrize(
    "facts",
    [
        good(metadata=written(external_secrets_injector=ago(minutes=1), external_secrets=ago(hours=1))),
        good(metadata=written(external_secrets=ago(minutes=1))),  # there is only ESO
        good(None, created=ago(seconds=20)),
        good(**LATE, spec={"refreshPolicy": "OnChange"}),
        good(**LATE, spec={"refreshPolicy": "CreatedOnce"}),
        good(**LATE, spec={"refreshInterval": "0s"}),
        good(**LATE, spec={"refreshInterval": "24h"}),
        good(rivals=["b"], spec={"target": {"creationPolicy": "None"}}),
        good(target={"metadata": {"ownerReferences": [OWNED_BY]}}, spec={"target": {"creationPolicy": "Merge"}}),
        good(target={"metadata": {"ownerReferences": [{**OTHER, "name": "db"}]}}),
        good(target=Unread("you may not get secrets")),
        good(templates={Name("ConfigMap", "team", "t"): Unread("you may not")}),
        ExternalSecretFacts(DB, Unread("you may not get externalsecrets")),
    ],
)
def test_what_is_no_fault_of_an_external_secret(facts):
    assert found(facts) == []


SHARED = Name("ClusterSecretStore", "", "store")
TOKEN = CredentialRef(Name("Secret", "team", "token"), "key", "spec.provider.vault.auth.tokenSecretRef")
TEAM_A = {"conditions": [{"namespaceSelector": {"matchLabels": {"team": "a"}}}]}


@pytest.mark.parametrize(
    ("facts", "order", "problem"),
    [
        (StoreFacts(STORE, None), Order.REFERENCE, "it does not exist, and ExternalSecret team/db reads from it"),
        (StoreFacts(STORE, {"status": {"conditions": [READY]}}, wrong="spec: bad"), Order.STORE, "can't be used: spec"),
        (good_store(condition=None), Order.STORE, "no controller has validated it"),
        (
            good_store(condition=not_ready("no login | check it", "InvalidProviderConfig")),
            Order.STORE,
            "it is not ready (InvalidProviderConfig): no login",
        ),
        (good_store(SHARED, labels={"team": "b"}, **TEAM_A), Order.REFERENCE, "do not let namespace team use it"),
        (
            good_store(credentials={TOKEN: None}),
            Order.CREDENTIAL,
            "its spec.provider.vault.auth.tokenSecretRef names Secret team/token, which does not exist",
        ),
        (good_store(credentials={TOKEN: {"data": {"other": ""}}}), Order.CREDENTIAL, 'which has no key "key"'),
    ],
)
def test_what_is_wrong_with_a_store(facts, order, problem):
    finding = only(found(good(stores=[facts])))
    assert (finding.order, finding.about) == (order, str(facts.name))
    assert problem in finding.problem


@pytest.mark.parametrize(
    "facts",
    [
        good_store(credentials={TOKEN: {"data": {"key": ""}}}),
        good_store(credentials={TOKEN: {"binaryData": {"key": ""}}}),
        good_store(credentials={TOKEN: Unread("you may not get secrets")}),
        good_store(SHARED, labels={"team": "a"}, **TEAM_A),
        good_store(SHARED, labels=Unread("you may not get namespaces"), **TEAM_A),
        StoreFacts(STORE, Unread("you may not get secretstores")),
    ],
)
def test_what_is_no_fault_of_a_store(facts):
    assert found(good(stores=[facts])) == []


def test_a_store_of_several_is_told_once():
    bad = good_store(condition=None)
    second = good(stores=[bad])
    assert only(found(good(stores=[bad]), second))


NOT_ESTABLISHED = {**CRDS["secretstores.external-secrets.io"], "status": {}}
OLD = {"spec": {"versions": [{"name": "v1beta1", "served": True}, {"name": "v1", "served": False}]}}
OLD |= {"status": {"conditions": [{"type": "Established", "status": "True"}]}}
OPERATOR = deployment("external-secrets", "eso")
WEBHOOK_LABEL = {"app.kubernetes.io/component": "webhook"}


def definitions(**changed):
    return {"definitions": {**CRDS, **{f"{plural}.external-secrets.io": each for plural, each in changed.items()}}}


FAILED = {"type": "Ready", "status": "False", "reason": "SecretSyncedError", "message": "could not get secret data"}


@pytest.mark.parametrize(("minutes", "missed"), [(5, False), (90, True)])
@pytest.mark.parametrize("of", ["the ExternalSecret", "its store"])
def test_a_controller_that_wrote_a_status_lately_is_not_missed(minutes, missed, of):
    trace = written(external_secrets_injector=ago(minutes=minutes))
    broken = good_store(condition=FAILED)
    if of == "its store":
        broken.manifest["metadata"] |= trace
    found = good(FAILED, metadata=trace if of == "the ExternalSecret" else {}, stores=[broken])
    said = judge(Facts(NOW, "team", cluster(ours=(), leases=()), [found]))
    assert any("neither a Deployment nor a Lease" in finding.problem for finding in said) == missed


@pytest.mark.parametrize(
    ("facts", "order", "about", "problem"),
    [
        (definitions(externalsecrets=None), Order.DEFINITIONS, "externalsecrets.external-secrets.io", "not installed"),
        (definitions(secretstores=OLD), Order.DEFINITIONS, "secretstores", "does not serve v1, only v1beta1"),
        (definitions(secretstores=NOT_ESTABLISHED), Order.DEFINITIONS, "secretstores", "has not established it"),
        ({"ours": (), "leases": ()}, Order.CONTROLLER, "the controller", "neither a Deployment nor a Lease"),
        ({"ours": [deployment(available=0)]}, Order.CONTROLLER, "Deployment system/injector", "none of its pods"),
        ({"ours": [deployment(available=0, replicas=0)]}, Order.CONTROLLER, "Deployment", "scaled to zero"),
        (
            {"leases": [lease(renewed=ago(minutes=20))]},
            Order.CONTROLLER,
            "Lease system/external-secrets-controller",
            "pod-1 has not renewed it for 20 min",
        ),
        (
            {"operators": [OPERATOR]},
            Order.CONTROLLER,
            "Deployment system/injector",
            "the same objects as the External Secrets Operator (Deployment eso/external-secrets)",
        ),
        ({"ours": (), "leases": [lease(), lease("eso")]}, Order.CONTROLLER, "the controller", "two controllers"),
        (
            {"account": "system/ctl", "missing_rights": [Right("update", "secrets", "team")]},
            Order.RIGHTS,
            "ServiceAccount system/ctl",
            "it may not update secrets in namespace team",
        ),
    ],
)
def test_what_is_wrong_with_a_cluster(facts, order, about, problem):
    finding = only(found(of=cluster(**facts)))
    assert finding.order == order
    assert about in finding.about
    assert problem in finding.problem


@pytest.mark.parametrize(
    "facts",
    [
        definitions(clustersecretstores=None),  # nobody asks for one
        definitions(externalsecrets=Unread("you may not get customresourcedefinitions")),
        {"ours": Unread("you may not list deployments"), "leases": ()},
        {"ours": (), "leases": [lease()]},
        {"ours": (), "operators": [OPERATOR], "leases": ()},
        {"ours": [deployment(), deployment("hook", available=0, labels=WEBHOOK_LABEL)]},
        {"leases": [lease(renewed=ago(hours=1)), lease("other")]},
        {"leases": [lease(renewed=ago(hours=1), holder="")]},
        {"ours": [deployment(args=["--controller-class=mine"])], "operators": [OPERATOR]},
        {"ours": [deployment(args=["--controller-class", "mine"])], "operators": [OPERATOR]},
        {"ours": [deployment()], "operators": [deployment("external-secrets", "eso", available=0, replicas=0)]},
        {"missing_rights": Unread("you may not create subjectaccessreviews")},
        {"webhooks": Unread("you may not list mutatingwebhookconfigurations")},
    ],
)
def test_what_is_no_fault_of_a_cluster(facts):
    assert found(of=cluster(**facts)) == []


def test_who_may_not_read_definitions_is_told_what_the_server_does_not_know():
    facts = cluster(**definitions(externalsecrets=Unread("you may not get customresourcedefinitions")))
    finding = only(judge(Facts(NOW, "team", facts, served=False)))
    assert finding.about == "CustomResourceDefinition externalsecrets.external-secrets.io"
    assert only(judge(Facts(NOW, "team", cluster(**definitions(externalsecrets=None)), served=False)))


def test_somebody_made_what_is_ready_also_where_no_controller_is_seen():
    assert found(good(), of=cluster(ours=(), leases=())) == []


def test_a_cluster_store_needs_its_definition():
    facts = cluster(**definitions(clustersecretstores=None))
    assert only(found(good(stores=[good_store(SHARED)]), of=facts)).order == Order.DEFINITIONS


def webhook(service="there", endpoints=({"conditions": {"ready": True}},), bundle="LS0t", policy="Fail", pods=True):
    name = Name("MutatingWebhookConfiguration", "", "injector")
    rules = [{"resources": ["pods"] if pods else ["secretstores"]}]
    client = {"service": {"namespace": "system", "name": "hook"}, "caBundle": bundle}
    made = {"name": "x.external-secrets.io", "failurePolicy": policy, "clientConfig": client, "rules": rules}
    there = {"metadata": {"name": "hook"}} if service else None
    return WebhookFacts(name, made, there, [{"endpoints": list(endpoints)}])


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        (webhook(service=None), "its Service system/hook does not exist, so that pods are refused"),
        (webhook(endpoints=()), "its Service system/hook has no ready endpoint, so that pods are refused"),
        (webhook(endpoints=[{"conditions": {"ready": False}}], policy="Ignore"), "so that pods pass unseen"),
        (webhook(bundle=""), "it has no caBundle"),
        (webhook(service=None, pods=False), "so that secretstores are refused"),
    ],
)
def test_what_is_wrong_with_a_webhook(facts, problem):
    finding = only(found(of=cluster(webhooks=[facts])))
    assert (finding.order, finding.about) == (Order.WEBHOOK, "MutatingWebhookConfiguration injector")
    assert problem in finding.problem


POD = Name("Pod", "team", "app-0")
INJECT = {"injector.external-secrets.io/inject": "db, tls"}
RUNNING = {"running": {"startedAt": ago(minutes=5)}}


def pod(annotations=None, states=(), agent="external-secrets-agent", mounted=True, volume=True, status=None, **facts):
    mounts = [{"name": "external-secrets-files", "mountPath": "/secrets"}]
    agents = [{"name": agent, "volumeMounts": mounts}] if agent else []
    manifest = {
        "metadata": {
            "name": "app-0",
            "namespace": "team",
            "annotations": {**INJECT, ANNOTATION: "{}"} if annotations is None else annotations,
        },
        "spec": {
            "initContainers": agents,
            "containers": [{"name": "app", "volumeMounts": mounts if mounted else []}],
            "volumes": [{"name": "external-secrets-files"}] if volume else [],
        },
        "status": {"initContainerStatuses": [{"name": agent, **state} for state in states], **(status or {})},
    }
    return PodFacts(POD, manifest, **facts)


def ended(code=1, message="", **more):
    return {"terminated": {"exitCode": code, "reason": "Error", "message": message}, **more}


NO_NODE = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes are available"}
FAILED_MOUNT = {"type": "Warning", "reason": "FailedMount", "message": 'secret "token" not found'}


@pytest.mark.parametrize(
    ("facts", "order", "problem"),
    [
        (PodFacts(POD, None), Order.REFERENCE, "it does not exist"),
        (pod(annotations={}), Order.INJECTION, "it did not opt in"),
        (pod(annotations={"injector.external-secrets.io/mode": "init"}), Order.INJECTION, "names no ExternalSecret"),
        (pod(annotations=INJECT, agent=None), Order.INJECTION, "has no agent: the webhook did not see it"),
        (pod(annotations=INJECT), Order.INJECTION, "lacks its hand-off"),
        (pod(volume=False), Order.INJECTION, "the volume with the files"),
        (pod(mounted=False), Order.INJECTION, "none of its containers mounts the files"),
        (
            pod(states=[{"state": ended(2, "Secret db:\n no key")}]),
            Order.AGENT,
            "container external-secrets-agent ended with exit code 2 (Error), and said: Secret db: no key",
        ),
        (
            pod(states=[{"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": ended(1, "sealed")}]),
            Order.AGENT,
            "and said: sealed",
        ),
        (
            pod(states=[{"state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}]),
            Order.AGENT,
            "waits (ImagePullBackOff): no such image",
        ),
        (pod(states=[{"state": RUNNING, "ready": False}]), Order.AGENT, "runs and is not ready"),
        (pod(status={"conditions": [NO_NODE]}), Order.AGENT, "it has no node (Unschedulable): 0/3 nodes"),
        (pod(events=[FAILED_MOUNT]), Order.AGENT, 'a volume can\'t be mounted: secret "token" not found'),
    ],
)
def test_what_is_wrong_with_a_pod(facts, order, problem):
    finding = only(found(of=cluster(webhooks=[webhook()]), pods=[facts]))
    assert (finding.order, finding.about) == (order, "Pod team/app-0")
    assert problem in finding.problem


@pytest.mark.parametrize(
    "facts",
    [
        pod(),
        pod(states=[{"state": RUNNING, "ready": True}]),
        pod(agent="external-secrets-init", states=[{"state": ended(0), "ready": True}]),
        pod(states=[{"state": {"waiting": {"reason": "PodInitializing"}}}]),
        pod(states=[{"state": RUNNING, "ready": True}], events=[FAILED_MOUNT]),
        PodFacts(POD, Unread("you may not get pods")),
    ],
)
def test_what_is_no_fault_of_a_pod(facts):
    assert found(of=cluster(webhooks=[webhook()]), pods=[facts]) == []


def test_without_the_webhook_no_pod_gets_its_files():
    finding = only(found(of=cluster(webhooks=[webhook(pods=False)]), pods=[pod()]))
    assert (finding.order, finding.about) == (Order.WEBHOOK, "the injector's webhook")


def refusal(message, who="app-5d4", at=None):
    return {
        "metadata": {"namespace": "team"},
        "involvedObject": {"kind": "ReplicaSet", "name": who},
        "reason": "FailedCreate",
        "message": message,
        "lastTimestamp": at or ago(minutes=1),
    }


def test_who_can_not_create_its_pods_is_told_with_the_newest_reason():
    refused = [
        refusal('admission webhook "x.external-secrets.io" denied the request: ExternalSecret "db" does not exist'),
        refusal('admission webhook "x.external-secrets.io" denied the request: older', at=ago(hours=1)),
        refusal("exceeded quota", "other"),
    ]
    finding = only(found(refused=refused))
    assert finding.about == "ReplicaSet team/app-5d4"
    assert 'ExternalSecret "db" does not exist' in finding.problem
    missing = found(of=cluster(webhooks=[webhook()]), pods=[PodFacts(POD, None, refused=refused)])
    assert [each.about for each in missing] == ["Pod team/app-0", "ReplicaSet team/app-5d4"]


def test_causes_come_before_what_follows_from_them():
    """The order in which to work, whatever the order in which things were looked at."""
    findings = found(
        good(not_ready(), stores=[good_store(condition=None, credentials={TOKEN: None})]),
        of=cluster(
            ours=[deployment(available=0)], leases=(), webhooks=[webhook(bundle="")], **definitions(secretstores=OLD)
        ),
        pods=[pod(states=[{"state": ended()}])],
    )
    assert [each.order for each in findings] == [
        Order.DEFINITIONS,
        Order.CONTROLLER,
        Order.WEBHOOK,
        Order.CREDENTIAL,
        Order.STORE,
        Order.EXTERNAL_SECRET,
        Order.AGENT,
    ]


def test_the_same_finding_is_told_once():
    one, other = (Finding(Order.STORE, "s", "p", "r") for _ in range(2))
    assert in_order([one, other, Finding(Order.DEFINITIONS, "d", "p", "r")]) == [
        Finding(Order.DEFINITIONS, "d", "p", "r"),
        one,
    ]


def test_values_of_secrets_are_dropped_as_they_come_in():
    from injector.doctor.reading import _without_values
    from kubecore.resources import CONFIG_MAPS, SECRETS

    assert "canary" not in repr(_without_values(secret(a="canary"), SECRETS))
    assert _without_values({"data": {"a": "kept"}}, CONFIG_MAPS) == {"data": {"a": "kept"}}


def test_what_others_wrote_stays_on_its_line():
    facts = Facts(NOW, "team", cluster(), [good(not_ready("no\nsuch\x1b[31m store"))])
    text = as_text(judge(facts), facts, ["you may\x07not"])
    assert text.splitlines()[0].endswith("(SecretSyncedError): no such\\x1b[31m store")
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "1 finding in ExternalSecret team/db" in text


def test_doctor_knows_a_pod_as_the_webhook_makes_it():
    assert (layout.PREFIX, layout.CONTAINERS) == (annotations.PREFIX, agent_container.OWN)
    assert (volumes.FILES, f"{annotations.PREFIX}inject") == (layout.FILES, layout.INJECT)
