"""From tokens to nodes, by the grammar and with the error messages of text/template/parse.

Takes a template's name, text and delimiters and the names of the functions that there are; gives
`Definitions`, the blocks by template name, which the engine compiles.
"""

from collections.abc import Container
from dataclasses import dataclass, field

from secretcore.template import lexer
from secretcore.template.constants import constant
from secretcore.template.errors import TemplateError
from secretcore.template.lexer import KEYWORDS, Lexer, Token
from secretcore.template.nodes import (
    Action,
    Block,
    Bool,
    Branch,
    Call,
    Chain,
    Closing,
    Command,
    Dot,
    Field,
    Identifier,
    Jump,
    Nil,
    Node,
    Number,
    Pipe,
    String,
    Text,
    Variable,
    is_empty,
)
from secretcore.template.quoting import InvalidSyntaxError, quote, unquote

DEEPEST = 60
"""How deep parentheses and control structures may be nested; the compiled template recurses as deep."""

_OPERANDS = frozenset({
    lexer.BOOL, lexer.CHARACTER, lexer.COMPLEX, lexer.DOT, lexer.FIELD, lexer.IDENTIFIER, lexer.NUMBER,
    lexer.NIL, lexer.RAW_STRING, lexer.STRING, lexer.VARIABLE, lexer.OPEN,
})  # fmt: skip
_NUMBERS = frozenset({lexer.CHARACTER, lexer.COMPLEX, lexer.NUMBER})
_STRINGS = frozenset({lexer.STRING, lexer.RAW_STRING})


@dataclass(slots=True)
class Definitions:
    """The templates that one text defines, by name; the text's own is under the name that was given."""

    name: str
    text: str
    blocks: dict[str, Block] = field(default_factory=dict)


def parse(name: str, text: str, delimiters: tuple[str, str], functions: Container[str]) -> Definitions:
    """Parse a template. TemplateError with Go's text, of phase `parse`, if it is not well-formed."""
    words = frozenset(word for word in KEYWORDS if word not in ("break", "continue") or word not in functions)
    tokens = Lexer(text, *delimiters, words=words).tokens
    parser = _Parser(Definitions(name, text), tokens, functions)
    parser.parse()
    return parser.definitions


