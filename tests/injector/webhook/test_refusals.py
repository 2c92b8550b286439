"""Pods that can't have what they name, and the sentence that says so."""

import pytest

from secretcore.errors import StoreUnavailable
from tests.injector.webhook.building import (
    NAMESPACE,
    Cluster,
    annotated,
    ask,
    external_secret,
    pod,
    refusal,
    store,
    vault,
)

LOGIN = {"tokenSecretRef": {"name": "login", "key": "token"}}
ELSEWHERE = {"tokenSecretRef": {"name": "login", "key": "token", "namespace": "vault-system"}}
OF_CLUSTER = {"kind": "ClusterSecretStore"}
FORM = {"template": {"templateFrom": [{"configMap": {"name": "form", "items": [{"key": "a"}]}}]}}


def account(name="default", **more):
    return {"kubernetes": {"role": "app", "serviceAccountRef": {"name": name, "audiences": ["vault"], **more}}}


def clustered(provider=None, **spec):
    return Cluster(external_secret(store=OF_CLUSTER), store(provider, kind="ClusterSecretStore", **spec))


@pytest.mark.parametrize(
    ("cluster", "message"),
    [
        (Cluster(store()), 'ExternalSecret "db": does not exist (create it)'),
        (Cluster(external_secret()), 'SecretStore "vault": does not exist (create it)'),
        (Cluster(external_secret(store=OF_CLUSTER), store()), 'ClusterSecretStore "vault": does not exist'),
        (
            Cluster(external_secret(), store({"fake": {"data": [{"key": "db", "value": "canary"}]}})),
            'SecretStore "vault": spec.provider.fake: the store holds the secrets themselves',
        ),
        (
            Cluster(external_secret(), store(controller="blue")),
            'SecretStore "vault": spec.controller: the store is served by controller "blue", this one is "default"',
        ),
        (
            Cluster(external_secret(), store({"vault": {"server": "https://vault"}, "aws": {}})),
            "spec.provider: must have exactly one provider, has aws, vault",
        ),
        (
            Cluster(external_secret(), store({"acme": {}})),
            'spec.provider.acme: no provider "acme" is installed',
        ),
        (
            Cluster(external_secret(), store(vault({"kubernetes": {}}))),
            'SecretStore "vault": spec.provider.vault.auth.kubernetes.role: is required',
        ),
        (
            clustered(vault(ELSEWHERE)),
            ('ClusterSecretStore "vault": spec.provider.vault.auth.tokenSecretRef: Secret "vault-system/login" is in '
            f'another namespace than the pod, so that it can\'t be mounted (have a Secret in namespace "{NAMESPACE}"'),
        ),
        (
            clustered(vault(LOGIN, caProvider={"type": "ConfigMap", "name": "ca", "key": "a", "namespace": "pki"})),
            ('spec.provider.vault.caProvider: ConfigMap "pki/ca" is in another namespace than the pod, so that it can\'t '
            "be mounted (put the certificates into caBundle)"),
        ),
        (
            Cluster(external_secret(), store(vault({"tokenSecretRef": {"name": "login"}}))),
            "spec.provider.vault.auth.tokenSecretRef: the reference to a Secret lacks its key",
        ),
        (
            Cluster(external_secret(), store(vault(account("reader")))),
            ('SecretStore "vault": spec.provider.vault.auth.kubernetes.serviceAccountRef: the store logs in as '
            f'ServiceAccount "{NAMESPACE}/reader", the pod is "{NAMESPACE}/default" and can be nobody else (let the pod '
            "run as that ServiceAccount, or let pods use their own by annotating the store with "
            "injector.external-secrets.io/identity: pod)"),
        ),
        (
            clustered(vault(account(namespace="vault-system"))),
            f'logs in as ServiceAccount "vault-system/default", the pod is "{NAMESPACE}/default"',
        ),
        (
            Cluster(external_secret(), store(annotations=annotated(identity="yes"))),
            'metadata.annotations[injector.external-secrets.io/identity]: must be "pod", is "yes"',
        ),
        (
            Cluster(external_secret(), store(vault(account(audiences=["vault", "bao"])))),
            "a token for several audiences at once (bao, vault) can't be mounted into a pod (name one audience)",
        ),
        (
            Cluster(external_secret(), store({"aws": {"service": "SecretsManager", "region": "eu-central-1"}})),
            "spec.provider.aws.auth: the store would log in with environment variables (AWS_ACCESS_KEY_ID",
        ),
        (
            clustered(vault(LOGIN), conditions=[{"namespaces": ["other"]}]),
            f'ClusterSecretStore "vault": is not for namespace "{NAMESPACE}", by its spec.conditions',
        ),
        (
            clustered(vault(LOGIN), conditions=[{"namespaceSelector": {"matchLabels": {"vault": "yes"}}}]),
            f'ClusterSecretStore "vault": is not for namespace "{NAMESPACE}"',
        ),
        (
            Cluster(external_secret(data=[], dataFrom=[{"sourceRef": {"generatorRef": {"kind": "UUID", "name": "u"}}}]), store()),
            'ExternalSecret "db": spec.dataFrom[0].sourceRef.generatorRef: generators can\'t be used in pods',
        ),
        (
            Cluster(external_secret(target={"manifest": {"apiVersion": "v1", "kind": "ConfigMap"}}), store()),
            "spec.target.manifest: a ConfigMap can't be delivered as files",
        ),
        (Cluster(external_secret(data=[]), store()), 'ExternalSecret "db": spec: either data or dataFrom'),
        (
            Cluster(external_secret(target=FORM), store()),
            'ExternalSecret "db": spec.target.template.templateFrom[0].configMap: ConfigMap "form" does not exist',
        ),
        (
            Cluster(external_secret(), store(vault(LOGIN, caProvider={"type": "ConfigMap", "name": "ca", "key": "a"}))),
            'SecretStore "vault": spec.provider.vault.caProvider: ConfigMap "ca" does not exist',
        ),
        (
            Cluster(external_secret(), store(vault({"tokenSecretRef": {"name": "login", "key": "..data"}}))),
            'key "..data" can\'t be mounted as a file',
        ),
    ],
)  # fmt: skip
async def test_what_the_cluster_has_decides(cluster, message):
    status = (await ask(pod(), cluster))["status"]
    assert message in status["message"]
    assert (status["code"], status["reason"]) == (403, "Forbidden")  # the same pod may get in later


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (pod(os={"name": "windows"}), "spec.os.name: the agent runs on Linux, not on windows"),
        (pod(nodeSelector={"kubernetes.io/os": "windows"}), "spec.nodeSelector[kubernetes.io/os]: the agent runs on"),
        (
            pod(annotations={"inject": "db", "containers": "web"}),
            'containers: the pod has no container "web", it has "app"',
        ),
        (
            pod(annotations={"inject": "db", "containers": "i", "first": "false"}, initContainers=[{"name": "i"}]),
            'containers: init container "i" runs before the files are there (leave it out, or have the agent first',
        ),
        (
            pod(containers=[{"name": "app", "volumeMounts": [{"name": "mine", "mountPath": "/secrets"}]}]),
            'mount-path: container "app" has volume "mine" mounted at /secrets, where the files would be (/secrets)',
        ),
        (
            pod(containers=[{"name": "app", "volumeMounts": [{"name": "mine", "mountPath": "/secrets/tls"}]}]),
            'container "app" has volume "mine" mounted at /secrets/tls',
        ),
        (
            pod(
                annotations={"inject": "db", "mount-path": "/a"},
                initContainers=[{"name": "i", "volumeMounts": [{"name": "mine", "mountPath": "/a"}]}],
            ),
            'container "i" has volume "mine" mounted at /a',
        ),
        (
            pod(
                containers=[
                    {
                        "name": "app",
                        "volumeMounts": [{"name": "external-secrets-files", "mountPath": "/a", "subPath": "db"}],
                    }
                ]
            ),
            'container "app" mounts volume "external-secrets-files" by subPath, which never sees a refresh',
        ),
        (
            pod(containers=[{"name": "app", "volumeMounts": [{"name": "external-secrets-files", "mountPath": "/a"}]}]),
            'mounts volume "external-secrets-files" to write (set readOnly: true)',
        ),
        (
            pod(
                annotations={"inject": "db", "containers": "app"},
                containers=[
                    {"name": "app"},
                    {"name": "spy", "volumeMounts": [{"name": "external-secrets-credentials", "mountPath": "/a"}]},
                ],
            ),
            'container "spy" mounts volume "external-secrets-credentials", which is the agent\'s alone',
        ),
        (
            pod(initContainers=[{"name": "external-secrets-init", "image": "mine", "args": ["agent", "--once"]}]),
            'container "external-secrets-init" has the name of the agent\'s, and is another (call it otherwise)',
        ),
        (pod(annotations={"mode": "init"}), "injector.external-secrets.io/inject: is required"),
    ],
)
async def test_what_the_pod_brings_decides(shape, message):
    status = (await ask(shape))["status"]
    assert message in status["message"]
    assert (status["code"], status["reason"]) == (422, "Invalid")  # as it is, it never gets in


