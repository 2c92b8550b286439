"""What the chart renders for which values."""

import gzip
import importlib.util
import json
import tomllib

import pytest
import yaml
from helm_python import HelmRenderError
from helm_python.chart import lint

from controller.settings import read_settings
from tests.chart.helm import EVERYTHING, FOLDER, chart, container, flags, names, notes, of_kind, one, rendered
from tests.chart.matrix import POD
from tests.support.paths import ROOT

FULL = "demo-external-secrets-injector"


@pytest.mark.parametrize("values", [{}, EVERYTHING, {"scopedNamespace": "team", "scopedRBAC": True}])
def test_helm_finds_nothing_to_complain_about(values):
    report = lint(FOLDER, values, strict=True)
    assert report["errors"] == []
    assert {message["error"] for message in report["messages"]} <= {"icon is recommended"}


def test_its_versions_are_the_projects():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert chart().metadata["appVersion"] == project["version"]
    assert chart().metadata["apiVersion"] == "v2"


def test_its_crds_are_those_of_the_project():
    ours = {path.name: path.read_text() for path in (ROOT / "crds").glob("*.yaml")}
    assert {path.name: path.read_text() for path in (FOLDER / "files" / "crds").iterdir()} == ours, "run `make chart`"


def test_crds_are_rendered_whole_and_stay_when_the_release_goes():
    crds = of_kind(rendered({"crds": {"annotations": {"argocd.example/sync": "first"}}}), "CustomResourceDefinition")
    assert len(crds) == 3
    for crd in crds:
        (path,) = (ROOT / "crds").glob(f"*_{crd['spec']['names']['plural']}.yaml")
        original = yaml.safe_load(path.read_text())
        assert crd["spec"] == original["spec"]
        assert crd["metadata"]["labels"].items() >= original["metadata"]["labels"].items()
        assert crd["metadata"]["annotations"] == {
            "helm.sh/resource-policy": "keep",
            "argocd.example/sync": "first",
        }
    assert of_kind(rendered({"installCRDs": False}), "CustomResourceDefinition") == []


def test_nobody_can_take_the_annotation_away_that_keeps_crds():
    values = {"crds": {"annotations": {"helm.sh/resource-policy": "delete"}}}
    for crd in of_kind(rendered(values), "CustomResourceDefinition"):
        assert crd["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"


def test_a_release_fits_into_the_secret_that_helm_keeps_it_in():
    kept = [json.dumps(chart().render({}, name="demo")), json.dumps(chart().files), json.dumps(chart().templates)]
    assert len(gzip.compress("".join(kept).encode())) < 512 * 1024  # base64 twice over, at most 1 MiB


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (
            {},
            [
                f"ClusterRole/{FULL}-controller", f"ClusterRole/{FULL}-edit", f"ClusterRole/{FULL}-servicebindings",
                f"ClusterRole/{FULL}-view", f"ClusterRoleBinding/{FULL}-controller", f"Deployment/{FULL}",
                f"Role/{FULL}-leaderelection", f"RoleBinding/{FULL}-leaderelection", f"ServiceAccount/{FULL}",
            ],
        ),
        (
            {"createOperator": False},
            [f"ClusterRole/{FULL}-edit", f"ClusterRole/{FULL}-servicebindings", f"ClusterRole/{FULL}-view"],
        ),
        (
            {"scopedNamespace": "team", "scopedRBAC": True},
            [
                f"Deployment/{FULL}", f"Role/{FULL}-controller", f"Role/{FULL}-leaderelection",
                f"RoleBinding/{FULL}-controller", f"RoleBinding/{FULL}-leaderelection", f"ServiceAccount/{FULL}",
            ],
        ),
        (
            {"rbac": {"create": False}, "serviceAccount": {"create": False}} | EVERYTHING,
            [
                f"ConfigMap/{FULL}-dashboard", f"Deployment/{FULL}", f"NetworkPolicy/{FULL}",
                f"PodDisruptionBudget/{FULL}", f"PrometheusRule/{FULL}", f"Service/{FULL}-metrics",
                f"ServiceMonitor/{FULL}-metrics",
            ],
        ),
        (
            {
                "rbac": {
                    "aggregateToView": False, "aggregateToEdit": False, "aggregateToAdmin": False,
                    "servicebindings": {"create": False},
                },
                "leaderElect": False,
            },
            [
                f"ClusterRole/{FULL}-controller", f"ClusterRoleBinding/{FULL}-controller", f"Deployment/{FULL}",
                f"ServiceAccount/{FULL}",
            ],
        ),
        (
            {"scopedRBAC": True, "leaderElect": False},
            [
                f"Deployment/{FULL}", f"Role/{FULL}-controller", f"RoleBinding/{FULL}-controller",
                f"ServiceAccount/{FULL}",
            ],
        ),
        (
            {"scopedNamespace": "elsewhere", "scopedRBAC": True, "leaderElect": False},
            [
                f"Deployment/{FULL}", f"Role/{FULL}-controller", f"Role/{FULL}-own-token",
                f"RoleBinding/{FULL}-controller", f"RoleBinding/{FULL}-own-token", f"ServiceAccount/{FULL}",
            ],
        ),
    ],
    ids=["default", "without-controller", "scoped", "without-rbac", "without-aggregation-and-lease", "scoped-at-home", "scoped-elsewhere"],
)  # fmt: skip
def test_which_objects_there_are(values, expected):
    assert names(rendered(values)) == expected


