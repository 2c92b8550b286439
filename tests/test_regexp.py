"""Patterns match, replace and split as Go's regexp package does."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretcore import regexp

VECTORS = json.loads((Path(__file__).parent / "vectors" / "regexp.json").read_text())
INVALID = [vector["pattern"] for vector in VECTORS if "invalid" in vector]
ANSWERED = [vector for vector in VECTORS if "invalid" not in vector]


def text_of(coded):
    if isinstance(coded, list):
        return [text_of(one) for one in coded]
    return coded if isinstance(coded, str) else bytes.fromhex(coded["hex"]).decode("utf-8", "surrogateescape")


def answers(pattern, text, replacement, n):
    compiled = regexp.compile(pattern)
    return {
        "find": compiled.find(text),
        "find_all": compiled.find_all(text),
        "find_n": compiled.find_all(text, n),
        "replaced": compiled.replace_all(text, replacement),
        "literal": compiled.replace_all_literal(text, replacement),
        "split": compiled.split(text),
        "split_n": compiled.split(text, n),
        "quoted": regexp.quote_meta(text),
    }


def test_every_vector_of_go_is_answered_alike():
    assert len(ANSWERED) >= 300
    different = []
    for vector in ANSWERED:
        pattern, text, replacement = (text_of(vector[name]) for name in ("pattern", "text", "replacement"))
        got = answers(pattern, text, replacement, vector["n"])
        wanted = {name: text_of(vector[name]) for name in got}
        if got != wanted or regexp.compile(pattern).match(text) != vector["match"]:
            different.append((pattern, text, replacement, got, wanted))
    assert different == []


@pytest.mark.parametrize("pattern", INVALID)
def test_what_go_does_not_compile_is_refused_with_the_pattern_named(pattern):
    with pytest.raises(ValueError, match=r"regular expression .* is not valid: ") as refusal:
        regexp.compile(pattern)
    assert repr(pattern) in str(refusal.value)


def test_a_backslash_c_that_is_text_is_allowed():
    assert regexp.compile(r"\\C").match(r"\C")
    assert regexp.compile(r"\Q\C\E").match(r"\C")


def test_a_pattern_that_is_too_long_or_too_large_is_refused():
    with pytest.raises(ValueError, match="characters, 16384 are allowed"):
        regexp.compile("a" * (regexp.MAX_PATTERN + 1))
    with pytest.raises(ValueError, match="is not valid: "):
        regexp.compile("((a{100}){100}){100}")
    with pytest.raises(ValueError, match="invalid UTF-8"):
        regexp.compile("\udcff")


def test_a_bad_pattern_is_not_written_to_standard_error(capfd):
    with pytest.raises(ValueError, match="is not valid"):
        regexp.compile("(unclosed")
    assert capfd.readouterr().err == ""


def test_a_pattern_is_compiled_once():
    assert regexp.compile("a+b") is regexp.compile("a+b")


def test_patterns_that_backtrack_elsewhere_take_linear_time():
    assert not regexp.compile("(a*)*b").match("a" * 1_000_000)
    assert regexp.compile("(a|a)*").find("a" * 100_000) == "a" * 100_000


texts = st.text(st.characters(codec="utf-8") | st.sampled_from(".*+?()[]{}|^$\\\udcff"), max_size=20)


@given(texts, texts, texts)
def test_a_quoted_text_matches_itself_wherever_it_is(before, text, after):
    if any("\udc80" <= character <= "\udcff" for character in text):
        text = "x"
    compiled = regexp.compile(regexp.quote_meta(text))
    assert compiled.match(before + text + after)
    assert compiled.find(text) == text


@given(texts, st.sampled_from(["", "a", r"\B", ".", "x*", r"\w+", "é|", "(|a)"]))
def test_replacing_every_match_by_itself_changes_nothing(text, pattern):
    assert regexp.compile(pattern).replace_all(text, "$0") == text
    assert regexp.compile(pattern).replace_all(text, "${0}") == text
