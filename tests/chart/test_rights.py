"""What the chart's ServiceAccount may do and, as important, what it may not: the API server is asked about every verb."""

import pytest

from tests.chart.helm import names, of_kind
from tests.chart.release import Release, may

pytestmark = pytest.mark.server

SERVED = {
    "external-secrets.io/externalsecrets": {"get", "list", "watch", "patch"},
    "external-secrets.io/externalsecrets/status": {"patch"},
    "external-secrets.io/externalsecrets/finalizers": {"update"},
    "external-secrets.io/secretstores": {"get", "list", "watch", "patch"},
    "external-secrets.io/secretstores/status": {"patch"},
    "external-secrets.io/pushsecrets": {"list"},
    "/secrets": {"get", "list", "watch", "create", "update", "delete"},
    "/configmaps": {"get", "list", "watch"},
    "/serviceaccounts/token": {"create"},
    "/events": {"create", "patch"},
}
CLUSTER = {
    "external-secrets.io/clustersecretstores": {"get", "list", "watch", "patch"},
    "external-secrets.io/clustersecretstores/status": {"patch"},
    "/namespaces": {"get"},
}
NEVER = (
    "/nodes", "/pods", "/pods/exec", "/pods/log", "/pods/ephemeralcontainers", "/serviceaccounts", "/services",
    "/persistentvolumes", "/namespaces/finalize", "apps/deployments", "apps/daemonsets", "batch/jobs",
    "rbac.authorization.k8s.io/roles", "rbac.authorization.k8s.io/rolebindings",
    "rbac.authorization.k8s.io/clusterroles", "rbac.authorization.k8s.io/clusterrolebindings",
    "admissionregistration.k8s.io/mutatingwebhookconfigurations",
    "admissionregistration.k8s.io/validatingwebhookconfigurations",
    "apiextensions.k8s.io/customresourcedefinitions", "certificates.k8s.io/certificatesigningrequests",
    "external-secrets.io/pushsecrets/status", "external-secrets.io/secretstores/finalizers",
)  # fmt: skip
LEASES = "coordination.k8s.io/leases"


@pytest.fixture
def release(cluster, namespace):
    made = []

    def install(**values):
        made.append(Release(cluster, namespace, {"installCRDs": False, **values}))
        return made[-1]

    yield install
    for each in made:
        each.remove()


def matrix(release, namespace, resources):
    return {resource: release.allowed(resource, namespace) for resource in resources}


def nothing(resources):
    return {resource: set() for resource in resources}


def test_cluster_wide_it_may_do_what_it_does_everywhere_and_nothing_else(release):
    it = release()
    expected = SERVED | CLUSTER | nothing(NEVER) | {LEASES: set()}
    assert matrix(it, "some-other-namespace", expected) == expected


def test_scoped_it_may_do_so_in_one_namespace_only(release, cluster, namespace):
    served = cluster.create_namespace(f"{namespace}-s")
    it = release(scopedNamespace=served, scopedRBAC=True)
    expected = SERVED | nothing(CLUSTER) | nothing(NEVER) | {LEASES: set()}
    assert matrix(it, served, expected) == expected
    elsewhere = nothing([*SERVED, *CLUSTER, LEASES])
    assert matrix(it, "some-other-namespace", elsewhere) == elsewhere
    # where it runs, it has its lease and, for stores without credentials, its own token
    at_home = nothing(SERVED) | {LEASES: {"create"}}
    assert matrix(it, namespace, at_home) == at_home
    assert it.allowed("/serviceaccounts/token", namespace, it.account) == {"create"}
    assert it.allowed("/serviceaccounts/token", namespace, "default") == set()
    cluster.request("DELETE", f"/api/v1/namespaces/{served}")


def test_of_leases_it_has_its_own(release, namespace):
    it = release()
    assert it.allowed(LEASES, namespace, "external-secrets-controller") == {"get", "update", "create"}
    assert it.allowed(LEASES, namespace, "another") == {"create"}  # no name is asked for when something is created
    assert it.allowed(LEASES, "kube-system", "external-secrets-controller") == set()


@pytest.mark.parametrize(
    ("values", "gone"),
    [
        ({"rbac": {"serviceAccountTokenCreate": False}}, ["/serviceaccounts/token"]),
        ({"openshiftFinalizers": False}, ["external-secrets.io/externalsecrets/finalizers"]),
        ({"processClusterStore": False}, CLUSTER),
        ({"leaderElect": False}, [LEASES]),
        ({"rbac": {"create": False}}, [*SERVED, *CLUSTER, LEASES]),
    ],
)
def test_a_switch_takes_rights_away(release, namespace, values, gone):
    expected = SERVED | CLUSTER | {LEASES: {"create"}} | nothing(gone)
    assert matrix(release(**values), namespace, expected) == expected


@pytest.mark.parametrize("create", [True, False])
def test_a_release_of_the_webhook_alone_gives_nobody_the_rights_of_a_controller(release, cluster, namespace, create):
    it = release(createOperator=False, injector={"enabled": True}, serviceAccount={"create": create})
    webhook = it.account
    assert names(of_kind(it.kept, "ServiceAccount")) == [f"ServiceAccount/{webhook}"]
    bindings = of_kind(it.kept, "ClusterRoleBinding") + of_kind(it.kept, "RoleBinding")
    assert {subject["name"] for each in bindings for subject in each["subjects"]} == {webhook}
    own = {"group": "external-secrets.io", "resource": "externalsecrets", "verb": "list"}
    cluster.apiserver.wait_until(lambda: it.may(**own))
    never = nothing(["/secrets", "/serviceaccounts/token", "/events", "external-secrets.io/externalsecrets/status"])
    for account in (webhook, webhook.removesuffix("-webhook"), "default"):
        it.account = account
        assert matrix(it, namespace, never) == never


def test_it_can_not_become_anyone_else(release):
    it = release()
    for resource in ("users", "groups", "serviceaccounts"):
        assert not it.may(verb="impersonate", group="", resource=resource, name="admin")
    for verb in ("bind", "escalate"):
        assert not it.may(verb=verb, group="rbac.authorization.k8s.io", resource="clusterroles")


def test_an_administrator_may_what_it_may_not(cluster, release):
    attributes = {"group": "", "resource": "secrets", "verb": "deletecollection"}
    assert not release().may(**attributes)
    with cluster.client() as client:
        assert may(client, {"user": "admin", "groups": ["system:masters"], "resourceAttributes": attributes})


def test_users_who_may_view_or_edit_a_namespace_may_so_our_kinds(release, cluster):
    it = release()
    own = cluster.request("GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles")["items"]
    ours = {role["metadata"]["name"]: role for role in own if it.release in str(role["metadata"].get("labels"))}
    into = {
        name.rpartition("-")[2]: {
            label.rpartition("-")[2] for label in role["metadata"]["labels"] if "aggregate-to-" in label
        }
        for name, role in ours.items()
    }
    assert into == {
        "controller": set(), "view": {"view", "edit", "admin"}, "edit": {"edit", "admin"}, "servicebindings": set(),
    }  # fmt: skip
