"""Every golden vector: our output is Go's, byte for byte; our errors are Go's, word for word."""

import re

import pytest

from secretcore.template.builtin_functions import BUILTINS
from secretcore.template.functions import FUNCTIONS
from tests.secretcore.template.rendering import render
from tests.secretcore.template.vectors import FOLDER, answer_of, load

FILES = sorted(FOLDER.glob("*.json"))


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_agrees_with_go(path):
    wrong = []
    for entry, case in load(path):
        ours, go = render(case), answer_of(entry)
        if entry.get("differs") == "output":
            agrees = ours.output == entry["ours"] and not ours.error
        elif entry.get("differs") == "error":
            agrees = bool(ours.error) and (ours.phase, ours.line) == (go.phase, go.line) and ours != go
        else:
            agrees = ours == go
        if not agrees:
            wrong.append(f"{case.text!r}\n    Go   {go.error or go.output!r}\n    ours {ours.error or ours.output!r}")
    assert not wrong, f"{len(wrong)} differ:\n" + "\n".join(wrong)


def test_there_are_vectors_of_every_kind():
    entries = [entry for path in FILES for entry, _ in load(path)]
    assert len(entries) >= 1500
    assert sum("error" in entry for entry in entries) >= 200


def test_every_function_and_builtin_has_a_vector():
    texts = " ".join(entry["text"] for path in FILES for entry, _ in load(path))
    words = set(re.findall(r"\w+", texts))
    assert sorted({*FUNCTIONS, *BUILTINS} - words) == []
