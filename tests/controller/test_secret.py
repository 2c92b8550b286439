"""The Secret that an ExternalSecret wants, built on what is there."""

import pytest

from secretcore.plan import Rendered
from secretcore.secret_data import SecretData
from secretcore.target.desired import desired_secret as secret_of
from secretcore.target.desired import metadata_only, same
from secretcore.target.hashing import data_hash, field_manager
from tests.controller.building import (
    CREATED_BY,
    DATA_HASH,
    MANAGED,
    MINE,
    UID,
    encoded,
    fields_of,
    owned,
    owner,
    secret,
    subject,
)

OURS = field_manager("db")
NEW = {"password": b"new"}


def desired_secret(of, data, there, **metadata):
    return secret_of(of.external_secret, Rendered(SecretData(data), **metadata), there)


def test_a_new_owned_secret():
    assert desired_secret(subject(), NEW, None).manifest == {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "metadata": {
            "name": "db",
            "namespace": "team",
            "labels": {MANAGED: "true", CREATED_BY: MINE},
            "annotations": {DATA_HASH: data_hash(NEW)},
            "ownerReferences": [
                {
                    "apiVersion": "external-secrets.io/v1",
                    "kind": "ExternalSecret",
                    "name": "db",
                    "uid": UID,
                    "controller": True,
                    "blockOwnerDeletion": True,
                }
            ],
        },
        "data": encoded(NEW),
    }


@pytest.mark.parametrize("policy", ["Orphan", "Merge", "CreateOrMerge"])
def test_a_secret_that_is_not_owned_has_neither_owner_nor_created_by(policy):
    metadata = desired_secret(subject(target={"creationPolicy": policy}), NEW, None).metadata
    assert "ownerReferences" not in metadata
    assert metadata["labels"] == {MANAGED: "true"}


def test_the_target_may_have_another_name():
    assert desired_secret(subject(target={"name": "other"}), NEW, None).name == "other"


# What was there, and what of it stays.
@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("Owner", {"password": b"new"}),
        ("Orphan", {"password": b"new"}),
        ("Merge", {"password": b"new", "foreign": b"f"}),
        ("CreateOrMerge", {"password": b"new", "foreign": b"f"}),
    ],
)
def test_foreign_keys_stay_only_in_a_merge_and_stale_ones_never(policy, expected):
    there = secret(
        {"password": b"old", "stale": b"s", "foreign": b"f"},
        fields=[fields_of(OURS, data=["password", "stale"]), fields_of("kubectl", data=["foreign"])],
    )
    assert desired_secret(subject(target={"creationPolicy": policy}), NEW, there).data == expected


def test_a_merge_wins_over_foreign_values():
    there = secret({"password": b"theirs"}, fields=[fields_of("kubectl", data=["password"])])
    assert desired_secret(subject(target={"creationPolicy": "Merge"}), NEW, there).data == NEW


def test_a_merge_of_nothing_takes_back_what_it_brought():
    there = secret({"password": b"old", "foreign": b"f"}, fields=[fields_of(OURS, data=["password"])])
    assert desired_secret(subject(target={"creationPolicy": "Merge"}), {}, there).data == {"foreign": b"f"}


def test_the_fields_of_a_subresource_or_of_another_external_secret_are_not_ours():
    other = fields_of(field_manager("other"), data=["a"])
    status = {**fields_of(OURS, data=["b"]), "subresource": "status"}
    there = secret({"a": b"1", "b": b"2"}, fields=[other, status])
    assert set(desired_secret(subject(target={"creationPolicy": "Merge"}), {}, there).data) == {"a", "b"}


@pytest.mark.parametrize(
    ("template", "rendered", "labels", "annotations"),
    [
        (None, {}, {"app": "db", "team": "x"}, {"note": "n"}),
        ({}, {}, {}, {}),
        ({}, {"labels": {"t": "1"}, "annotations": {}}, {"t": "1"}, {}),
        ({}, {"labels": {}, "annotations": {"t": "1"}}, {}, {"t": "1"}),
    ],
)
def test_labels_and_annotations_are_what_the_template_makes_or_else_the_external_secrets(
    template, rendered, labels, annotations
):
    target = {"template": template} if template is not None else {}
    of = subject(target=target, labels={"app": "db", "team": "x"}, annotations={"note": "n"})
    desired = desired_secret(of, NEW, None, **rendered)
    assert desired.labels == {**labels, MANAGED: "true", CREATED_BY: MINE}
    assert desired.annotations == {**annotations, DATA_HASH: data_hash(NEW)}


def test_labels_that_were_ours_go_and_foreign_ones_stay():
    there = secret(
        labels={"old": "1", "foreign": "2", "shared": "3"},
        annotations={"old": "1", "foreign": "2"},
        fields=[
            fields_of(OURS, labels=["old", "shared"], annotations=["old"]),
            fields_of("kubectl", labels=["foreign"], annotations=["foreign"]),
        ],
    )
    desired = desired_secret(subject(labels={"shared": "9"}), {}, there)
    assert desired.labels == {"foreign": "2", "shared": "9", MANAGED: "true", CREATED_BY: MINE}
    assert desired.annotations == {"foreign": "2", DATA_HASH: data_hash({})}