@pytest.mark.parametrize("release", ["demo", "r" * 53, "external-secrets-injector", "a-" + "b" * 51])
@pytest.mark.parametrize("over", [{}, {"nameOverride": "n" * 63}, {"fullnameOverride": "f" * 62 + "g"}])
def test_names_and_labels_never_exceed_63_characters_and_keep_their_suffix(release, over):
    manifests = rendered(EVERYTHING | over | {"installCRDs": False}, name=release)
    for manifest in manifests:
        metadata = manifest["metadata"]
        assert len(metadata["name"]) <= 63
        assert not metadata["name"].endswith("-")
        assert all(len(value) <= 63 for value in metadata["labels"].values())
    ends = {name.rpartition("-")[2] for name in names(manifests) if name.startswith(("ClusterRole/", "Role/"))}
    assert ends == {"controller", "view", "edit", "leaderelection", "servicebindings"}


@pytest.mark.parametrize(
    ("release", "values", "expected"),
    [
        ("demo", {}, "demo-external-secrets-injector"),
        ("external-secrets-injector", {}, "external-secrets-injector"),
        ("demo", {"nameOverride": "es"}, "demo-es"),
        ("demo", {"fullnameOverride": "es"}, "es"),
    ],
)
def test_names(release, values, expected):
    assert one(rendered(values, name=release), "Deployment")["metadata"]["name"] == expected


def test_every_object_bears_the_recommended_labels_and_the_common_ones():
    for manifest in rendered(EVERYTHING | {"commonLabels": {"team": "platform"}}):
        labels = manifest["metadata"]["labels"]
        assert labels["team"] == "platform"
        assert labels["helm.sh/chart"] == "external-secrets-injector-0.1.0"
        for name in ("name", "instance", "version", "component", "part-of", "managed-by"):
            assert labels[f"app.kubernetes.io/{name}"], manifest["metadata"]["name"]


