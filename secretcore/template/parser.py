"""From tokens to nodes, by the grammar and with the error messages of text/template/parse.

Takes a template's name, text and delimiters and the names of the functions that there are; gives
`Definitions`, the blocks by template name, which the engine compiles.
"""

from collections.abc import Container
from dataclasses import dataclass, field

from secretcore.template import tokens
from secretcore.template.cursor import DEEPEST
from secretcore.template.lexer import Lexer
from secretcore.template.nodes import (
    Action,
    Block,
    Branch,
    Call,
    Closing,
    Jump,
    Node,
    Text,
    is_empty,
)
from secretcore.template.pipelines import STRINGS, PipelineParser
from secretcore.template.quoting import quote
from secretcore.template.tokens import KEYWORDS, Token


@dataclass(slots=True)
class Definitions:
    """The templates that one text defines, by name; the text's own is under the name that was given."""

    name: str
    text: str
    blocks: dict[str, Block] = field(default_factory=dict)


def parse(name: str, text: str, delimiters: tuple[str, str], functions: Container[str]) -> Definitions:
    """Parse a template. TemplateError with Go's text, of phase `parse`, if it is not well-formed."""
    words = frozenset(word for word in KEYWORDS if word not in ("break", "continue") or word not in functions)
    parser = _Parser(Definitions(name, text), Lexer(text, *delimiters, words=words).tokens, functions)
    parser.parse()
    return parser.definitions


class _Parser(PipelineParser):
    """Reads a whole template."""

    def __init__(self, definitions: Definitions, read: list[Token], functions: Container[str]) -> None:
        super().__init__(definitions.name, read, functions)
        self.definitions = definitions

    # Lists of nodes

    def parse(self) -> None:
        """The whole text, to its end."""
        root = Block(self._peek().position)
        while (token := self._peek()).kind != tokens.END:
            if token.kind == tokens.LEFT and self._defines():
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
        if word.kind == tokens.KEYWORD and word.text == "define":
            return True
        self._at = start
        return False

    def _definition(self) -> None:
        context = "define clause"
        token = self._next_word()
        if token.kind not in STRINGS:
            raise self._unexpected(token, context)
        name = self._unquoted(token)
        self._expect(tokens.RIGHT, context)
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
        while self._peek_word().kind != tokens.END:
            node = self._text_or_action()
            if isinstance(node, Closing):
                self._nesting -= 1
                return block, node
            block.nodes.append(node)
        raise self._error("unexpected EOF")

    def _text_or_action(self) -> Node:
        token = self._next_word()
        if token.kind == tokens.TEXT:
            return Text(token.position, token.text)
        if token.kind != tokens.LEFT:
            raise self._unexpected(token, "input")
        self._action_line = token.line
        node = self._action()
        self._action_line = 0
        return node

    # Actions

    def _action(self) -> Node:
        token = self._next_word()
        if token.kind == tokens.KEYWORD and token.text != "define":
            return self._keyword(token)
        self._at -= 1
        return Action(self._peek().position, self._pipeline("command", tokens.RIGHT))

    def _keyword(self, token: Token) -> Node:
        word = token.text
        if word in ("if", "with", "range"):
            return self._control(word)
        if word in ("break", "continue"):
            return self._jump(token)
        if word == "end":
            return Closing(self._expect(tokens.RIGHT, "end").position, "end")
        if word == "else":
            return self._else()
        return self._block() if word == "block" else self._template()

    def _jump(self, token: Token) -> Jump:
        shown = f"{{{{{token.text}}}}}"
        following = self._next_word()
        if following.kind != tokens.RIGHT:
            raise self._unexpected(following, shown)
        if not self._ranges:
            raise self._error(f"{shown} outside {{{{range}}}}")
        return Jump(token.position, token.text)

    def _else(self) -> Closing:
        following = self._peek_word()
        if following.kind == tokens.KEYWORD and following.text in ("if", "with"):
            return Closing(following.position, "else")
        return Closing(self._expect(tokens.RIGHT, "else").position, "else")

    def _control(self, word: str) -> Branch:
        known = len(self._variables)
        pipe = self._pipeline(word, tokens.RIGHT)
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
        if following.kind == tokens.SPACE:
            following = self._peek_word()
        if word != "range" and following.kind == tokens.KEYWORD and following.text == word:
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
        pipe = self._pipeline(context, tokens.RIGHT)
        self._separate(name, context)
        return Call(token.position, name, pipe)

    def _template(self) -> Call:
        context = "template clause"
        token = self._next_word()
        name = self._template_name(token, context)
        pipe = None
        if self._next_word().kind != tokens.RIGHT:
            self._at -= 1
            pipe = self._pipeline(context, tokens.RIGHT)
        return Call(token.position, name, pipe)

    def _template_name(self, token: Token, context: str) -> str:
        if token.kind not in STRINGS:
            raise self._unexpected(token, context)
        return self._unquoted(token)
