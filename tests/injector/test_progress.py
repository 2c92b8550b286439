"""What a command says while it waits: nothing for two seconds, then a line that a terminal writes over, or one now and
then where there is none.
"""

import pytest

from injector.progress import CLEAR, Progress


class Waiting:
    """A Progress whose time a test sets, and what it wrote."""

    def __init__(self, *, terminal):
        self.now = 100.0
        self.written = []
        self.progress = Progress(self.written.append, lambda: self.now, terminal=terminal)

    def at(self, seconds):
        self.now = 100.0 + seconds
        self.progress.tick()


@pytest.fixture
def file():
    return Waiting(terminal=False)


@pytest.fixture
def terminal():
    return Waiting(terminal=True)


@pytest.mark.parametrize("is_terminal", [True, False])
def test_what_takes_less_than_two_seconds_is_silent(is_terminal):
    waiting = Waiting(terminal=is_terminal)
    for seconds in (0, 1, 1.9):
        waiting.at(seconds)
    waiting.progress.end()
    assert waiting.written == []


def test_without_a_terminal_there_is_a_plain_line_after_two_seconds_and_every_ten(file):
    with file.progress.during("db"):
        for seconds in (1, 2, 3, 11, 12, 13, 22):
            file.at(seconds)
    file.progress.end()
    assert file.written == [f"{seconds} s: 0 of 1 done, waiting for db\n" for seconds in (2, 12, 22)]


def test_a_terminal_has_one_line_that_is_written_over_and_gone_in_the_end(terminal):
    with terminal.progress.during("db"):
        terminal.at(2)
        terminal.at(2.25)
    terminal.progress.end()
    assert terminal.written == [f"{CLEAR}2 s: 0 of 1 done, waiting for db"] * 2 + [CLEAR]


def test_a_line_on_a_terminal_never_wraps(terminal):
    with terminal.progress.during("x" * 300):
        terminal.at(3)
    assert len(terminal.written[0].removeprefix(CLEAR)) == 79


def test_the_line_counts_what_is_done_and_names_the_first_that_are_not(file):
    file.progress.expect(7)
    for name in ("a", "b"):
        with file.progress.during(name):
            pass
    with (
        file.progress.during("c"),
        file.progress.during("d"),
        file.progress.during("e"),
        file.progress.during("f"),
        file.progress.during("g"),
    ):
        file.at(5)
    assert file.written == ["5 s: 2 of 7 done, waiting for c, d, e and 2 more\n"]


def test_what_failed_is_no_longer_waited_for(file):
    with pytest.raises(ValueError, match="broken"), file.progress.during("db"):
        raise ValueError("broken")
    file.at(2)
    assert file.written == ["2 s: 1 of 1 done, waiting for the end\n"]
