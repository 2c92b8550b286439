"""What the chart renders for the injector, and what its webhook may do."""

import pytest
from helm_python import HelmError, HelmRenderError
from helm_python.chart import lint

from injector.webhook.settings import read_settings
from tests.chart.helm import FOLDER, chart, flags, names, notes, of_kind, one, rendered
from tests.chart.release import Release

FULL = "demo-external-secrets-injector"
ALONE = {"createOperator": False, "installCRDs": False}
CERT_MANAGER = {"certManager": {"enabled": True}}
OWN = [
    f"ClusterRole/{FULL}-webhook", f"ClusterRoleBinding/{FULL}-webhook", f"Deployment/{FULL}-webhook",
    f"MutatingWebhookConfiguration/{FULL}-webhook", f"PodDisruptionBudget/{FULL}-webhook", f"Role/{FULL}-webhook",
    f"RoleBinding/{FULL}-webhook", f"Secret/{FULL}-webhook-certificate", f"Service/{FULL}-webhook",
    f"ServiceAccount/{FULL}-webhook",
]  # fmt: skip


def values(webhook=None, **injector):
    return {"injector": {"enabled": True, **({"webhook": webhook} if webhook else {}), **injector}}


def webhook_objects(given):
    return [
        each
        for each in rendered(given)
        if each["metadata"].get("labels", {}).get("app.kubernetes.io/component") == "webhook"
    ]


def deployment(given):
    return one(webhook_objects(given), "Deployment")


def container(given):
    (only,) = deployment(given)["spec"]["template"]["spec"]["containers"]
    return only


def configuration(given):
    (only,) = one(rendered(given), "MutatingWebhookConfiguration")["webhooks"]
    return only


def test_it_is_off_unless_asked_for():
    assert webhook_objects({}) == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (values(), OWN),
        (
            values(**CERT_MANAGER),
            sorted(
                [each for each in OWN if not each.startswith(("Role", "Secret/"))]
                + [f"Certificate/{FULL}-webhook-certificate", f"Issuer/{FULL}-webhook-certificate"]
            ),
        ),
        (
            values({"networkPolicy": {"enabled": True}})
            | {"serviceMonitor": {"enabled": True, "renderMode": "alwaysRender"}},
            sorted([*OWN, f"NetworkPolicy/{FULL}-webhook", f"ServiceMonitor/{FULL}-webhook"]),
        ),
        (
            values({"serviceAccount": {"create": False}, "podDisruptionBudget": {"enabled": False}})
            | {"rbac": {"create": False}},
            [each for each in OWN if not each.startswith(("Role", "ClusterRole", "ServiceAccount", "PodDis"))],
        ),
    ],
    ids=["default", "cert-manager", "network-and-monitor", "without-rights"],
)
def test_which_objects_there_are(given, expected):
    assert names(webhook_objects(given)) == expected


@pytest.mark.parametrize("given", [values(), values(**CERT_MANAGER), values() | ALONE])
def test_helm_finds_nothing_to_complain_about(given):
    report = lint(FOLDER, given, strict=True)
    assert report["errors"] == []
    assert {message["error"] for message in report["messages"]} <= {"icon is recommended"}


def test_only_pods_that_opt_in_are_asked_about():
    it = configuration(values())
    assert it["failurePolicy"] == "Fail"
    assert it["reinvocationPolicy"] == "IfNeeded"
    assert it["sideEffects"] == "None"
    assert it["rules"] == [
        {
            "operations": ["CREATE"],
            "apiGroups": [""],
            "apiVersions": ["v1"],
            "resources": ["pods"],
            "scope": "Namespaced",
        }
    ]
    (condition,) = it["matchConditions"]
    assert condition["expression"].startswith("has(object.metadata.annotations) && ")
    assert "injector.external-secrets.io/" in condition["expression"]


def test_the_ca_is_not_the_charts_so_that_an_upgrade_leaves_it():
    assert "caBundle" not in configuration(values())["clientConfig"]
    assert "data" not in one(webhook_objects(values()), "Secret")
    annotations = one(rendered(values(**CERT_MANAGER)), "MutatingWebhookConfiguration")["metadata"]["annotations"]
    assert annotations == {"cert-manager.io/inject-ca-from": f"team/{FULL}-webhook-certificate"}


