"""The parser's place among the tokens, and its errors.

`pipelines` and `parser` build on it: both look ahead by as much as they like, and an error is at the line
of the furthest token that anyone looked at, as in Go.
"""

from collections.abc import Container

from secretcore.template import tokens
from secretcore.template.errors import TemplateError
from secretcore.template.quoting import InvalidSyntaxError, unquote
from secretcore.template.tokens import Token

DEEPEST = 60
"""How deep parentheses and control structures may be nested; the compiled template recurses as deep."""


class Cursor:
    """Tokens of the template of this name, read one by one; the last is END or ERROR and may be read
    again.
    """

    def __init__(self, name: str, read: list[Token], functions: Container[str]) -> None:
        self._name = name
        self._tokens = read
        self._functions = functions
        self._at = 0
        self._furthest = 0
        self._action_line = 0
        self._nesting = 0
        self._ranges = 0
        self._variables = ["$"]

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
        return self._next() if token.kind == tokens.SPACE else token

    def _peek_word(self) -> Token:
        token = self._next_word()
        self._at -= 1
        return token

    def _expect(self, kind: int, context: str) -> Token:
        token = self._next_word()
        if token.kind != kind:
            raise self._unexpected(token, context)
        return token

    def _error(self, message: str) -> TemplateError:
        name = self._name
        line = self._tokens[min(self._furthest, len(self._tokens) - 1)].line
        text = f"template: {name}:{line}: {message}"
        return TemplateError(text, key=name, message=message, line=line, phase="parse")

    def _unexpected(self, token: Token, context: str) -> TemplateError:
        if token.kind != tokens.ERROR:
            return self._error(f"unexpected {token} in {context}")
        started = ""
        if self._action_line not in (0, token.line):
            started = f" in action started at {self._name}:{self._action_line}"
            if token.text.endswith(" action"):
                started = started.removeprefix(" in action")
        return self._error(f"{token}{started}")

    def _unquoted(self, token: Token) -> str:
        try:
            return unquote(token.text)
        except InvalidSyntaxError as error:
            raise self._error(str(error)) from None