async def test_what_is_too_large_for_the_pods_annotations_may_become_smaller():
    large = {"template": {"data": {"a": "x" * 262_000}}}
    status = (await ask(pod(), Cluster(external_secret(target=large), store())))["status"]
    assert "with what the ExternalSecrets and their stores say they would have 262" in status["message"]
    assert (status["code"], status["reason"]) == (403, "Forbidden")


@pytest.mark.parametrize(
    ("secrets", "annotations", "entry"),
    [
        ((external_secret("a", target={"name": "b"}), external_secret("b")), {"inject": "a,b"}, "b"),
        (
            (external_secret("a"), external_secret("b", target={"name": "a.env"})),
            {"inject": "a,b", "format": "a=env"},
            "a.env",
        ),
    ],
)
async def test_two_deliveries_can_not_have_one_name(secrets, annotations, entry):
    message = await refusal(pod(annotations=annotations), Cluster(*secrets, store()))
    assert f'ExternalSecrets "a" and "b" would both be "{entry}" in the volume' in message


@pytest.mark.parametrize(
    "volume",
    [
        {"name": "external-secrets-files", "emptyDir": {}},
        {"name": "external-secrets-files", "emptyDir": {"medium": "Memory"}},
        {"name": "external-secrets-files", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}},
        {"name": "external-secrets-no-token", "emptyDir": {}},
        {"name": "external-secrets-files", "persistentVolumeClaim": {"claimName": "mine"}},
        {"name": "external-secrets-files", "configMap": {"name": "mine"}},
        {"name": "external-secrets-no-token", "emptyDir": {"sizeLimit": "1Gi"}},
        {"name": "external-secrets-no-token", "hostPath": {"path": "/"}},
        {"name": "external-secrets-handoff", "downwardAPI": {"items": []}},
        {"name": "external-secrets-handoff", "downwardAPI": {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
        {"name": "external-secrets-credentials", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}},
        {"name": "external-secrets-credentials", "projected": {"sources": [{"secret": {"name": "mine"}}]}},
        {"name": "external-secrets-credentials", "projected": {"sources": [{"configMap": {"name": "a", "items": [{"key": "k", "path": "k"}]}}]}},
        {"name": "external-secrets-credentials", "projected": {"sources": [{"downwardAPI": {"items": []}}]}},
        {"name": "external-secrets-credentials", "secret": {"secretName": "mine"}},
    ],
)  # fmt: skip
async def test_a_volume_of_the_pods_own_is_never_replaced_by_one_of_the_agents(volume):
    message = await refusal(pod(volumes=[volume]))
    assert (
        f'volume "{volume["name"]}" has the name of one of the agent\'s, and is another (call it otherwise)' in message
    )
    without_credentials = Cluster(external_secret(), store({"express": {"host": "http://it"}}))
    assert message == await refusal(pod(volumes=[volume]), without_credentials)


