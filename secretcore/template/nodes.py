"""The parts of a parsed template.

`parser` makes them, `evaluate` and its neighbours compile them. `str()` of a node is the text that error
messages show as the action. `position` is an index into the template's text.
"""

from dataclasses import dataclass, field

from secretcore.template.quoting import quote


@dataclass(slots=True, eq=False)
class Node:
    """Any part of a template."""

    position: int


@dataclass(slots=True, eq=False)
class Text(Node):
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(slots=True, eq=False)
class Identifier(Node):
    """The name of a function."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(slots=True, eq=False)
class Variable(Node):
    """A variable, its `$` included, and the fields that follow."""

    name: str
    fields: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ".".join((self.name, *self.fields))


@dataclass(slots=True, eq=False)
class Dot(Node):
    def __str__(self) -> str:
        return "."


@dataclass(slots=True, eq=False)
class Nil(Node):
    def __str__(self) -> str:
        return "nil"


@dataclass(slots=True, eq=False)
class Field(Node):
    """Fields of the dot: `.a.b`."""

    fields: tuple[str, ...]

    def __str__(self) -> str:
        return "".join(["." + name for name in self.fields])


@dataclass(slots=True, eq=False)
class Bool(Node):
    value: bool

    def __str__(self) -> str:
        return "true" if self.value else "false"


@dataclass(slots=True, eq=False)
class Number(Node):
    """A number: each of the kinds that it can be without loss, None for the others."""

    text: str
    integer: int | None = None
    unsigned: int | None = None
    floating: float | None = None
    imaginary: complex | None = None

    def __str__(self) -> str:
        return self.text


@dataclass(slots=True, eq=False)
class String(Node):
    quoted: str
    value: str

    def __str__(self) -> str:
        return self.quoted


@dataclass(slots=True, eq=False)
class Chain(Node):
    """Fields of what is no field or variable: `(index . "a").b`."""

    operand: Node
    fields: tuple[str, ...]

    def __str__(self) -> str:
        operand = f"({self.operand})" if isinstance(self.operand, Pipe) else str(self.operand)
        return ".".join((operand, *self.fields))


@dataclass(slots=True, eq=False)
class Command(Node):
    """A function, field or operand with its arguments: `args[0]` is the first word."""

    args: list[Node] = field(default_factory=list)

    def __str__(self) -> str:
        return " ".join([f"({arg})" if isinstance(arg, Pipe) else str(arg) for arg in self.args])


@dataclass(slots=True, eq=False)
class Pipe(Node):
    """Commands, each given the result of the one before, and the variables that get the last result."""

    declared: list[Variable] = field(default_factory=list)
    assigns: bool = False
    commands: list[Command] = field(default_factory=list)

    def __str__(self) -> str:
        commands = " | ".join(map(str, self.commands))
        if not self.declared:
            return commands
        return f"{', '.join(map(str, self.declared))} {'=' if self.assigns else ':='} {commands}"


@dataclass(slots=True, eq=False)
class Action(Node):
    pipe: Pipe

    def __str__(self) -> str:
        return f"{{{{{self.pipe}}}}}"


@dataclass(slots=True, eq=False)
class Block(Node):
    """A list of nodes."""

    nodes: list[Node] = field(default_factory=list)

    def __str__(self) -> str:
        return "".join(map(str, self.nodes))


@dataclass(slots=True, eq=False)
class Branch(Node):
    """if, with or range, told by `word`."""

    word: str
    pipe: Pipe
    body: Block
    otherwise: Block | None

    def __str__(self) -> str:
        otherwise = "" if self.otherwise is None else f"{{{{else}}}}{self.otherwise}"
        return f"{{{{{self.word} {self.pipe}}}}}{self.body}{otherwise}{{{{end}}}}"


@dataclass(slots=True, eq=False)
class Jump(Node):
    """break or continue."""

    word: str

    def __str__(self) -> str:
        return f"{{{{{self.word}}}}}"


@dataclass(slots=True, eq=False)
class Call(Node):
    """The template action."""

    name: str
    pipe: Pipe | None

    def __str__(self) -> str:
        pipe = "" if self.pipe is None else f" {self.pipe}"
        return f"{{{{template {quote(self.name)}{pipe}}}}}"


@dataclass(slots=True, eq=False)
class Closing(Node):
    """end or else: only ever seen by the parser."""

    word: str

    def __str__(self) -> str:
        return f"{{{{{self.word}}}}}"


def is_empty(node: Node) -> bool:
    """Whether a definition holds nothing but white space, so that another may take its place."""
    if isinstance(node, Block):
        return all(map(is_empty, node.nodes))
    return isinstance(node, Text) and not node.text.strip()
