"""Durations are read and written as Go's time package does."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretcore.durations import HOUR, MINUTE, SECOND, format_duration, parse_duration

VECTORS = json.loads((Path(__file__).parent / "vectors" / "durations.json").read_text())
PARSED = [vector for vector in VECTORS if "parse" in vector and "error" not in vector]
REFUSED = [vector for vector in VECTORS if "error" in vector]
WRITTEN = [vector for vector in VECTORS if "error" not in vector]


def test_there_are_vectors_of_every_kind():
    assert len(VECTORS) >= 200
    assert min(len(PARSED), len(REFUSED), len(WRITTEN)) >= 40


@pytest.mark.parametrize("vector", PARSED, ids=lambda vector: vector["parse"])
def test_a_text_is_as_long_as_in_go(vector):
    assert parse_duration(vector["parse"]) == vector["nanoseconds"]


@pytest.mark.parametrize("vector", REFUSED, ids=lambda vector: ascii(vector["parse"]))
def test_what_go_refuses_is_refused_with_its_sentence(vector):
    with pytest.raises(ValueError) as refusal:  # noqa: PT011
        parse_duration(vector["parse"])
    assert type(refusal.value) is ValueError
    assert str(refusal.value) == vector["error"]


@pytest.mark.parametrize("vector", WRITTEN, ids=lambda vector: str(vector["nanoseconds"]))
def test_a_number_is_written_as_in_go(vector):
    assert format_duration(vector["nanoseconds"]) == vector["text"]


@given(st.integers(-(1 << 63), (1 << 63) - 1))
def test_what_is_written_is_read_as_the_same_number(nanoseconds):
    assert parse_duration(format_duration(nanoseconds)) == nanoseconds


@given(st.integers(0, 10**5), st.integers(0, 59), st.integers(0, 59))
def test_whole_seconds_keep_their_value(hours, minutes, seconds):
    duration = hours * HOUR + minutes * MINUTE + seconds * SECOND
    assert parse_duration(format_duration(duration)) == duration
    assert parse_duration(f"-{hours}h{minutes}m{seconds}s") == -duration


@given(st.text())
def test_any_other_text_raises_value_error_only(text):
    try:
        duration = parse_duration(text)
    except ValueError as refusal:
        assert str(refusal).startswith("time: ")  # noqa: PT017
    else:
        assert -(1 << 63) <= duration < 1 << 63
