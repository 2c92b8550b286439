"""Random calls of functions, here and in Go: the same bytes, or an error in both.

TEMPLATES says how many (2,000 unless told); `make fuzz-template` asks for 20,000.
"""

import os
from random import Random

import pytest

from tests.secretcore.template.functions.random_calls import Calls
from tests.secretcore.template.oracle import Case, Oracle
from tests.secretcore.template.rendering import render

TEMPLATES = int(os.environ.get("TEMPLATES", "2000"))

pytestmark = pytest.mark.server


def test_random_calls_give_what_go_gives():
    calls = Calls(Random(TEMPLATES) if TEMPLATES == 2000 else Random())
    wrong = []
    with Oracle() as oracle:
        for _ in range(TEMPLATES):
            case = Case(calls.next(), {})
            ours, go = render(case), oracle.ask(case)
            if bool(ours.error) != bool(go.error) or ours.output != go.output:
                wrong.append(f"{case.text}\n    Go   {go}\n    ours {ours}")
            assert "internal error" not in ours.error, case.text
    assert not wrong, f"{len(wrong)} differ:\n" + "\n".join(wrong[:20])