@pytest.mark.parametrize(
    ("url", "client", "names"),
    [
        ("", {"service": {"name": f"{FULL}-webhook", "namespace": "team", "path": "/mutate", "port": 443}}, [f"{FULL}-webhook.team.svc"]),
        ("https://hook.example:9443", {"url": "https://hook.example:9443/mutate"}, ["hook.example"]),
        ("https://hook.example/", {"url": "https://hook.example/mutate"}, ["hook.example"]),
    ],
)  # fmt: skip
def test_the_certificate_is_for_where_the_api_server_calls(url, client, names):
    given = values({"url": url})
    assert configuration(given)["clientConfig"] == client
    assert read_settings(flags(container(given), "injector", "webhook")).host_names == names
    certificate = one(rendered(values({"url": url}, **CERT_MANAGER)), "Certificate")
    assert certificate["spec"]["dnsNames"] == names


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (values(), {"mode": "native", "native_sidecars": "auto", "platform_assigns_uids": False, "agent_uid": 65532, "agent_port": 9467}),
        (values(mode="sidecar"), {"mode": "sidecar"}),
        (values(mode="init", nativeSidecars=False), {"mode": "init", "native_sidecars": "false"}),
        (values(platformAssignsUIDs=True), {"platform_assigns_uids": True}),
        (values(agent={"uid": 1234567890, "port": 9000, "volumeSize": "64Mi"}), {"agent_uid": 1234567890, "agent_port": 9000, "agent_volume_size": "64Mi"}),
        (values(agent={"probeCommand": ["/probe", "-v"]}), {"agent_probe_command": ["/probe", "-v"]}),
        (values(agent={"image": {"repository": "r.example/agent", "tag": "2"}}), {"agent_image": "r.example/agent:2"}),
        (values() | {"global": {"repository": "r.example/both"}}, {"agent_image": "localhost/external-secrets-injector/agent:0.1.0"}),
        (values() | {"global": {"imageRegistry": "m.example"}}, {"agent_image": "m.example/external-secrets-injector/agent:0.1.0"}),
        (values({"port": 9999}), {"webhook_addr": ":9999"}),
        (values() | {"controllerClass": "blue", "log": {"level": "debug"}}, {"controller_class": "blue", "loglevel": "debug"}),
        (values(**CERT_MANAGER), {"certificate_secret": "", "webhook_configuration": ""}),
    ],
)  # fmt: skip
def test_the_webhook_reads_what_the_values_say(given, expected):
    settings = read_settings(flags(container(given), "injector", "webhook"))
    assert {name: getattr(settings, name) for name in expected} == expected
    assert settings.namespace == "team"


def test_the_agent_can_have_a_limit_of_cpu_for_namespaces_with_a_quota():
    given = values(agent={"resources": {"limits": {"cpu": "250m"}}})
    settings = read_settings(flags(container(given), "injector", "webhook"))
    assert settings.agent_resources["limits"] == {"cpu": "250m", "memory": "96Mi"}


def test_resources_of_the_agent_are_merged_into_the_defaults():
    given = values(agent={"resources": {"limits": {"memory": "256Mi"}}})
    settings = read_settings(flags(container(given), "injector", "webhook"))
    assert settings.agent_resources == {"requests": {"cpu": "5m", "memory": "32Mi"}, "limits": {"memory": "256Mi"}}


def test_replicas_are_spread_and_never_all_gone():
    it = deployment(values())["spec"]
    assert it["replicas"] == 2
    assert it["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    (preference,) = it["template"]["spec"]["affinity"]["podAntiAffinity"][
        "preferredDuringSchedulingIgnoredDuringExecution"
    ]
    labels = preference["podAffinityTerm"]["labelSelector"]["matchLabels"]
    assert labels == it["selector"]["matchLabels"]
    assert labels.items() <= it["template"]["metadata"]["labels"].items()
    mine = {"nodeAffinity": {"x": 1}}
    assert deployment(values({"affinity": mine}))["spec"]["template"]["spec"]["affinity"] == mine
    assert deployment(values() | {"global": {"affinity": mine}})["spec"]["template"]["spec"]["affinity"] == mine


def test_its_selectors_are_its_own():
    everything = values({"networkPolicy": {"enabled": True}}) | {
        "podDisruptionBudget": {"enabled": True},
        "networkPolicy": {"enabled": True},
    }
    pods = {
        each["metadata"]["name"]: each["spec"]["template"]["metadata"]["labels"]
        for each in of_kind(rendered(everything), "Deployment")
    }
    for each in rendered(everything):
        spec = each.get("spec", {})
        selector = spec.get("selector") if each["kind"] == "Service" else None
        if each["kind"] in ("PodDisruptionBudget", "NetworkPolicy"):
            selector = (spec.get("selector") or spec.get("podSelector"))["matchLabels"]
        if selector:
            assert [name for name, labels in pods.items() if selector.items() <= labels.items()] == [
                each["metadata"]["name"]
            ]