class _Parser:
    def __init__(self, definitions: Definitions, tokens: list[Token], functions: Container[str]) -> None:
        self.definitions = definitions
        self._tokens = tokens
        self._functions = functions
        self._at = 0
        self._furthest = 0
        self._action_line = 0
        self._nesting = 0
        self._ranges = 0
        self._variables = ["$"]

    # Tokens

    def _next(self) -> Token:
        at = self._at
        self._furthest = max(self._furthest, at)
        token = self._tokens[min(at, len(self._tokens) - 1)]
        self._at = at + 1
        return token

    def _peek(self) -> Token:
        token = self._next()
        self._at -= 1
        return token

    def _next_word(self) -> Token:
        token = self._next()
        return self._next() if token.kind == lexer.SPACE else token

    def _peek_word(self) -> Token:
        token = self._next_word()
        self._at -= 1
        return token

    def _expect(self, kind: int, context: str) -> Token:
        token = self._next_word()
        if token.kind != kind:
            raise self._unexpected(token, context)
        return token

    # Errors

    def _error(self, message: str) -> TemplateError:
        name = self.definitions.name
        line = self._tokens[min(self._furthest, len(self._tokens) - 1)].line
        text = f"template: {name}:{line}: {message}"
        return TemplateError(text, key=name, message=message, line=line, phase="parse")

    def _unexpected(self, token: Token, context: str) -> TemplateError:
        if token.kind != lexer.ERROR:
            return self._error(f"unexpected {token} in {context}")
        started = ""
        if self._action_line not in (0, token.line):
            started = f" in action started at {self.definitions.name}:{self._action_line}"
            if token.text.endswith(" action"):
                started = started.removeprefix(" in action")
        return self._error(f"{token}{started}")

    # Lists of nodes

    def parse(self) -> None:
        """The whole text, to its end."""
        root = Block(self._peek().position)
        while (token := self._peek()).kind != lexer.END:
            if token.kind == lexer.LEFT and self._defines():
                self._definition()
                continue
            node = self._text_or_action()
            if isinstance(node, Closing):
                raise self._error(f"unexpected {node}")
            root.nodes.append(node)
        self._add(self.definitions.name, root)

    def _defines(self) -> bool:
        """Whether a define comes next; if so, go past the word."""
        start = self._at
        self._next()
        word = self._next_word()
        if word.kind == lexer.KEYWORD and word.text == "define":
            return True
        self._at = start
        return False

    def _definition(self) -> None:
        context = "define clause"
        token = self._next_word()
        if token.kind not in _STRINGS:
            raise self._unexpected(token, context)
        name = self._unquoted(token)
        self._expect(lexer.RIGHT, context)
        self._separate(name, context)

    def _separate(self, name: str, context: str) -> None:
        """A template of its own, up to its end: it sees no variables and no loop from outside."""
        outside = self._variables, self._ranges, self._action_line
        self._variables, self._ranges, self._action_line = ["$"], 0, 0
        block, closing = self._list()
        if closing.word != "end":
            raise self._error(f"unexpected {closing} in {context}")
        self._add(name, block)
        self._variables, self._ranges, self._action_line = outside

    def _add(self, name: str, block: Block) -> None:
        known = self.definitions.blocks.get(name)
        if known is None or is_empty(known):
            self.definitions.blocks[name] = block
        elif not is_empty(block):
            raise self._error(f"template: multiple definition of template {quote(name)}")

    def _list(self) -> tuple[Block, Closing]:
        block = Block(self._peek_word().position)
        self._nesting += 1
        if self._nesting > DEEPEST:
            raise self._error(f"nested more than {DEEPEST} deep")
        while self._peek_word().kind != lexer.END:
            node = self._text_or_action()
            if isinstance(node, Closing):
                self._nesting -= 1
                return block, node
            block.nodes.append(node)
        raise self._error("unexpected EOF")

    def _text_or_action(self) -> Node:
        token = self._next_word()
        if token.kind == lexer.TEXT:
            return Text(token.position, token.text)
        if token.kind != lexer.LEFT:
            raise self._unexpected(token, "input")
        self._action_line = token.line
        node = self._action()
        self._action_line = 0
        return node

    # Actions

    def _action(self) -> Node:
        token = self._next_word()
        if token.kind == lexer.KEYWORD and token.text != "define":
            return self._keyword(token)
        self._at -= 1
        return Action(self._peek().position, self._pipeline("command", lexer.RIGHT))

    def _keyword(self, token: Token) -> Node:
        word = token.text
        if word in ("if", "with", "range"):
            return self._control(word)
        if word in ("break", "continue"):
            return self._jump(token)
        if word == "end":
            return Closing(self._expect(lexer.RIGHT, "end").position, "end")
        if word == "else":
            return self._else()
        return self._block() if word == "block" else self._template()

    def _jump(self, token: Token) -> Jump:
        shown = f"{{{{{token.text}}}}}"
        following = self._next_word()
        if following.kind != lexer.RIGHT:
            raise self._unexpected(following, shown)
        if not self._ranges:
            raise self._error(f"{shown} outside {{{{range}}}}")
        return Jump(token.position, token.text)

    def _else(self) -> Closing:
        following = self._peek_word()
        if following.kind == lexer.KEYWORD and following.text in ("if", "with"):
            return Closing(following.position, "else")
        return Closing(self._expect(lexer.RIGHT, "else").position, "else")

    def _control(self, word: str) -> Branch:
        known = len(self._variables)
        pipe = self._pipeline(word, lexer.RIGHT)
        self._ranges += word == "range"
        body, closing = self._list()
        self._ranges -= word == "range"
        otherwise = None
        if closing.word == "else":
            otherwise = self._otherwise(word, closing)
        del self._variables[known:]
        return Branch(pipe.position, word, pipe, body, otherwise)

    def _otherwise(self, word: str, closing: Closing) -> Block:
        following = self._peek()
        if following.kind == lexer.SPACE:
            following = self._peek_word()
        if word != "range" and following.kind == lexer.KEYWORD and following.text == word:
            self._next_word()
            return Block(closing.position, [self._control(word)])
        block, end = self._list()
        if end.word != "end":
            raise self._error(f"expected end; found {end}")
        return block

    def _block(self) -> Call:
        context = "block clause"
        token = self._next_word()
        name = self._template_name(token, context)
        pipe = self._pipeline(context, lexer.RIGHT)
        self._separate(name, context)
        return Call(token.position, name, pipe)

    def _template(self) -> Call:
        context = "template clause"
        token = self._next_word()
        name = self._template_name(token, context)
        pipe = None
        if self._next_word().kind != lexer.RIGHT:
            self._at -= 1
            pipe = self._pipeline(context, lexer.RIGHT)
        return Call(token.position, name, pipe)

    def _template_name(self, token: Token, context: str) -> str:
        if token.kind not in _STRINGS:
            raise self._unexpected(token, context)
        return self._unquoted(token)

    def _unquoted(self, token: Token) -> str:
        try:
            return unquote(token.text)
        except InvalidSyntaxError as error:
            raise self._error(str(error)) from None

    # Pipelines

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
        if token.kind != lexer.VARIABLE:
            return False
        start = self._at
        self._next_word()
        self._peek()
        following = self._next_word()
        comma = following.kind == lexer.CHAR and following.text == ","
        if following.kind not in (lexer.ASSIGN, lexer.DECLARE) and not comma:
            self._at = start
            return False
        pipe.declared.append(Variable(token.position, token.text))
        self._variables.append(token.text)
        if not comma:
            pipe.assigns = following.kind == lexer.ASSIGN
            return False
        if context != "range" or len(pipe.declared) > 1:
            raise self._error(f"too many declarations in {context}")
        if self._peek_word().kind not in (lexer.VARIABLE, lexer.RIGHT, lexer.CLOSE):
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
            if token.kind == lexer.SPACE:
                continue
            if token.kind in (lexer.RIGHT, lexer.CLOSE):
                self._at -= 1
            elif token.kind != lexer.PIPE:
                raise self._unexpected(token, "operand")
            break
        if not command.args:
            raise self._error("empty command")
        return command

    def _operand(self) -> Node | None:
        node = self._term()
        if node is None or self._peek().kind != lexer.FIELD:
            return node
        position = self._peek().position
        names: list[str] = []
        while self._peek().kind == lexer.FIELD:
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
        if kind == lexer.IDENTIFIER:
            if token.text not in self._functions:
                raise self._error(f"function {quote(token.text)} not defined")
            return Identifier(token.position, token.text)
        if kind == lexer.FIELD:
            return Field(token.position, (token.text[1:],))
        if kind == lexer.VARIABLE:
            return self._variable(token)
        if kind == lexer.OPEN:
            return self._parenthesis()
        if kind in _STRINGS:
            return String(token.position, token.text, self._unquoted(token))
        if kind in _NUMBERS:
            return self._number(token)
        if kind in (lexer.DOT, lexer.NIL):
            return (Dot if kind == lexer.DOT else Nil)(token.position)
        if kind == lexer.BOOL:
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
        pipe = self._pipeline("parenthesized pipeline", lexer.CLOSE)
        self._nesting -= 1
        return pipe

    def _number(self, token: Token) -> Node:
        try:
            return constant(token.position, token.text, token.kind)
        except ValueError as error:
            raise self._error(str(error)) from None
