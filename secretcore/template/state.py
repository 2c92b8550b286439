"""What one rendering knows while it runs, and how it says where it failed.

`evaluate`, `calls`, `fields` and `walk` compile nodes into functions that are given this State and the dot.
"""

from collections.abc import Callable, Mapping
from typing import Any

from secretcore.template.declare import Environment
from secretcore.template.errors import BudgetError, TemplateError
from secretcore.template.nodes import Node
from secretcore.template.quoting import quote
from secretcore.template.values import GoMap, go_len


class _Marker:
    """A value that no template can make."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name

    def __bool__(self) -> bool:
        return False


MISSING = _Marker("MISSING")
"""No value: there is no result of an earlier command."""
NIL = _Marker("NIL")
"""An interface that holds nil, as opposed to None, no value at all: Go tells them apart in arguments and
fields.
"""

Signal = str | None
"""How a block ended: None, or the word of a jump."""
Evaluate = Callable[["State", Any], Any]
Walk = Callable[["State", Any], Signal]


class Slot:
    """A variable: `boxed` tells that it holds an element of an interface type."""

    __slots__ = ("boxed", "name", "value")

    def __init__(self, name: str, value: Any, boxed: bool = False) -> None:
        self.name = name
        self.value = value
        self.boxed = boxed


class State:
    """One rendering in progress."""

    __slots__ = (
        "blocks",
        "boxed_dot",
        "depth",
        "environment",
        "meter",
        "name",
        "node",
        "output",
        "room",
        "root",
        "template",
        "text",
        "variables",
    )

    def __init__(
        self, name: str, text: str, blocks: Mapping[str, Walk], root: Any, environment: Environment
    ) -> None:  # fmt: skip
        self.name = name
        """Of the whole template, which the messages place errors in."""
        self.template = name
        """Of the template that is running, which may be one that the text defines."""
        self.text = text
        self.blocks = blocks
        self.root = root
        self.environment = environment
        self.meter = environment.meter
        self.room = environment.budget.output
        self.output: list[str] = []
        self.variables = [Slot("$", root)]
        self.depth = 0
        self.node: Node | None = None
        self.boxed_dot: Any = MISSING
        """The dot, if it is an element of an interface type."""

    def write(self, shown: str) -> None:
        """Add to the output. BudgetError beyond its size."""
        self.output.append(shown)
        self.room -= len(shown)
        if self.room < 0:
            raise BudgetError(f"an output of more than {self.environment.budget.output} bytes")

    def variable(self, name: str) -> Slot:
        """The variable of this name that was declared last."""
        for slot in reversed(self.variables):
            if slot.name == name:
                return slot
        raise self.error(f"undefined variable: {name}")

    def error(self, message: str) -> TemplateError:
        """An error at the current node, in Go's form."""
        name = self.name
        if self.node is None:
            return TemplateError(f"template: {name}: {message}", key=name, message=message)
        position = self.node.position
        line = self.text.count("\n", 0, position) + 1
        column = go_len(self.text[self.text.rfind("\n", 0, position) + 1 : position])
        action = str(self.node)
        text = f"template: {name}:{line}:{column}: executing {quote(self.template)} at <{action}>: {message}"
        return TemplateError(text, key=name, message=message, line=line, column=column, action=action)

    def missing_key(self, name: str, mapping: GoMap) -> TemplateError:
        """The error for a key that isn't there, with the names of those that are, if it is the data's own
        map: keys of maps that the template built may be secret values.
        """
        error = self.error(f"map has no entry for key {quote(name)}")
        if mapping is self.root:
            error.keys = tuple(sorted(map(str, mapping)))
        return error