def test_labels_of_ones_own_never_break_a_selector():
    mine = {"app.kubernetes.io/name": "mine", "team": "a"}
    manifests = rendered(EVERYTHING | {"commonLabels": mine, "podLabels": {"team": "b"}})
    pod = one(manifests, "Deployment")["spec"]["template"]["metadata"]["labels"]
    assert pod["team"] == "b"
    selectors = [
        one(manifests, "Deployment")["spec"]["selector"]["matchLabels"],
        one(manifests, "Service")["spec"]["selector"],
        one(manifests, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        one(manifests, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
    ]
    assert all(selector.items() <= pod.items() for selector in selectors)
    monitored = one(manifests, "ServiceMonitor")["spec"]["selector"]["matchLabels"]
    assert monitored.items() <= one(manifests, "Service")["metadata"]["labels"].items()


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ({}, "localhost/external-secrets-injector/controller:0.1.0"),
        ({"repository": "registry.example/esi", "tag": "2"}, "registry.example/esi:2"),
        ({"tag": "2", "digest": f"sha256:{'0' * 64}"}, f"localhost/external-secrets-injector/controller@sha256:{'0' * 64}"),
    ],
)  # fmt: skip
def test_image(image, expected):
    assert container({"image": image})["image"] == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, {"concurrent": 16, "enable_leader_election": True, "leader_election_namespace": "team", "namespace": ""}),
        ({"concurrent": 3, "log": {"level": "debug"}}, {"concurrent": 3, "loglevel": "debug"}),
        ({"leaderElect": False}, {"enable_leader_election": False, "leader_election_namespace": ""}),
        ({"leaderElectionID": "mine"}, {"leader_election_id": "mine"}),
        ({"namespaceOverride": "other"}, {"leader_election_namespace": "other"}),
        ({"scopedNamespace": "a"}, {"namespace": "a", "enable_cluster_store_reconciler": True}),
        ({"scopedNamespace": "a", "scopedRBAC": True}, {"namespace": "a", "enable_cluster_store_reconciler": False}),
        ({"scopedRBAC": True}, {"namespace": "team", "enable_cluster_store_reconciler": False}),
        ({"leaderElectionID": ""}, {"leader_election_id": "external-secrets-controller"}),
        ({"log": {"timeEncoding": "epoch"}}, {"zap_time_encoding": "epoch"}),
        ({"extendedMetricLabels": True}, {"enable_extended_metric_labels": True}),
        ({"controllerClass": "blue"}, {"controller_class": "blue"}),
        ({"processSecretStore": False}, {"enable_secret_store_reconciler": False}),
        ({"processClusterStore": False}, {"enable_cluster_store_reconciler": False}),
        ({"lendIdentity": False}, {"lend_identity": False}),
        ({"metrics": {"listen": {"port": 9090}}, "live": {"port": 9091}}, {"metrics_addr": ":9090", "live_addr": ":9091"}),
        ({"extraArgs": {"enable-flood-gate": False, "concurrent": 5}}, {"enable_flood_gate": False}),
    ],
)  # fmt: skip
def test_the_controller_reads_what_the_values_say(values, expected):
    settings = read_settings(flags(container(values), "controller"))
    assert {name: getattr(settings, name) for name in expected} == expected


def test_durations_reach_the_controller():
    values = {
        "storeRequeueInterval": "90s", "leaderElectionLeaseDuration": "1m", "leaderElectionRenewDeadline": "40s",
        "leaderElectionRetryPeriod": "500ms",
    }  # fmt: skip
    settings = read_settings(flags(container(values), "controller"))
    seconds = [
        settings.store_requeue_interval, settings.leader_election_lease_duration,
        settings.leader_election_renew_deadline, settings.leader_election_retry_period,
    ]  # fmt: skip
    assert [each.total_seconds() for each in seconds] == [90, 60, 40, 0.5]


def test_two_controllers_never_write_at_once():
    with pytest.raises(HelmRenderError, match="replicaCount: 2 controllers would write at once; set leaderElect: true"):
        rendered({"replicaCount": 2, "leaderElect": False})
    strategy = {
        elect: one(rendered({"leaderElect": elect}), "Deployment")["spec"]["strategy"]["type"]
        for elect in (True, False)
    }
    assert strategy == {True: "RollingUpdate", False: "Recreate"}
    assert one(rendered({"replicaCount": 2}), "Deployment")["spec"]["replicas"] == 2


def test_a_role_is_in_the_namespace_that_is_served():
    for values, where in (({}, "team"), ({"scopedNamespace": "other"}, "other"), ({"namespaceOverride": "x"}, "x")):
        manifests = rendered({"scopedRBAC": True, "leaderElect": False, "lendIdentity": False, **values})
        assert {one(manifests, kind)["metadata"]["namespace"] for kind in ("Role", "RoleBinding")} == {where}


@pytest.mark.parametrize(
    ("target", "component", "entry"), [("controller", "controller", ""), ("controller", "webhook", ""), ("agent", "agent", "injector")]
)  # fmt: skip
def test_arguments_are_those_of_the_images_entry_point(target, component, entry):
    stage = (ROOT / "Dockerfile").read_text().partition(f"FROM base AS {target}\n")[2].partition("\nFROM ")[0]
    (line,) = [each for each in stage.splitlines() if each.startswith("ENTRYPOINT ")]
    assert json.loads(line.removeprefix("ENTRYPOINT ")) == ["/usr/bin/python3", "-m", *entry.split()]
    for deployment in of_kind(rendered({"injector": {"enabled": True}}), "Deployment"):
        for it in deployment["spec"]["template"]["spec"]["containers"]:
            assert "command" not in it
            if it["name"] == component:
                assert importlib.util.find_spec(f"{it['args'][0]}.__main__")