@pytest.mark.parametrize(
    ("there", "template", "expected"),
    [
        (None, {}, "Opaque"),
        (None, {"type": "kubernetes.io/tls"}, "kubernetes.io/tls"),
        (secret(type="kubernetes.io/tls"), {}, "kubernetes.io/tls"),
        (secret(), {"type": "kubernetes.io/tls"}, "kubernetes.io/tls"),
    ],
)
def test_the_type(there, template, expected):
    assert desired_secret(subject(target={"template": template}), NEW, there).manifest["type"] == expected


def test_finalizers_of_the_template_are_added_once():
    template = {"metadata": {"finalizers": ["example.com/a", "example.com/b"]}}
    there = secret(metadata={"finalizers": ["example.com/a", "example.com/x"]})
    desired = desired_secret(subject(target={"template": template}), NEW, there)
    assert desired.metadata["finalizers"] == ["example.com/a", "example.com/x", "example.com/b"]


THIRD = {"apiVersion": "v1", "kind": "ConfigMap", "name": "c", "uid": "c"}


@pytest.mark.parametrize(
    ("policy", "owners", "expected"),
    [
        ("Owner", [], [owner()]),
        ("Owner", [owner()], [owner()]),
        ("Owner", [owner(uid="of-an-earlier-life")], [owner()]),
        ("Owner", [owner(version="external-secrets.io/v1beta1")], [owner()]),
        ("Owner", [owner(controller=False)], [owner()]),
        ("Owner", [THIRD], [THIRD, owner()]),
        ("Owner", [owner(uid="old"), THIRD], [owner(), THIRD]),
        ("Orphan", [owner()], None),
        ("Merge", [owner(), THIRD], [THIRD]),
        ("CreateOrMerge", [owner(version="external-secrets.io/v1beta1")], None),
        ("Merge", [owner(controller=False)], [owner(controller=False)]),
        ("Merge", [owner(kind="Deployment", version="apps/v1")], [owner(kind="Deployment", version="apps/v1")]),
    ],
)
def test_the_owner(policy, owners, expected):
    desired = desired_secret(subject(target={"creationPolicy": policy}), NEW, secret(owners=owners))
    assert desired.metadata.get("ownerReferences") == expected


def test_a_secret_that_is_no_longer_owned_loses_the_mark():
    desired = desired_secret(subject(target={"creationPolicy": "Orphan"}), NEW, owned(NEW))
    assert desired.labels == {MANAGED: "true"}


def test_immutable_makes_the_secret_immutable():
    assert desired_secret(subject(target={"immutable": True}), NEW, None).immutable


def test_immutable_leaves_data_labels_and_type_of_an_existing_secret():
    there = secret({"password": b"old"}, labels={"l": "1"})
    of = subject(target={"immutable": True, "template": {"type": "x"}}, labels={"l": "2"})
    desired = desired_secret(of, NEW, there)
    assert desired.data == {"password": b"old"}
    assert desired.manifest["type"] == "Opaque"
    assert desired.labels["l"] == "1"
    assert desired.annotations[DATA_HASH] == data_hash({"password": b"old"})


def test_what_a_sync_left_is_what_the_next_one_wants():
    there = owned(NEW)
    assert same(desired_secret(subject(), NEW, there), there)


@pytest.mark.parametrize(
    "there",
    [
        owned({"password": b"old"}),
        owned({**NEW, "more": b"x"}),
        secret(NEW),
        secret(NEW, owners=[owner()]),
    ],
)
def test_what_differs_is_not_the_same(there):
    assert not same(desired_secret(subject(), NEW, there), there)


def test_the_existing_secret_is_not_touched():
    there = owned({"password": b"old"})
    before = repr(there.manifest)
    desired_secret(subject(labels={"a": "b"}), NEW, there)
    assert repr(there.manifest) == before


def test_metadata_only_keeps_data_and_type_and_tells_their_hash():
    there = secret({"password": b"old"}, immutable=True)
    desired = metadata_only(desired_secret(subject(target={"template": {"type": "x"}}), NEW, there), there)
    assert desired.data == {"password": b"old"}
    assert desired.manifest["type"] == "Opaque"
    assert desired.is_intact


def test_a_repr_shows_no_value():
    assert "swordfish" not in repr(secret({"password": b"swordfish"}))
    assert encoded({"p": b"swordfish"})["p"] not in repr(secret({"password": b"swordfish"}))


@pytest.mark.parametrize(
    ("there", "intact"),
    [
        (owned(NEW), True),
        (secret(NEW), False),
        (secret(NEW, labels={MANAGED: "true"}), False),
        (secret(NEW, labels={MANAGED: "false"}, annotations={DATA_HASH: data_hash(NEW)}), False),
        (secret({"password": b"edited"}, labels={MANAGED: "true"}, annotations={DATA_HASH: data_hash(NEW)}), False),
        (secret({}, labels={MANAGED: "true"}, annotations={DATA_HASH: data_hash({})}), True),
    ],
)
def test_a_secret_is_intact_when_managed_and_as_it_was_written(there, intact):
    assert there.is_intact is intact
