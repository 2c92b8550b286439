"""README.md, "Five minutes, no cluster", typed into a terminal."""

import pytest

from tests.pages.terminal import Terminal
from tests.support.pages import commands, section
from tests.support.paths import ROOT

COMMANDS = commands(section((ROOT / "README.md").read_text(), "Five minutes, no cluster"))


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """What each command of the section printed."""
    terminal = Terminal(tmp_path_factory.mktemp("terminal"))
    return {command: terminal.type(command) for command in COMMANDS} | {"folder": terminal.folder}


def only(printed, word):
    (command,) = [command for command in COMMANDS if word in command]
    return printed[command]


def test_the_section_is_short():
    assert 2 <= len(COMMANDS) <= 5


def test_make_run_prints_the_secrets_with_masked_values(printed):
    shown = printed["make run"]
    assert "name: database" in shown
    assert "name: payments" in shown
    assert "correct horse" not in shown
    assert "Y29ycmVjdCBob3JzZQ" not in shown


def test_with_show_values_they_have_them(printed):
    assert "Y29ycmVjdCBob3JzZQ==" in only(printed, "--show-values")


def test_explain_shows_the_steps(printed):
    assert "spec.data[0]" in only(printed, "explain")


def test_files_are_written(printed):
    assert (printed["folder"] / "secrets/payments/password").read_text() == "correct horse"
