"""Hashes that tell whether values are equal, and nothing else."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from injector.fingerprint import DIGITS, Fingerprint

ONE, OTHER = Fingerprint(b"1" * 32), Fingerprint(b"2" * 32)


@given(st.binary(), st.binary())
def test_hashes_of_one_run_are_equal_when_values_are(one, other):
    assert (ONE.of(one) == ONE.of(other)) == (one == other)


@given(st.binary())
def test_another_run_has_other_hashes(value):
    assert ONE.of(value) != OTHER.of(value)


def test_a_guess_can_not_be_checked_without_the_key_of_the_run():
    """As it could with any hash that needs none."""
    shown = ONE.of(b"1234")
    plain = {hashlib.new(name, b"1234").hexdigest()[:DIGITS] for name in ("md5", "sha1", "sha256", "sha3_224")}
    assert shown not in plain
    assert "1111" not in repr(ONE)


def test_facts_are_key_size_and_hash_by_name():
    facts = ONE.facts({"b": b"12", "a": b""})
    assert [(each.key, each.size, each.hash) for each in facts] == [("a", 0, ONE.of(b"")), ("b", 2, ONE.of(b"12"))]