def test_more_conditions_and_selectors_are_the_users():
    more = {"name": "not-system", "expression": "request.namespace != 'kube-system'"}
    label = {"matchLabels": {"inject": "yes"}}
    it = configuration(values({"matchConditions": [more], "objectSelector": label, "namespaceSelector": label}))
    assert it["matchConditions"][1] == more
    assert (it["objectSelector"], it["namespaceSelector"]) == (label, label)


def test_a_role_in_one_namespace_is_not_enough():
    with pytest.raises(HelmRenderError, match=r"injector.enabled: the webhook serves the whole cluster") as refused:
        rendered(values() | {"scopedRBAC": True, "scopedNamespace": "team"})
    assert all(f"{value}: false" in str(refused.value) for value in ALONE)


@pytest.mark.parametrize(
    ("injector", "path"),
    [
        ({"mode": "both"}, "/injector/mode"),
        ({"agent": {"uid": 0}}, "/injector/agent/uid"),
        ({"agent": {"volumeSize": "lots"}}, "/injector/agent/volumeSize"),
        ({"agent": {"command": ["sh"]}}, "/injector/agent"),
        ({"webhook": {"url": "http://insecure"}}, "/injector/webhook/url"),
        ({"webhook": {"failurePolicy": "Maybe"}}, "/injector/webhook/failurePolicy"),
        ({"webhook": {"timeoutSeconds": 31}}, "/injector/webhook/timeoutSeconds"),
        ({"webhook": {"replicaCount": 0}}, "/injector/webhook/replicaCount"),
        ({"nativeSidecars": "maybe"}, "/injector/nativeSidecars"),
        ({"certManager": {"duration": "long"}}, "/injector/certManager/duration"),
    ],
)
def test_a_wrong_value_is_refused_with_its_path(injector, path):
    with pytest.raises(HelmError) as refused:
        chart().validate_schema({"injector": injector})
    assert path in str(refused.value)


def test_the_notes_say_how_to_use_it():
    assert "injector.external-secrets.io/inject" in notes(values())
    assert "Agents run as sidecar where a pod does not say" in notes(values(mode="sidecar"))
    assert "injector.external-secrets.io/inject" not in notes()


def test_the_notes_warn_of_images_that_nobody_published():
    def warned(given):
        return [line.removeprefix("Set ").partition(" ")[0] for line in notes(given).splitlines() if "to yours" in line]

    mine = {"repository": "r.example/mine"}
    assert warned({}) == ["image.repository"]
    assert warned({"image": mine}) == []
    assert warned({"createOperator": False}) == []
    assert warned(values() | {"image": mine}) == ["injector.agent.image.repository"]
    assert warned(values(agent={"image": mine}) | ALONE) == ["injector.webhook.image.repository"]
    assert warned(values(agent={"image": mine}) | {"image": mine}) == []
    assert warned(values() | {"global": {"imageRegistry": "r.example"}}) == []


OWN_IMAGE = "localhost/external-secrets-injector/controller"


@pytest.mark.parametrize(
    ("controller", "webhook", "image", "policy"),
    [
        ({}, {}, f"{OWN_IMAGE}:0.1.0", "IfNotPresent"),
        ({"repository": "r/esi", "tag": "2", "pullPolicy": "Always"}, {}, "r/esi:2", "Always"),
        ({"digest": f"sha256:{'0' * 64}"}, {}, f"{OWN_IMAGE}@sha256:{'0' * 64}", "IfNotPresent"),
        ({"digest": f"sha256:{'0' * 64}"}, {"tag": "3"}, f"{OWN_IMAGE}:3", "IfNotPresent"),
        ({"tag": "2"}, {"repository": "r/hook"}, "r/hook:0.1.0", "IfNotPresent"),
        ({"tag": "2"}, {"registry": "r.example", "pullPolicy": "Never"}, f"{OWN_IMAGE}:2".replace("localhost", "r.example"), "Never"),
    ],
)  # fmt: skip
def test_the_image_of_the_webhook_is_the_controllers_unless_it_has_its_own(controller, webhook, image, policy):
    it = container(values(webhook={"image": webhook}) | {"image": controller})
    assert (it["image"], it["imagePullPolicy"]) == (image, policy)


