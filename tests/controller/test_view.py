"""What the view keeps of Secrets, and which ones it knows an ExternalSecret to have made."""

import pytest

from controller.kinds import CLUSTER_SECRET_STORES, EXTERNAL_SECRETS, SECRET_STORES
from controller.view import View
from kubecore.cache import Key
from kubecore.resources import CONFIG_MAPS, SECRETS
from secretcore.names import created_by
from tests.controller.building import CREATED_BY, MANAGED, owner, subject, synced

DB = Key("team", "db")
MINE = {MANAGED: "true", CREATED_BY: created_by(*DB)}


@pytest.fixture
def view():
    kinds = (EXTERNAL_SECRETS, SECRET_STORES, CLUSTER_SECRET_STORES, SECRETS, CONFIG_MAPS)
    return View(None, dict.fromkeys(kinds, lambda change: None))


def take(view, name, version=1, namespace="team", **metadata):
    metadata = {"name": name, "namespace": namespace, "uid": f"uid-{name}", "resourceVersion": str(version), **metadata}
    view.take(SECRETS, {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"a": "Y2FuYXJ5"}})


def test_of_a_secret_only_name_and_version_are_kept(view):
    take(view, "db", annotations={"a": "b"}, labels={"app": "db"}, ownerReferences=[owner()])
    assert view.secret(*DB) == {
        "metadata": {"name": "db", "namespace": "team", "uid": "uid-db", "resourceVersion": "1"}
    }


def test_what_an_external_secret_made_is_found_under_its_own_name_and_others(view):
    take(view, "db", labels=MINE)
    take(view, "other", labels=MINE)
    take(view, "foreign")
    take(view, "elsewhere", namespace="other", labels=MINE)
    take(view, "stranger", labels={CREATED_BY: created_by("team", "stranger"), MANAGED: "true"})
    assert sorted(view.secrets_made_by(DB)) == [DB, Key("team", "other")]
    assert view.secrets_made_by(Key("team", "stranger")) == [Key("team", "stranger")]
    assert view.secrets_made_by(Key("team", "foreign")) == []


@pytest.mark.parametrize("labels", [None, {CREATED_BY: created_by(*DB)}, {**MINE, CREATED_BY: "another"}])
@pytest.mark.parametrize("name", ["db", "other"])
def test_who_is_not_marked_any_more_is_not_found_any_more(view, labels, name):
    take(view, name, labels=MINE)
    take(view, name, 2, **({"labels": labels} if labels else {}))
    assert view.secrets_made_by(DB) == []


def test_who_is_gone_is_not_found_any_more(view):
    for name in ("db", "other"):
        take(view, name, labels=MINE)
        gone = {"metadata": {"name": name, "namespace": "team", "uid": f"uid-{name}", "resourceVersion": "2"}}
        view.take(SECRETS, gone, "DELETED")
    assert view.secrets_made_by(DB) == []


def test_external_secrets_share_the_parts_that_are_the_same_and_are_as_they_were(view):
    made = [subject(name=name, metadata={"uid": name}, labels={"team": "a", "app": "b"}) for name in ("one", "two")]
    for each in made:
        view.take(EXTERNAL_SECRETS, synced(each).manifest)
    one, two = (view.external_secret("team", name) for name in ("one", "two"))
    assert one["status"]["conditions"][0] is two["status"]["conditions"][0]
    assert one["metadata"]["labels"] is two["metadata"]["labels"]
    assert [one, two] == [synced(each).manifest for each in made]


def test_what_only_looks_the_same_is_not_shared(view):
    values = {"one": True, "two": 1, "three": "1"}
    for name, value in values.items():
        manifest = subject(name=name).manifest
        spec = manifest["spec"] | {"target": {"immutable": value, "name": "a"}}
        view.take(EXTERNAL_SECRETS, manifest | {"spec": spec})
    found = {name: view.external_secret("team", name)["spec"]["target"]["immutable"] for name in values}
    assert {name: (type(each), each) for name, each in found.items()} == {
        name: (type(each), each) for name, each in values.items()
    }
