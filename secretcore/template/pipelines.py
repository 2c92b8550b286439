"""Pipelines, commands and operands, parsed: what stands between the delimiters of an action.

`parser` reads the actions themselves.
"""

from secretcore.template import tokens
from secretcore.template.constants import constant
from secretcore.template.cursor import DEEPEST, Cursor
from secretcore.template.nodes import (
    Bool,
    Chain,
    Command,
    Dot,
    Field,
    Identifier,
    Nil,
    Node,
    Number,
    Pipe,
    String,
    Variable,
)
from secretcore.template.quoting import quote
from secretcore.template.tokens import Token

_OPERANDS = frozenset({
    tokens.BOOL, tokens.CHARACTER, tokens.COMPLEX, tokens.DOT, tokens.FIELD, tokens.IDENTIFIER, tokens.NUMBER,
    tokens.NIL, tokens.RAW_STRING, tokens.STRING, tokens.VARIABLE, tokens.OPEN,
})  # fmt: skip
_NUMBERS = frozenset({tokens.CHARACTER, tokens.COMPLEX, tokens.NUMBER})
STRINGS = frozenset({tokens.STRING, tokens.RAW_STRING})


class PipelineParser(Cursor):
    """Reads pipelines; knows which variables there are."""

    def _pipeline(self, context: str, end: int) -> Pipe:
        pipe = Pipe(self._peek_word().position)
        while self._declaration(pipe, context):
            pass
        while (token := self._next_word()).kind != end:
            if token.kind not in _OPERANDS:
                raise self._unexpected(token, context)
            self._at -= 1
            pipe.commands.append(self._command())
        self._check(pipe, context)
        return pipe

    def _declaration(self, pipe: Pipe, context: str) -> bool:
        """Read `$x :=`, `$x =` or `$x,` if it is there; True if another may follow."""
        token = self._peek_word()
        if token.kind != tokens.VARIABLE:
            return False
        start = self._at
        self._next_word()
        self._peek()
        following = self._next_word()
        comma = following.kind == tokens.CHAR and following.text == ","
        if following.kind not in (tokens.ASSIGN, tokens.DECLARE) and not comma:
            self._at = start
            return False
        pipe.declared.append(Variable(token.position, token.text))
        self._variables.append(token.text)
        if not comma:
            pipe.assigns = following.kind == tokens.ASSIGN
            return False
        if context != "range" or len(pipe.declared) > 1:
            raise self._error(f"too many declarations in {context}")
        if self._peek_word().kind not in (tokens.VARIABLE, tokens.RIGHT, tokens.CLOSE):
            raise self._error("range can only initialize variables")
        return True

    def _check(self, pipe: Pipe, context: str) -> None:
        if not pipe.commands:
            raise self._error(f"missing value for {context}")
        for stage, command in enumerate(pipe.commands[1:], 2):
            if isinstance(command.args[0], Bool | Dot | Nil | Number | String):
                raise self._error(f"non executable command in pipeline stage {stage}")

    def _command(self) -> Command:
        command = Command(self._peek_word().position)
        while True:
            self._peek_word()
            operand = self._operand()
            if operand is not None:
                command.args.append(operand)
            token = self._next()
            if token.kind == tokens.SPACE:
                continue
            if token.kind in (tokens.RIGHT, tokens.CLOSE):
                self._at -= 1
            elif token.kind != tokens.PIPE:
                raise self._unexpected(token, "operand")
            break
        if not command.args:
            raise self._error("empty command")
        return command

    def _operand(self) -> Node | None:
        node = self._term()
        if node is None or self._peek().kind != tokens.FIELD:
            return node
        position = self._peek().position
        names: list[str] = []
        while self._peek().kind == tokens.FIELD:
            names.append(self._next().text[1:])
        if isinstance(node, Field):
            return Field(position, (*node.fields, *names))
        if isinstance(node, Variable):
            return Variable(position, node.name, (*node.fields, *names))
        if isinstance(node, Identifier | Pipe):
            return Chain(position, node, tuple(names))
        raise self._error(f"unexpected . after term {quote(str(node))}")

    def _term(self) -> Node | None:
        token = self._next_word()
        kind = token.kind
        if kind == tokens.IDENTIFIER:
            if token.text not in self._functions:
                raise self._error(f"function {quote(token.text)} not defined")
            return Identifier(token.position, token.text)
        if kind == tokens.FIELD:
            return Field(token.position, (token.text[1:],))
        if kind == tokens.VARIABLE:
            return self._variable(token)
        if kind == tokens.OPEN:
            return self._parenthesis()
        if kind in STRINGS:
            return String(token.position, token.text, self._unquoted(token))
        if kind in _NUMBERS:
            return self._number(token)
        if kind in (tokens.DOT, tokens.NIL):
            return (Dot if kind == tokens.DOT else Nil)(token.position)
        if kind == tokens.BOOL:
            return Bool(token.position, token.text == "true")
        self._at -= 1
        return None

    def _variable(self, token: Token) -> Variable:
        if token.text not in self._variables:
            raise self._error(f"undefined variable {quote(token.text)}")
        return Variable(token.position, token.text)

    def _parenthesis(self) -> Pipe:
        self._nesting += 1
        if self._nesting > DEEPEST:
            raise self._error("max expression depth exceeded")
        pipe = self._pipeline("parenthesized pipeline", tokens.CLOSE)
        self._nesting -= 1
        return pipe

    def _number(self, token: Token) -> Node:
        try:
            return constant(token.position, token.text, token.kind)
        except ValueError as error:
            raise self._error(str(error)) from None
