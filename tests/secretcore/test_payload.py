"""What a payload gives as a value and as members, where backends send odd JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretcore import gjson
from secretcore.errors import Malformed, PropertyNotFound
from secretcore.payload import JsonPayload, Lookup, Members


def payload(text, **fields):
    return JsonPayload("k", text.encode(), **fields)


@pytest.mark.parametrize(
    ("text", "raw", "converted"),
    [
        ('{"a": "x", "n": 1.50, "t": true, "z": null}', [b"x", b"1.50", b"true", b""], [b"x", b"1.5", b"true", b""]),
        ('{"o": {"b": 1, "a": "<"}}', [b'{"b": 1, "a": "<"}'], [b'{"a":"\\u003c","b":1}']),
        ('{"big": 12345678901234567890}', [b"12345678901234567890"], [b"12345678901234567000"]),
        ('{"half": "x\\ud800y"}', ["x\ufffdy".encode()], ["x\ufffdy".encode()]),
    ],
)
def test_members_are_as_written_or_as_go_prints_them(text, raw, converted):
    assert list(payload(text).mapping("").values()) == raw
    assert list(payload(text, members=Members.CONVERTED).mapping("").values()) == converted


@pytest.mark.parametrize("text", ['{"a": [1e999]}', '{"a": 1e999}'])
def test_a_number_that_no_float_holds_is_refused_without_being_shown(text):
    with pytest.raises(Malformed, match="a number that is out of range"):
        payload(text, members=Members.CONVERTED).mapping("")


@pytest.mark.parametrize("text", ["", "canary", "[1]", '"canary"', "{", '{"a": canary}'])
def test_what_is_no_object_has_no_members(text):
    with pytest.raises(Malformed, match="is not a JSON object") as raised:
        payload(text).mapping("")
    assert "canary" not in str(raised.value)


def test_the_order_of_look_ups_is_the_providers():
    text = '{"a.b": "literal", "a": {"b": "path"}}'
    assert payload(text).value("a.b") == b"literal"
    assert payload(text, lookups=(Lookup.PATH,)).value("a.b") == b"path"
    assert payload(text, lookups=(Lookup.PATH, Lookup.LITERAL)).value("a.b") == b"path"


def test_a_missing_property_names_secret_and_property_only():
    with pytest.raises(PropertyNotFound, match='property "z" does not exist in secret "k"') as raised:
        payload('{"a": "canary"}').value("z")
    assert "canary" not in str(raised.value) + repr(payload('{"a": "canary"}'))


def test_bytes_that_are_not_text_keep_their_value():
    assert JsonPayload("k", b"\xff\xfe").value("") == b"\xff\xfe"
    assert JsonPayload("k", b'{"a":"\xff"}').value("a") == b"\xff"


MEMBER_NAMES = st.sampled_from(["a", "b", "user-name", "a.b", "A_1", "é", 'q"', ""])
MEMBER_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.sampled_from('ab"\\é\n{}'), max_size=4) | MEMBER_NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(MEMBER_NAMES, inner, max_size=3),
    max_leaves=8,
)


@given(
    st.lists(st.tuples(MEMBER_NAMES, MEMBER_VALUES), max_size=4),
    st.sampled_from(["a", "b", "user-name", "A_1", "zz", "0"]),
    st.sampled_from(["{%s}", " {%s} ", "[{%s}]", "{%s", "{%s}x", '{"a":"twice",%s}']),
    st.booleans(),
)
def test_the_short_way_to_a_member_leads_where_gjson_leads(members, name, form, ascii_only):
    inner = ",".join(json.dumps(key) + ": " + json.dumps(value, ensure_ascii=ascii_only) for key, value in members)
    text = form % inner
    found = gjson.get(text, name)
    try:
        assert payload(text).value(name) == found.text().encode()
    except PropertyNotFound:
        assert not found.exists
