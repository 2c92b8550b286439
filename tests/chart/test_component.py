"""What every Deployment of the chart has in common: its own values, and the global ones where they say nothing."""

import pytest
from helm_python import HelmRenderError

from tests.chart.helm import container, one, rendered

OWN = "localhost/external-secrets-injector/controller:0.1.0"
SPREAD = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}


def template(values):
    return one(rendered(values), "Deployment")["spec"]["template"]


@pytest.mark.parametrize(
    ("key", "everywhere", "own"),
    [
        ("imagePullSecrets", [{"name": "a"}], [{"name": "b"}]),
        ("nodeSelector", {"disk": "ssd"}, {"disk": "none"}),
        ("tolerations", [{"key": "a"}], [{"key": "b"}]),
        ("affinity", {"podAntiAffinity": {}}, {"nodeAffinity": {}}),
        ("hostAliases", [{"ip": "10.0.0.1", "hostnames": ["a"]}], [{"ip": "10.0.0.2", "hostnames": ["b"]}]),
        ("priorityClassName", "low", "high"),
    ],
)
def test_a_global_value_holds_where_the_component_says_nothing(key, everywhere, own):
    assert template({"global": {key: everywhere}})["spec"][key] == everywhere
    assert template({"global": {key: everywhere}, key: own})["spec"][key] == own


def test_a_spread_without_selector_is_that_of_the_components_pods():
    pod = template({"global": {"topologySpreadConstraints": [SPREAD]}})
    (constraint,) = pod["spec"]["topologySpreadConstraints"]
    assert constraint.items() >= SPREAD.items()
    labels = constraint["labelSelector"]["matchLabels"]
    assert labels["app.kubernetes.io/component"] == "controller"
    assert labels.items() <= pod["metadata"]["labels"].items()
    selector = {"matchLabels": {"a": "b"}}
    given = template({"topologySpreadConstraints": [SPREAD | {"labelSelector": selector}]})
    assert given["spec"]["topologySpreadConstraints"][0]["labelSelector"] == selector


def test_labels_and_annotations_of_pods_are_added_up_the_components_first():
    everywhere = {"podLabels": {"a": "1", "b": "1"}, "podAnnotations": {"c": "1", "d": "1"}}
    metadata = template({"global": everywhere, "podLabels": {"b": "2"}, "podAnnotations": {"d": "2"}})["metadata"]
    assert metadata["labels"].items() >= {"a": "1", "b": "2"}.items()
    assert metadata["annotations"] == {"c": "1", "d": "2"}


@pytest.mark.parametrize(
    ("values", "image"),
    [
        ({}, OWN),
        ({"global": {"imageRegistry": "registry.example:5000"}}, OWN.replace("localhost", "registry.example:5000")),
        ({"global": {"imageRegistry": "mirror.example/cache/"}}, OWN.replace("localhost", "mirror.example/cache")),
        ({"global": {"imageRegistry": "r.example"}, "image": {"repository": "team/esi"}}, "r.example/team/esi:0.1.0"),
        (
            {"global": {"imageRegistry": "r.example"}, "image": {"repository": "q:1/team/esi"}},
            "r.example/team/esi:0.1.0",
        ),
        ({"global": {"repository": "r.example/all"}, "image": {"tag": "3"}}, "r.example/all:3"),
        (
            {"global": {"imageRegistry": "r.example"}, "image": {"registry": "own.example"}},
            OWN.replace("localhost", "own.example"),
        ),
    ],
)
def test_the_registry_of_every_image_can_be_replaced(values, image):
    assert container(values)["image"] == image


def test_openshift_chooses_users_and_groups_itself():
    def users(mode, **values):
        pod = template({"global": {"compatibility": {"openshift": {"adaptSecurityContext": mode}}}, **values})
        contexts = [pod["spec"].get("securityContext", {}), pod["spec"]["containers"][0].get("securityContext", {})]
        return [{key for key in ("fsGroup", "runAsUser", "runAsGroup") if key in context} for context in contexts]

    assert users("auto") == users("disabled") == [{"runAsUser", "runAsGroup"}, set()]
    assert users("force") == [set(), set()]
    assert users("force", podSecurityContext={"fsGroup": 1}) == [set(), set()]
    assert template({"global": {"compatibility": {"openshift": {"adaptSecurityContext": "force"}}}})["spec"][
        "securityContext"
    ] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}


