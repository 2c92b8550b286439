"""docs/security.md says of rights what the chart gives, and of templates what there is."""

import re
import shlex

import pytest
import yaml

from controller.credentials import ClusterCredentials, Lent
from secretcore.backends.vault.login import kubernetes
from secretcore.errors import CredentialNotFound
from secretcore.template.functions import FUNCTIONS
from tests.chart.helm import of_kind, rendered
from tests.support.pages import section
from tests.support.paths import ROOT

PAGE = (ROOT / "docs/security.md").read_text()
ON = {"injector": {"enabled": True}}
CERT_MANAGER = {"injector": {"enabled": True, "certManager": {"enabled": True}}}
HOME = "team"
WRITES = {"create", "update", "patch", "delete", "deletecollection", "*"}


def rules_of(account, values):
    """Each (resource, verb, names, namespace) that the chart's roles give a ServiceAccount."""
    manifests = rendered(values, namespace=HOME)
    roles = {(each["kind"], each["metadata"]["name"]): each for each in manifests if each["kind"].endswith("Role")}
    found = set()
    for binding in of_kind(manifests, "ClusterRoleBinding") + of_kind(manifests, "RoleBinding"):
        if account in [subject["name"] for subject in binding["subjects"]]:
            role = roles[binding["roleRef"]["kind"], binding["roleRef"]["name"]]
            found |= {
                (resource, verb, tuple(rule.get("resourceNames", ())), binding["metadata"].get("namespace"))
                for rule in role["rules"]
                for resource in rule["resources"]
                for verb in rule["verbs"]
            }
    return found


def account_of(component, values):
    (deployment,) = [
        each
        for each in of_kind(rendered(values, namespace=HOME), "Deployment")
        if each["metadata"]["name"].endswith("webhook") == (component == "webhook")
    ]
    return deployment["spec"]["template"]["spec"]["serviceAccountName"]


def said(title):
    """{resource: verbs} of the table below a heading."""
    rows = re.findall(r"^\| ([a-z, ]+) \| ((?:[a-z]+, )*[a-z]+) \| ", section(PAGE, title), re.MULTILINE)
    return {name: set(verbs.split(", ")) for names, verbs in rows for name in names.split(", ") if verbs != "verbs"}


def test_the_webhook_has_the_rights_of_the_table():
    rules = rules_of(account_of("webhook", ON), ON)
    verbs = {}
    for resource, verb, _, _ in rules:
        verbs.setdefault(resource, set()).add(verb)
    assert said("The webhook") == verbs
    # "the one", "its own one": all but the making of a lease, which can't name it
    named = {resource for resource, _, names, _ in rules if names}
    assert named == {"secrets", "leases", "mutatingwebhookconfigurations"}
    assert [each for each in rules if each[0] in named and not each[2]] == [("leases", "create", (), HOME)]
    assert {namespace for resource, _, _, namespace in rules if resource in ("secrets", "leases")} == {HOME}


def test_with_cert_manager_it_writes_nothing():
    rules = rules_of(account_of("webhook", CERT_MANAGER), CERT_MANAGER)
    assert rules
    assert not {verb for _, verb, _, _ in rules} & WRITES
    assert not {resource for resource, *_ in rules} & {"secrets", "leases", "mutatingwebhookconfigurations"}


def test_the_controller_has_nothing_outside_of_the_namespace_that_it_is_scoped_to():
    values = {"scopedNamespace": "served", "scopedRBAC": True}
    manifests = rendered(values, namespace=HOME)
    assert not of_kind(manifests, "ClusterRole") + of_kind(manifests, "ClusterRoleBinding")
    rules = rules_of(account_of("controller", values), values)
    assert {resource for resource, _, _, namespace in rules if namespace == HOME} == {"leases", "serviceaccounts/token"}
    assert {namespace for *_, namespace in rules} == {HOME, "served"}


@pytest.mark.parametrize(
    ("value", "resources"),
    [
        ({"rbac": {"serviceAccountTokenCreate": False}}, {"serviceaccounts/token"}),
        ({"processClusterStore": False}, {"clustersecretstores", "clustersecretstores/status", "namespaces"}),
    ],
)
def test_a_value_takes_away_what_the_table_says(value, resources):
    usual = {resource for resource, *_ in rules_of(account_of("controller", {}), {})}
    assert usual - {resource for resource, *_ in rules_of(account_of("controller", value), value)} == resources


def test_the_controller_may_not_touch_pods_roles_webhooks_or_definitions():
    resources = {resource.partition("/")[0] for resource, *_ in rules_of(account_of("controller", {}), {})}
    assert not resources & {
        "pods", "roles", "rolebindings", "clusterroles", "clusterrolebindings", "customresourcedefinitions",
        "mutatingwebhookconfigurations", "validatingwebhookconfigurations",
    }  # fmt: skip


def test_people_get_what_the_table_says():
    table = section(PAGE, "People")
    for role in ("view", "edit"):
        (given,) = [
            each for each in of_kind(rendered({}), "ClusterRole") if each["metadata"]["name"].endswith(f"-{role}")
        ]
        (rule,) = given["rules"]
        (row,) = re.findall(rf"^\| {role} \| (.*) \| (.*) \|$", table, re.MULTILINE)
        assert row == (", ".join(rule["resources"]), ", ".join(rule["verbs"]))


def test_values_that_the_page_names_exist():
    values = yaml.safe_load((ROOT / "charts/external-secrets-injector/values.yaml").read_text())
    names = {name for text in re.findall(r"`([a-z][\w.]*(?:: [\w]+)?)`", PAGE) for name in shlex.split(text)[:1]}
    named = {
        name.removesuffix(":") for name in names if re.match(r"(injector|rbac|networkPolicy|scoped|lend|process)", name)
    }
    assert len(named) > 8
    for name in named:
        at = values
        for step in name.split("."):
            assert step in at, name
            at = at[step]


@pytest.mark.parametrize("function", re.findall(r"template function `(\w+)`", PAGE))
def test_functions_of_the_advisories_are_not_there(function):
    assert function not in FUNCTIONS


async def test_a_store_without_credentials_sends_the_controllers_token_where_identity_is_lent(tmp_path):
    (tmp_path / "token").write_text("of-the-controller")
    login = kubernetes(_credentials(Lent({}, tmp_path / "token")), "kubernetes", "role", None, None)
    assert (await login).body["jwt"] == "of-the-controller"


async def test_and_nothing_where_it_is_not():
    with pytest.raises(CredentialNotFound, match="the controller lends none of its own"):
        await kubernetes(_credentials(Lent({})), "kubernetes", "role", None, None)


def _credentials(lent):
    """What a SecretStore's login is given; it names nothing, so nothing is asked of the cluster."""
    return ClusterCredentials(client=None, view=None, store=None, namespace="team", lent=lent)
