"""Hashes and names against what ESO writes."""

import pytest

from secretcore.plan import Rendered
from secretcore.secret_data import SecretData
from secretcore.target.hashing import (
    data_hash,
    field_manager,
    fingerprint,
    synced_resource_version,
    text_hash,
)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"foo": b"value1", "bar": b"value2"}, "1bed8bcbcb4547ffe19a19cd47d9078e84aa6598266d86b99f992d64"),
        ({"bar": b"value2", "foo": b"value1"}, "1bed8bcbcb4547ffe19a19cd47d9078e84aa6598266d86b99f992d64"),
        ({"foo": b"bar"}, "f2a604b87eb0cf673761e8cfea850f901fe73a3d1b2f338802107f36"),
        ({}, "74a974446e359fb3e6baff9bd0058950e6edd0f040888d9989b0a11b"),
    ],
)
def test_data_hashes_as_eso_hashes_it(data, expected):
    assert data_hash(data) == expected


def test_an_empty_value_is_not_a_missing_key():
    assert data_hash({"a": b""}) != data_hash({})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("default/test-es", "a8e09351ea392b727f69f63683b28619fbed1174f572e728706a9ea8"),
        ("hello there", "f78681ec611ebaeea0689bff6c7812a83ff98a7faba986d9af76c999"),
    ],
)
def test_text_hashes_as_eso_hashes_it(text, expected):
    assert text_hash(text) == expected


def test_without_metadata_the_synced_resource_version_is_esos():
    expected = "3-f47fe3c0b255b6dd8047cdffa772587bb829efe7a1cb70febeda2eb2"
    assert synced_resource_version(3, {}, {}) == expected


def test_the_synced_resource_version_follows_generation_labels_and_annotations():
    versions = {
        synced_resource_version(1, {}, {}),
        synced_resource_version(2, {}, {}),
        synced_resource_version(1, {"a": "b"}, {}),
        synced_resource_version(1, {}, {"a": "b"}),
        synced_resource_version(1, {}, {"external-secrets.io/force-sync": "1"}),
    }
    assert len(versions) == 5


def test_the_order_of_labels_does_not_matter():
    assert synced_resource_version(1, {"a": "1", "b": "2"}, {}) == synced_resource_version(1, {"b": "2", "a": "1"}, {})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("db", "externalsecrets.external-secrets.io/db"),
        ("x" * 27, f"externalsecrets.external-secrets.io/{'x' * 27}"),  # 63 in all
        ("x" * 28, f"externalsecrets.external-secrets.io/sha3/{text_hash('x' * 28)}"),
    ],
)
def test_a_field_manager_is_named_after_the_external_secret_and_short(name, expected):
    assert field_manager(name) == expected


def rendered(labels=None, annotations=None, nothing=False, **data):
    return Rendered(SecretData(data), (), labels, annotations, nothing)


WANTED = [
    ("a", rendered(a=b"1")),
    ("b", rendered(a=b"1")),
    ("a", rendered(a=b"2")),
    ("a", rendered(b=b"1")),
    ("a", rendered(a=b"1", b=b"")),
    ("a", rendered(a=b"", b=b"1")),
    ("a", rendered(a=b"11 1 b1")),
    ("a", rendered(nothing=True)),
    ("a", rendered()),
    ("a", rendered(labels={}, a=b"1")),
    ("a", rendered(labels={"a": "1"}, a=b"1")),
    ("a", rendered(annotations={"a": "1"}, a=b"1")),
    ("a", rendered(labels={"a": "1"}, annotations={"a": "1"}, a=b"1")),
]


def test_a_fingerprint_tells_apart_all_that_a_secret_is_made_from():
    assert len({fingerprint(b"salt", name, each) for name, each in WANTED}) == len(WANTED)


def test_a_fingerprint_is_the_same_for_the_same_in_any_order_and_for_one_process_only():
    one, other = rendered(a=b"1", b=b"2"), rendered(b=b"2", a=b"1")
    assert fingerprint(b"salt", "a", one) == fingerprint(b"salt", "a", other)
    assert fingerprint(b"salt", "a", one) != fingerprint(b"another", "a", one)