class Silent(Cluster):
    """The API server does not answer."""

    async def store(self, ref, namespace):
        raise StoreUnavailable("no answer", remedy="create the pod again")


async def test_what_can_not_be_known_now_is_worth_another_try():
    several = Silent(external_secret("a"), external_secret("b", store={"name": "other"}))
    for cluster, inject in ((Silent(external_secret()), "db"), (several, "a,b")):
        status = (await ask(pod(annotations={"inject": inject}), cluster))["status"]
        assert (status["code"], status["reason"]) == (503, "ServiceUnavailable")
        assert status["message"].endswith("no answer (create the pod again)")


async def test_everything_that_is_missing_is_said_at_once():
    message = await refusal(pod(annotations={"inject": "a, b"}), Cluster())
    assert 'ExternalSecret "a": does not exist; ExternalSecret "b": does not exist' in message


async def test_a_refusal_never_shows_a_value():
    fake = {"fake": {"data": [{"key": "db", "value": "canary-81"}], "validationResult": "canary-82"}}
    response = await ask(pod(), Cluster(external_secret(), store(fake)))
    assert not response["allowed"]
    assert "canary" not in str(response)


async def test_a_namespace_is_let_in_by_its_labels_and_only_then_asked_for_them():
    conditions = [{"namespaceSelector": {"matchLabels": {"vault": "yes"}}}]
    cluster = Cluster(
        external_secret(store=OF_CLUSTER),
        store(vault(LOGIN), kind="ClusterSecretStore", conditions=conditions),
        labels={"vault": "yes"},
    )
    assert (await ask(pod(), cluster))["allowed"]
    assert cluster.asked == ["labels"]
    unasked = clustered(vault(LOGIN), conditions=[{"namespaces": [NAMESPACE]}])
    assert (await ask(pod(), unasked))["allowed"]
    assert unasked.asked == []


@pytest.mark.parametrize(
    ("auth", "annotations"),
    [
        (account("default"), None),
        (account("default", namespace=NAMESPACE), None),
        (account("reader"), annotated(identity="pod")),
        ({"kubernetes": {"role": "app"}}, None),
    ],
)
async def test_the_pods_own_identity_is_its_to_use(auth, annotations):
    cluster = Cluster(external_secret(), store(vault(auth), annotations=annotations))
    assert (await ask(pod(), cluster))["allowed"]
    assert (await ask(pod(serviceAccountName="default"), cluster))["allowed"]


async def test_the_pods_service_account_is_the_one_that_it_names():
    cluster = Cluster(external_secret(), store(vault(account("reader"))))
    assert (await ask(pod(serviceAccountName="reader"), cluster))["allowed"]
