"""JSON as Go writes it. Expected texts were printed by encoding/json and strconv."""

import pytest

from secretcore.errors import Malformed
from secretcore.gojson import Number, byte_value, decode, encode, plain_float


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": 2}, '{"a":2,"b":1}'),
        (["<a&b>", "\u2028"], '["\\u003ca\\u0026b\\u003e","\\u2028"]'),
        ('é\n\t"\\', '"é\\n\\t\\"\\\\"'),
        (1.0, "1"),
        (0.000001, "0.000001"),
        (1e-7, "1e-7"),
        (1.5e21, "1.5e+21"),
        (1e20, "100000000000000000000"),
        (-0.5, "-0.5"),
        (Number("1.00"), "1.00"),
        (Number("12345678901234567890"), "12345678901234567890"),
        ([None, True, False], "[null,true,false]"),
        ("\ud800", '"\ufffd"'),
        ({}, "{}"),
        ([], "[]"),
    ],
)
def test_encoding(value, text):
    assert encode(value) == text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text", b"text"),
        (None, b""),
        (True, b"true"),
        (1e22, b"10000000000000000000000"),
        (1e-7, b"0.0000001"),
        (3.0, b"3"),
        (12345678901234567890.0, b"12345678901234567000"),
        (Number("1e3"), b"1e3"),
        ({"b": [1.0, "<"]}, b'{"b":[1,"\\u003c"]}'),
    ],
)
def test_values_of_a_secret(value, expected):
    assert byte_value(value) == expected


def test_negative_zero_keeps_its_sign():
    assert plain_float(-0.0) == "-0"


def test_numbers_are_kept_as_written():
    assert encode(decode('{"a": 1.10, "b": 1E5}', limit=9, what="x")) == '{"a":1.10,"b":1E5}'


@pytest.mark.parametrize("text", ["", "<html>canary</html>", '{"a": canary', "NaN", '{"a":1}x'])
def test_what_is_not_json_is_said_without_showing_it(text):
    with pytest.raises(Malformed, match="^the answer is not JSON$"):
        decode(text, limit=9, what="the answer")


@pytest.mark.parametrize("text", ["[" * 101 + "]" * 101, '{"a":' * 101 + "1" + "}" * 101, "[" * 1_000_000])
def test_deep_nesting_is_refused_before_it_is_parsed(text):
    with pytest.raises(Malformed, match="nested deeper than 100 levels"):
        decode(text, limit=100, what="x")


def test_brackets_in_strings_do_not_count():
    assert decode('["[[[[\\"[[["]', limit=1, what="x") == ['[[[["[[[']