def test_a_security_context_can_be_left_away():
    pod = template({"podSecurityContext": {"enabled": False}, "securityContext": {"enabled": False}})
    assert "securityContext" not in pod["spec"]
    assert "securityContext" not in pod["spec"]["containers"][0]
    assert "enabled" not in template({})["spec"]["securityContext"]


def test_containers_and_init_containers_of_ones_own_stand_beside_ours():
    wait = {"name": "wait", "image": "busybox", "args": ["{{ .Release.Name }}"]}
    proxy = {"name": "proxy", "image": "proxy"}
    spec = template({"extraInitContainers": [wait], "extraContainers": [proxy]})["spec"]
    assert [each["name"] for each in spec["containers"]] == ["controller", "proxy"]
    assert spec["initContainers"] == [wait | {"args": ["demo"]}]


def test_variables_come_from_maps_too():
    source = [{"secretRef": {"name": "login"}}]
    assert container({"extraEnvFrom": source})["envFrom"] == source


@pytest.mark.parametrize("said", [True, False, None])
def test_users_of_the_host_are_used_as_said(said):
    assert template({"hostUsers": said})["spec"].get("hostUsers") is said


def test_the_last_word_on_the_pod_is_the_users():
    spec = template({"podSpecExtra": {"enableServiceLinks": False, "terminationGracePeriodSeconds": 90}})["spec"]
    assert (spec["enableServiceLinks"], spec["terminationGracePeriodSeconds"]) == (False, 90)


def test_probes_are_those_of_kubernetes_with_our_paths():
    it = container({"startupProbe": {"enabled": True}, "livenessProbe": {"spec": {"initialDelaySeconds": 9}}})
    assert it["startupProbe"]["httpGet"] == {"path": "/healthz", "port": "live"}
    assert it["livenessProbe"] | {"initialDelaySeconds": 9, "periodSeconds": 20} == it["livenessProbe"]
    served = {"livenessProbe": {"spec": {"address": "", "port": 8082}}}  # as the operator's chart has it
    assert container(served)["livenessProbe"] == container()["livenessProbe"]
    with pytest.raises(HelmRenderError, match=r"readinessProbe.spec.port: a probe asks .* that is live.port"):
        rendered({"readinessProbe": {"spec": {"port": 9999}}})


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, {"type": "RollingUpdate"}),
        ({"leaderElect": False}, {"type": "Recreate"}),
        ({"strategy": {"type": "Recreate"}}, {"type": "Recreate"}),
        ({"strategy": {"rollingUpdate": {"maxSurge": 2}}}, {"rollingUpdate": {"maxSurge": 2}}),
    ],
)
def test_strategy(values, expected):
    assert one(rendered(values), "Deployment")["spec"]["strategy"] == expected


def test_a_strategy_that_lets_two_write_at_once_is_refused():
    with pytest.raises(HelmRenderError, match="strategy: without leaderElect only Recreate"):
        rendered({"leaderElect": False, "strategy": {"type": "RollingUpdate"}})


def test_the_deployment_has_labels_of_its_own_and_can_be_left_out():
    manifest = one(rendered({"deploymentLabels": {"tier": "a"}}), "Deployment")
    assert manifest["metadata"]["labels"]["tier"] == "a"
    assert "tier" not in manifest["spec"]["template"]["metadata"]["labels"]
    assert "Deployment" not in {each["kind"] for each in rendered({"createOperator": False})}


@pytest.mark.parametrize(
    ("crds", "left"),
    [
        ({"createSecretStore": False}, {"clustersecretstores", "externalsecrets"}),
        ({"createClusterSecretStore": False}, {"externalsecrets", "secretstores"}),
    ],
)
def test_single_definitions_can_be_left_out(crds, left):
    manifests = rendered({"crds": crds})
    found = {each["spec"]["names"]["plural"] for each in manifests if each["kind"] == "CustomResourceDefinition"}
    assert found == left
