"""The budget of one evaluation: paths and documents come from tenants, so what they may cost is bounded.

Work is counted in bytes of text passed over (about 10 ns each); a step of the interpreter counts as many
bytes as are passed over in its time. Every evaluation has its own budget.
"""

from collections.abc import Callable

from secretcore.gjson.value import Value

MAX_WORK = 256 << 20  # about three seconds at worst; one lookup in a document of 10 MiB takes a twentieth of it
MAX_TEXT = 64 << 20  # bytes of one text made by a modifier or multipath
MAX_PATH = 16 << 10  # bytes
MAX_DESCENT = 200  # levels of a document that one path goes down, and that a modifier recurses into
MAX_NESTING = 40  # lookups inside lookups: queries in queries, multipaths in multipaths

STEP = 128  # one member or element visited
MEMBER = 384  # one member or element taken out
LOOKUP = 1024  # one evaluation of a path


class RefusedError(Exception):
    """The budget is used up."""


class Work:
    """What one evaluation may still cost, and the way back into it for queries, multipaths and modifiers."""

    __slots__ = ("_evaluate", "left", "nesting")

    def __init__(self, evaluate: "Callable[[Work, bytes, bytes], Value]") -> None:
        self._evaluate = evaluate
        self.left = MAX_WORK
        self.nesting = 0

    def spend(self, amount: int) -> None:
        self.left -= amount
        if self.left < 0:
            raise RefusedError

    def made(self, text: bytes) -> bytes:
        """`text`, paid for."""
        if len(text) > MAX_TEXT:
            raise RefusedError
        self.spend(len(text))
        return text

    def look_up(self, document: bytes, path: bytes) -> Value:
        """Evaluate a path inside the evaluation under way."""
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            raise RefusedError
        found = self._evaluate(self, document, path)
        self.nesting -= 1
        return found


def check_depth(depth: int) -> None:
    """A document deeper than a path may descend."""
    if depth > MAX_DESCENT:
        raise RefusedError
