"""Which namespaces may use a store, and whose credentials it uses."""

import pytest

from secretcore.errors import InvalidSpec
from secretcore.model.metadata import LabelSelector, LabelSelectorRequirement
from secretcore.model.store import StoreCondition
from secretcore.parse import parse_store
from secretcore.providers.fake import FakeProvider
from secretcore.registry import Registry
from secretcore.store import Store, allows, allows_by_name, namespace_selectors, selects

FAKE = FakeProvider(data=())


def cluster_store(*conditions):
    return Store(kind="ClusterSecretStore", namespace="", name="s", provider=FAKE, conditions=conditions)


TEAM = LabelSelector(match_labels={"team": "a"})


@pytest.mark.parametrize(
    ("conditions", "namespace", "labels", "allowed"),
    [
        ((), "any", {}, True),
        ((StoreCondition(namespaces=("one", "two")),), "two", {}, True),
        ((StoreCondition(namespaces=("one",)),), "two", {}, False),
        ((StoreCondition(namespace_regexes=("^team-",)),), "team-a", {}, True),
        ((StoreCondition(namespace_regexes=("eam",)),), "team-a", {}, True),
        ((StoreCondition(namespace_regexes=("^eam",)),), "team-a", {}, False),
        ((StoreCondition(namespace_selector=TEAM),), "x", {"team": "a"}, True),
        ((StoreCondition(namespace_selector=TEAM),), "x", {"team": "b"}, False),
        ((StoreCondition(namespace_selector=LabelSelector()),), "x", {}, True),
        ((StoreCondition(namespaces=("one",), namespace_selector=TEAM),), "x", {"team": "a"}, True),
        ((StoreCondition(namespaces=("one",)), StoreCondition(namespaces=("two",))), "two", {}, True),
        ((StoreCondition(),), "x", {}, False),
    ],
)
def test_conditions_of_a_cluster_store(conditions, namespace, labels, allowed):
    assert allows(cluster_store(*conditions), namespace, labels) is allowed


def test_labels_need_not_be_known_where_a_condition_names_the_namespace():
    store = cluster_store(StoreCondition(namespace_selector=TEAM), StoreCondition(namespaces=("one",)))
    assert allows_by_name(store, "one")
    assert not allows_by_name(store, "two")
    assert namespace_selectors(store) == [TEAM]


def test_a_secret_store_serves_its_own_namespace_only():
    store = Store(kind="SecretStore", namespace="one", name="s", provider=FAKE)
    assert allows(store, "one", {})
    assert not allows(store, "two", {})


@pytest.mark.parametrize(
    ("operator", "values", "labels", "selected"),
    [
        ("In", ("a", "b"), {"k": "a"}, True),
        ("In", ("a",), {}, False),
        ("NotIn", ("a",), {"k": "b"}, True),
        ("NotIn", ("a",), {}, True),
        ("NotIn", ("a",), {"k": "a"}, False),
        ("Exists", (), {"k": ""}, True),
        ("Exists", (), {}, False),
        ("DoesNotExist", (), {}, True),
        ("DoesNotExist", (), {"k": ""}, False),
        ("Unheard", (), {"k": ""}, False),
    ],
)
def test_label_selectors(operator, values, labels, selected):
    requirement = LabelSelectorRequirement(key="k", operator=operator, values=values)
    assert selects(LabelSelector(match_expressions=(requirement,)), labels) is selected


def vault(kind, **token):
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": kind,
        "metadata": {"name": "s", "namespace": "one"},
        "spec": {
            "provider": {
                "vault": {"server": "https://vault", "auth": {"tokenSecretRef": {"name": "t", "key": "k", **token}}}
            }
        },
    }


def test_a_cluster_store_that_names_no_namespace_uses_the_credentials_of_its_user():
    registry = Registry.installed()
    assert parse_store(vault("ClusterSecretStore"), registry).is_referent
    assert not parse_store(vault("ClusterSecretStore", namespace="ops"), registry).is_referent
    assert not parse_store(vault("SecretStore"), registry).is_referent


def test_a_secret_store_may_not_point_into_another_namespace():
    with pytest.raises(InvalidSpec) as raised:
        parse_store(vault("SecretStore", namespace="ops"), Registry.installed())
    assert raised.value.path == "spec.provider.vault.auth.tokenSecretRef.namespace"
    parse_store(vault("SecretStore", namespace="one"), Registry.installed())
