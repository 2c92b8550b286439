"""The transforms of extract, find and data, as tables."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretcore.errors import TransformFailed
from secretcore.plan import Transform
from secretcore.transform import check_keys, convert_keys, decode, transform_map, transform_values


@pytest.mark.parametrize(
    ("key", "default", "unicode"),
    [
        ("plain", "plain", "plain"),
        ("a.b-c_d", "a.b-c_d", "a.b-c_d"),
        ("/foo/bar", "_foo_bar", "_U002f_foo_U002f_bar"),
        ("a b", "a_b", "a_U0020_b"),
        ("é", "é", "é"),
        ("½", "½", "½"),
        ("a€", "a_", "a_U20ac_"),
        ("🔑", "_", "_U1f511_"),
        ("", "", ""),
    ],
)
def test_keys_are_converted_rune_by_rune(key, default, unicode):
    assert list(convert_keys({key: b""}, "Default")) == [default]
    assert list(convert_keys({key: b""}, "Unicode")) == [unicode]


def test_two_keys_that_become_one_are_refused_by_both_names():
    with pytest.raises(TransformFailed, match=r'"a/b" and "a b" both become "a_b"'):
        convert_keys({"a/b": b"", "a b": b""}, "Default")


def test_unicode_conversion_keeps_apart_what_default_would_merge():
    assert len(convert_keys({"a/b": b"", "a b": b""}, "Unicode")) == 2


@given(st.text(min_size=1, max_size=30))
def test_a_converted_key_is_stable(key):
    once = convert_keys({key: b""}, "Default")
    assert convert_keys(once, "Default") == once


def test_an_empty_key_is_dropped():
    assert check_keys({"": b"x", "a": b"y"}) == {"a": b"y"}


@pytest.mark.parametrize("key", ["a/b", "a b", "é", "a:b"])
def test_a_key_that_kubernetes_would_refuse_is_refused(key):
    with pytest.raises(TransformFailed, match="invalid secret keys.*invalid character"):
        check_keys({key: b""})


def test_a_key_is_at_most_253_characters():
    assert check_keys({"k" * 253: b""})
    with pytest.raises(TransformFailed, match="254 characters long"):
        check_keys({"k" * 254: b""})


ODD = bytes(range(248, 256))  # its two alphabets differ


@pytest.mark.parametrize(
    ("strategy", "value", "expected"),
    [
        ("None", b"Zm9v", b"Zm9v"),
        ("Base64", b"Zm9v", b"foo"),
        ("Base64", b"Zm9v\n", b"foo"),
        ("Base64", b"Zm8=", b"fo"),
        ("Base64", b"", b""),
        ("Base64", base64.b64encode(ODD), ODD),
        ("Base64URL", base64.urlsafe_b64encode(ODD), ODD),
        ("Auto", b"Zm9v", b"foo"),
        ("Auto", base64.urlsafe_b64encode(ODD), ODD),
        ("Auto", b"not base64", b"not base64"),
        ("Auto", b"abc", b"abc"),
        ("Auto", b"\xff\xfe", b"\xff\xfe"),
    ],
)
def test_values_are_decoded(strategy, value, expected):
    assert decode(value, strategy, "k") == expected


@pytest.mark.parametrize(
    ("strategy", "value"),
    [
        ("Base64", b"Zm8"),  # no padding
        ("Base64", b"Zm9v="),  # too much
        ("Base64", b"=Zm9"),
        ("Base64", b"not base64!!"),
        ("Base64", base64.urlsafe_b64encode(ODD)),
        ("Base64URL", base64.b64encode(ODD)),
    ],
)
def test_a_value_that_is_not_encoded_as_said_is_refused_without_being_shown(strategy, value):
    with pytest.raises(TransformFailed) as raised:
        decode(value, strategy, "k")
    assert 'key "k"' in str(raised.value)
    assert value.decode() not in str(raised.value)


@given(st.binary())
def test_auto_decodes_what_either_alphabet_encoded(value):
    encoded = base64.b64encode(value)
    assert decode(encoded, "Base64", "k") == value
    assert decode(encoded, "Auto", "k") == value


def test_nul_bytes_pass_unless_refused_and_the_first_key_is_named():
    data = {"b": b"\0", "a": b"x\0", "c": b"fine"}
    assert transform_values(data, Transform()) == data
    with pytest.raises(TransformFailed, match='key "a"'):
        transform_values(data, Transform(null_bytes="Fail"))


def test_nul_bytes_are_looked_for_after_decoding():
    with pytest.raises(TransformFailed):
        transform_values({"a": b"AA=="}, Transform(decoding="Base64", null_bytes="Fail"))


def test_extract_converts_then_checks_then_decodes():
    assert transform_map({"a/b": b"Zm9v", "": b"!"}, Transform(decoding="Base64")) == {"a_b": b"foo"}
