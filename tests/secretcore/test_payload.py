"""What a payload gives as a value and as members, where backends send odd JSON."""

import pytest

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
