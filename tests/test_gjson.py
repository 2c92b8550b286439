"""Paths find what the Go library finds, in valid and invalid documents, at bounded cost."""

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from secretcore import gjson
from secretcore.gjson import modifiers, path, work

VECTORS = json.loads((Path(__file__).parent / "vectors" / "gjson.json").read_text())


def text_of(coded):
    return coded if isinstance(coded, str) else bytes.fromhex(coded["hex"]).decode("utf-8", "surrogateescape")


def test_every_vector_of_the_go_library_is_answered_alike():
    assert len(VECTORS) >= 700
    different = []
    for vector in VECTORS:
        wanted = (vector["exists"], vector["type"], text_of(vector["raw"]), text_of(vector["text"]))
        result = gjson.get(text_of(vector["document"]), text_of(vector["path"]))
        if (result.exists, result.type.value, result.raw, result.text()) != wanted or result.refused:
            different.append((vector["document"], vector["path"], wanted))
    assert different == []


def test_modifiers_that_paths_know_are_those_that_there_are():
    assert frozenset(modifiers._TABLE) == path.MODIFIERS


@pytest.mark.parametrize(
    ("key", "escaped"),
    [
        ("plain_key-1:x", "plain_key-1:x"),
        ("tls.crt", r"tls\.crt"),
        ("a*b?c|d#e@f!g", r"a\*b\?c\|d\#e\@f\!g"),
        ("{[(<=>%~)]}", r"\{\[\(\<\=\>\%\~\)\]\}"),
        ('back\\slash"quote', r"back\\slash\"quote"),
        ("päß wort", "päß wort"),
        ("", ""),
    ],
)
def test_escaping_puts_a_backslash_before_whatever_paths_give_a_meaning(key, escaped):
    assert gjson.escape(key) == escaped


keys = st.text(st.characters(codec="utf-8"), max_size=8) | st.text(r".*?|#@!{}[]()=<>%~\\\"0:,a", max_size=6)
scalars = st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8"), max_size=8)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4))


@given(st.dictionaries(keys, values, min_size=1), st.booleans(), st.sampled_from([None, 1]), st.data())
def test_an_escaped_key_finds_the_member_that_a_parser_finds(members, escape_unicode, indent, data):
    key = data.draw(st.sampled_from(sorted(members)))
    document = json.dumps(members, ensure_ascii=escape_unicode, indent=indent)
    result = gjson.get(document, gjson.escape(key))
    assert result.exists
    assert json.loads(result.raw) == members[key]
    if isinstance(members[key], str):
        assert result.text() == members[key]


fragments = st.sampled_from(
    [
        "{",
        "}",
        "[",
        "]",
        '"',
        ":",
        ",",
        "\\",
        "a",
        '"a":',
        "1",
        "-",
        "e",
        "n",
        "t",
        "null",
        " ",
        "é",
        "\udcff",
        "\\u12",
    ]
)
steps = st.sampled_from(
    [
        *'.|#*?\\(){}[]!@:,~=<>%"a01 é',
        "\udc80",
        "#(",
        "#(a=1)#",
        "..",
        "@flatten",
        "@pretty",
        "@dig:a",
        "@tostr",
    ]
)


@given(st.lists(fragments).map("".join) | values.map(json.dumps), st.lists(steps, max_size=12).map("".join))
@example("\ud800", "\ud83d")
def test_no_document_and_no_path_raises(document, searched):
    result = gjson.get(document, searched)
    assert result.exists or (result.raw, result.text()) == ("", "")


@given(values)
def test_ugly_and_pretty_keep_what_a_document_means(value):
    document = json.dumps(value)
    assert json.loads(gjson.get(document, "@ugly").raw) == value
    assert json.loads(gjson.get(document, "@pretty").raw) == value
    assert json.loads(gjson.get(document, "@tostr|@fromstr").raw) == value


@pytest.mark.parametrize(
    ("document", "searched"),
    [
        ("[" * 1_000_000, ".".join(["0"] * 5000)),
        ("[" * 100_000, '@flatten:{"deep":true}'),
        ("[" * 1_000_000, "@pretty"),
        ('{"a":1}', "|".join(["[@this,@this]"] * 100)),
        ('{"a":1}', "[" * 2000 + "a" + "]" * 2000),
        ("[" + "[" * 150 + "]" * 150 + "]", "@dig:@dig:@dig:@dig:a"),
        ('{"' + "a" * 1_000_000 + '":1}', "*" + "a?" * 4000 + "b*"),
        ("{}", "a" * (work.MAX_PATH + 1)),
    ],
    ids=[
        "deep",
        "deep flatten",
        "deep pretty",
        "doubling",
        "nested",
        "digging",
        "wildcards",
        "long",
    ],
)
def test_what_would_cost_too_much_is_refused_and_says_so(document, searched):
    result = gjson.get(document, searched)
    assert result.refused
    assert not result.exists


def test_a_document_of_ten_mebibytes_is_within_the_budget():
    document = '{"filler":"' + "x" * (10 << 20) + '","nested":{"wanted":[1,2,{"a":"here"}]}}'
    assert gjson.get(document, "nested.wanted.2.a").text() == "here"
    assert gjson.get(document, "nested.wanted|@reverse|0.a").text() == "here"


def test_a_result_does_not_show_its_value():
    result = gjson.get('{"password":"hunter2"}', "password")
    assert result.text() == "hunter2"
    assert "hunter2" not in f"{result!r} {result}"
    with pytest.raises(AttributeError):
        result.raw = "changed"
