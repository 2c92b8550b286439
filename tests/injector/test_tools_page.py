"""docs/tools.md: its examples are run, and show what they say."""

import re
import shlex

import pytest

from tests.support.paths import ROOT

pytestmark = pytest.mark.server
PAGE = ROOT / "docs/tools.md"
HASH = re.compile(r"\b[0-9a-f]{12}\b")


def examples():
    """Command and what it prints, of each `$` in the page's blocks."""
    text = PAGE.read_text()
    blocks = re.findall(r"(?:^    .*\n|^\n(?=    ))+", text, re.MULTILINE)
    lines = [line[4:] for block in blocks for line in block.splitlines()]
    found = []
    for line in lines:
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif found:
            found[-1][1].append(line)
    return [(command, "\n".join(printed).strip()) for command, printed in found]


def shown(text):
    return HASH.sub("<hash>", text).strip()


def test_the_page_has_an_example_of_each_command():
    commands = [shlex.split(command)[2] for command, _ in examples() if command.startswith("kubectl external-secrets")]
    assert commands == ["explain", "diff", "doctor"]


def test_the_examples_print_what_the_page_shows(team, monkeypatch):
    """In the order of the page, in a namespace `team`."""
    monkeypatch.chdir(ROOT)
    team.control_plane.create_namespace("team")
    for command, printed in examples():
        program, *arguments = shlex.split(command)
        assert program == "kubectl"
        code, out, err = team.kubectl(*arguments)
        if arguments[0] == "apply":
            assert code == 0, err
            continue
        assert code in (0, 1), err
        assert shown(out) == shown(printed)
