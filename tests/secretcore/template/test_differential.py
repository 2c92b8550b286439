"""Random templates, rendered here and by Go: the same bytes, or an error at the same line.

TEMPLATES says how many (2,000 unless told), `make fuzz-template` asks for 20,000 that no run has seen.
"""

import os
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.secretcore.template.oracle import Oracle
from tests.secretcore.template.random_templates import Generator
from tests.secretcore.template.rendering import render

TEMPLATES = int(os.environ.get("TEMPLATES", "2000"))

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def oracle():
    with Oracle() as started:
        yield started


@settings(
    max_examples=TEMPLATES,
    deadline=None,
    database=None,
    derandomize=TEMPLATES == 2000,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(seed=st.integers(0, 2**63))
def test_random_templates_render_as_in_go(oracle, seed):
    case = Generator(Random(seed)).case()
    ours, go = render(case), oracle.ask(case)
    assert bool(ours.error) == bool(go.error), (case.text, ours, go)
    assert ours.output == go.output, (case.text, ours, go)
    if go.phase not in ("panic", "crash"):
        assert ours.line == go.line, (case.text, ours, go)