def test_durations_may_be_left_empty():
    empty = {"storeRequeueInterval": "", "leaderElectionLeaseDuration": "", "leaderElectionRetryPeriod": ""}
    assert read_settings(flags(container(empty), "controller")) == read_settings(flags(container(), "controller"))


def test_probes_ask_the_ports_that_the_controller_serves():
    it = container({"live": {"port": 9091}})
    assert {port["name"]: port["containerPort"] for port in it["ports"]} == {"metrics": 8080, "live": 9091}
    assert it["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "live"}
    assert it["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "live"}
    off = container({"livenessProbe": {"enabled": False}, "readinessProbe": {"enabled": False}})
    assert not {"livenessProbe", "readinessProbe"} & off.keys()


def test_what_is_said_of_the_pod_stands_in_it():
    spec = one(rendered(POD), "Deployment")["spec"]["template"]["spec"]
    assert {key: spec[key] for key in POD} == POD
    assert (
        not (POD.keys() - {"terminationGracePeriodSeconds"})
        & one(rendered(), "Deployment")["spec"]["template"]["spec"].keys()
    )


def test_what_is_said_of_the_container_stands_in_it():
    it = container(
        {
            "extraEnv": [{"name": "HTTPS_PROXY", "value": "http://proxy"}],
            "extraVolumes": [{"name": "ca", "configMap": {"name": "ca"}}],
            "extraVolumeMounts": [{"name": "ca", "mountPath": "/ca"}],
            "resources": {"limits": {"memory": "256Mi"}},
        }
    )
    assert it["env"] == [{"name": "HTTPS_PROXY", "value": "http://proxy"}]
    assert it["volumeMounts"] == [{"name": "ca", "mountPath": "/ca"}]
    assert it["resources"] == {"limits": {"memory": "256Mi"}, "requests": {"cpu": "10m", "memory": "96Mi"}}


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        ({}, {"maxUnavailable": 1}),
        ({"maxUnavailable": "50%"}, {"maxUnavailable": "50%"}),
        ({"minAvailable": 2}, {"minAvailable": 2}),
        ({"minAvailable": 0}, {"minAvailable": 0}),
    ],
)
def test_a_disruption_budget_says_one_thing(budget, expected):
    spec = one(rendered({"podDisruptionBudget": {"enabled": True, **budget}}), "PodDisruptionBudget")["spec"]
    assert {key: value for key, value in spec.items() if key != "selector"} == expected


def test_a_network_policy_lets_in_who_may_read_metrics():
    who = [{"namespaceSelector": {"matchLabels": {"team": "monitoring"}}}]
    spec = one(
        rendered({"networkPolicy": {"enabled": True, "ingress": {"from": who}, "egress": [{"ports": [{"port": 443}]}]}}),
        "NetworkPolicy",
    )["spec"]  # fmt: skip
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert [(rule["ports"][0]["port"], rule.get("from")) for rule in spec["ingress"]] == [
        ("live", None),
        ("metrics", who),
    ]
    assert spec["egress"] == [{"ports": [{"port": 443}]}]


def test_objects_of_ones_own_are_filled_in():
    objects = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": '{{ include "injector.fullname" . }}-a'}},
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-b\n",
    ]
    found = [manifest["metadata"]["name"] for manifest in of_kind(rendered({"extraObjects": objects}), "ConfigMap")]
    assert found == [f"{FULL}-a", "demo-b"]


def test_the_notes_say_how_crds_are_applied():
    assert "kubectl apply --server-side -f crds/" in notes({"installCRDs": False})
    assert "stay when it is uninstalled" in notes()
    assert "--namespace team rollout status deployment/demo-external-secrets-injector" in notes()
    assert "No controller is part of this release" in notes({"createOperator": False})


def test_no_role_of_the_controller_has_a_wildcard_or_a_right_to_rights():
    for values in ({}, {"scopedNamespace": "team", "scopedRBAC": True}):
        for kind in ("ClusterRole", "Role"):
            for role in of_kind(rendered(values), kind):
                for rule in role["rules"]:
                    words = {*rule["apiGroups"], *rule["resources"], *rule["verbs"]}
                    assert not words & {"*", "bind", "escalate", "impersonate", "rbac.authorization.k8s.io"}
