"""Whatever the text: a template renders or is a TemplateError, and no error shows a value of the data."""

import traceback
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from secretcore.template import TemplateError, parse
from secretcore.template.values import from_json
from tests.secretcore.template.random_templates import DOCUMENT, Generator
from tests.secretcore.template.rendering import environment

MARKER = "Zq7hunter2"
_WORDS = """{{ }} {{- -}} /* */ ( ) | $ $x := = , . .a .b.c if else end range with define template block
    break continue nil true "t" `r` 'c' 1 -2.5e3 0x 1i print index len printf "%v%d%-5s" eq
    and é dict list add fail"""
FRAGMENTS = [*_WORDS.split(), " ", "\n", "\x00", "\udcff"]


def marked(value: Any) -> Any:
    """The document with the marker in every string."""
    if isinstance(value, dict):
        return {key: marked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [marked(item) for item in value]
    return value + MARKER if isinstance(value, str) else value


DATA = marked(DOCUMENT)


def outcome(text: str, data: Any) -> str:
    """The output; or "" after checking that the error shows nothing of the data."""
    try:
        return parse("k", text).render(data, environment())
    except TemplateError as error:
        shown = "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
        assert MARKER not in shown, shown
        return ""


@settings(max_examples=600)
@given(parts=st.lists(st.sampled_from(FRAGMENTS), max_size=30))
def test_fragments_in_any_order_render_or_fail(parts):
    outcome("".join(parts), {"a": MARKER, "b": "1"})


@settings(max_examples=300)
@given(inside=st.text(max_size=40), data=st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=3))
def test_any_text_renders_or_fails(inside, data):
    outcome(inside, data)
    outcome("{{" + inside + "}}", data)


@settings(max_examples=600)
@given(seed=st.integers(0, 2**63))
def test_errors_of_sensible_templates_show_no_value(seed):
    text = Generator(Random(seed)).case().text
    outcome(text, from_json(DATA))


def test_text_without_actions_is_its_own_output():
    for text in ("", "plain", "} }} {", "é\n\udcff", "{ {"):
        assert outcome(text, {}) == text