def test_an_autoscaler_decides_on_replicas_alone():
    given = values(webhook={"autoscaling": {"enabled": True, "maxReplicas": 9}})
    scaler = one(rendered(given), "HorizontalPodAutoscaler")["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (2, 9)
    assert scaler["scaleTargetRef"]["name"] == deployment(given)["metadata"]["name"]
    assert "replicas" not in deployment(given)["spec"]


def test_a_service_monitor_is_left_away_where_the_kind_is_missing():
    monitors = {
        mode: len(of_kind(rendered(values() | {"serviceMonitor": {"enabled": True, "renderMode": mode}}), "ServiceMonitor"))
        for mode in ("skipIfMissing", "alwaysRender")
    }  # fmt: skip
    assert monitors == {"skipIfMissing": 0, "alwaysRender": 2}


@pytest.mark.server
def test_the_pod_may_run_in_a_restricted_namespace(cluster, namespace):
    restricted = cluster.create_namespace(f"{namespace}-r", {"pod-security.kubernetes.io/enforce": "restricted"})
    template = deployment(values())["spec"]["template"]
    cluster.create_service_account(restricted, template["spec"]["serviceAccountName"])
    pod = {"metadata": {"name": "it", "labels": template["metadata"]["labels"]}, "spec": template["spec"]}
    cluster.request("POST", f"/api/v1/namespaces/{restricted}/pods?dryRun=All", pod)
    cluster.request("DELETE", f"/api/v1/namespaces/{restricted}")


READ = {"get", "list", "watch"}
EVERYWHERE = {
    "external-secrets.io/externalsecrets": READ,
    "external-secrets.io/secretstores": READ,
    "external-secrets.io/clustersecretstores": READ,
    "/configmaps": READ,
    "/namespaces": READ,
}
NEVER = (
    "/secrets", "/serviceaccounts/token", "/serviceaccounts", "/pods", "/pods/exec", "/pods/ephemeralcontainers",
    "/nodes", "/events", "/services", "apps/deployments", "batch/jobs", "external-secrets.io/externalsecrets/status",
    "external-secrets.io/secretstores/status", "external-secrets.io/externalsecrets/finalizers",
    "rbac.authorization.k8s.io/roles", "rbac.authorization.k8s.io/clusterroles",
    "rbac.authorization.k8s.io/clusterrolebindings", "apiextensions.k8s.io/customresourcedefinitions",
    "admissionregistration.k8s.io/mutatingwebhookconfigurations",
    "admissionregistration.k8s.io/validatingwebhookconfigurations", "certificates.k8s.io/certificatesigningrequests",
)  # fmt: skip
CONFIGURATIONS = "admissionregistration.k8s.io/mutatingwebhookconfigurations"
LEASES = "coordination.k8s.io/leases"


@pytest.fixture
def release(cluster, namespace):
    made = []

    def install(**injector):
        made.append(Release(cluster, namespace, ALONE | values(**injector)))
        return made[-1]

    yield install
    for each in made:
        each.remove()


def may(release, namespace, expected):
    return {resource: release.allowed(resource, namespace) for resource in expected}


@pytest.mark.server
def test_the_webhook_may_do_what_it_does_and_nothing_else(release, namespace):
    it = release()
    expected = EVERYWHERE | {resource: set() for resource in NEVER} | {LEASES: set()}
    assert may(it, "some-other-namespace", expected) == expected
    at_home = {"/secrets": set(), LEASES: {"create"}, "/pods": set()}
    assert may(it, namespace, at_home) == at_home
    own = one(it.kept, "MutatingWebhookConfiguration")["metadata"]["name"]
    assert it.allowed("/secrets", namespace, one(it.kept, "Secret")["metadata"]["name"]) == READ | {"update"}
    assert it.allowed("/secrets", namespace, "another") == set()
    assert it.allowed(CONFIGURATIONS, "", own) == READ | {"patch"}
    assert it.allowed(CONFIGURATIONS, "", "another") == set()
    assert it.allowed(LEASES, namespace, own) == {"get", "update", "create"}
    assert it.allowed(LEASES, namespace, "another") == {"create"}
    for resource in ("users", "groups", "serviceaccounts"):
        assert not it.may(verb="impersonate", group="", resource=resource, name="admin")


@pytest.mark.server
def test_with_cert_manager_it_may_read_and_nothing_else(release, namespace):
    it = release(**CERT_MANAGER)
    own = one(it.kept, "MutatingWebhookConfiguration")["metadata"]["name"]
    assert may(it, namespace, EVERYWHERE) == EVERYWHERE
    assert it.allowed(CONFIGURATIONS, "", own) == set()
    assert it.allowed(LEASES, namespace) == set()
    assert it.allowed("/secrets", namespace, f"{own}-certificate") == set()
