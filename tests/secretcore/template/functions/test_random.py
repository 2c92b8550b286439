"""Random values have the right length and alphabet, and come from the Environment alone."""

import base64
import string
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.secretcore.template.functions.rendering import evaluate, render

ALPHABETS = {
    "randAlphaNum": string.ascii_letters + string.digits,
    "randAlpha": string.ascii_letters,
    "randNumeric": string.digits,
    "randAscii": "".join(map(chr, range(32, 127))),
}


@pytest.mark.parametrize(("name", "alphabet"), ALPHABETS.items())
def test_length_and_alphabet(name, alphabet):
    value = evaluate(f"{name} 2000")
    assert len(value) == 2000
    assert set(value) == set(alphabet)


@pytest.mark.parametrize(
    "call", ["randAlphaNum 20", "randBytes 20", "uuidv4", 'shuffle "abcdefghij"', "randInt 0 99999"]
)
def test_the_environment_is_the_only_source(call):
    text = "{{ " + call + " }}"
    assert render(text, seed=1) == render(text, seed=1)
    assert render(text, seed=1) != render(text, seed=2)


@given(st.integers(-(10**6), 10**6), st.integers(1, 10**6), st.integers())
def test_rand_int_lies_between_its_bounds(low, size, seed):
    value = int(render(f"{{{{ randInt {low} {low + size} }}}}", seed=seed))
    assert low <= value < low + size


def test_rand_bytes_gives_so_many_bytes_in_base64():
    assert len(base64.b64decode(render("{{ randBytes 33 }}"), validate=True)) == 33


def test_uuidv4_is_one():
    value = uuid.UUID(render("{{ uuidv4 }}"))
    assert (value.version, value.variant) == (4, uuid.RFC_4122)


@given(st.text(max_size=20), st.integers())
def test_shuffle_keeps_the_characters(value, seed):
    assert sorted(render("{{ shuffle .s }}", {"s": value}, seed=seed)) == sorted(value)


@given(st.text(max_size=40), st.text(max_size=100))
def test_aes_decrypts_what_it_encrypted(password, value):
    data = {"p": password, "v": value}
    assert render("{{ encryptAES .p .v | decryptAES .p }}", data) == value
