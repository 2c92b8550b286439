"""Cuts a template's text into tokens, as text/template/parse does.

Takes the text and the delimiters, gives the list of tokens that `parser` reads; the last one is END or
ERROR. Trim markers and comments are dealt with here, nothing later sees them. Positions are indices into
the Python string.
"""

import re
import unicodedata

from secretcore.template import tokens
from secretcore.template.errors import BudgetError
from secretcore.template.quoting import quote, rune, unicode_notation
from secretcore.template.tokens import KEYWORDS, Token

MOST_TOKENS = 6_000
"""A longer template is refused: parsing runs on the event loop too, some 8 microseconds a token."""

_SPACES = " \t\r\n"
_SPACE_RUN = re.compile(r"[ \t\r\n]+")
_WORD = re.compile(r"\w*")
_QUOTED = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"', re.DOTALL)
_QUOTED_CHARACTER = re.compile(r"'(?:[^'\\\n]|\\[^\n])*'", re.DOTALL)
_NUMBER = re.compile(
    r"[+-]?(?:"
    r"0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?"
    r"|0[oO][0-7_]*(?:\.[0-7_]*)?"
    r"|0[bB][01_]*(?:\.[01_]*)?"
    r"|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?"
    r")i?"
)
_SINGLE = {"|": tokens.PIPE, "=": tokens.ASSIGN}


class _StopError(Exception):
    """Lexing ends here with this message."""


class Lexer:
    """One run over one text; `tokens` is its result."""

    def __init__(self, source: str, left: str, right: str, *, words: frozenset[str] = KEYWORDS) -> None:
        self._source = source
        self._left = left
        self._right = right
        self._words = words
        self._position = 0
        self._line = 1
        self._depth = 0
        self.tokens: list[Token] = []
        self._run()

    def _run(self) -> None:
        try:
            self._text()
        except _StopError as stop:
            self.tokens.append(Token(tokens.ERROR, self._position, str(stop), self._line))

    def _emit(self, kind: int, end: int) -> None:
        """Make a token of what lies between the position and `end`, and go there."""
        start = self._position
        chunk = self._source[start:end]
        self.tokens.append(Token(kind, start, chunk, self._line))
        self._position = end
        if kind in _MULTILINE:
            self._line += chunk.count("\n")

    def _skip(self, end: int) -> None:
        self._line += self._source.count("\n", self._position, end)
        self._position = end

    def _text(self) -> None:
        source = self._source
        while True:
            found = source.find(self._left, self._position)
            if found < 0:
                break
            if found > self._position:
                self._text_before(found)
            self._left_delimiter()
        if self._position < len(source):
            self._emit(tokens.TEXT, len(source))
        self._emit(tokens.END, len(source))

    def _text_before(self, found: int) -> None:
        end = found
        if _has_left_marker(self._source, found + len(self._left)):
            end = self._position + len(self._source[self._position : found].rstrip(_SPACES))
        if end > self._position:
            self._emit(tokens.TEXT, end)
        self._skip(found)

    def _left_delimiter(self) -> None:
        inside = self._position + len(self._left)
        start = inside + 2 if _has_left_marker(self._source, inside) else inside
        if self._source.startswith("/*", start):
            self._skip(start)
            self._comment()
            return
        self._emit(tokens.LEFT, inside)
        self._skip(start)
        self._depth = 0
        while self._token():
            if len(self.tokens) > MOST_TOKENS:
                raise BudgetError(f"a template of more than {MOST_TOKENS} tokens")

    def _comment(self) -> None:
        found = self._source.find("*/", self._position + 2)
        if found < 0:
            raise _StopError("unclosed comment")
        end = self._right_delimiter_end(found + 2)
        if end < 0:
            raise _StopError("comment ends before closing delimiter")
        self._skip(end)

    def _right_delimiter_end(self, position: int) -> int:
        """Where the text goes on if there is a right delimiter at the position, spaces trimmed; -1 if there
        is none.
        """
        if self._source.startswith(self._right, position):
            return position + len(self._right)
        if not self._trims_right(position):
            return -1
        end = position + 2 + len(self._right)
        spaces = _SPACE_RUN.match(self._source, end)
        return spaces.end() if spaces else end

    def _trims_right(self, position: int) -> bool:
        source = self._source
        return (
            source[position : position + 1] in _SPACES
            and source.startswith("-", position + 1)
            and source.startswith(self._right, position + 2)
        )

    def _right_delimiter(self, position: int) -> None:
        if self._depth:
            raise _StopError("unclosed left paren")
        trims = self._trims_right(position)
        if trims:
            self._skip(position + 2)
        self._emit(tokens.RIGHT, self._position + len(self._right))
        if trims and (spaces := _SPACE_RUN.match(self._source, self._position)):
            self._skip(spaces.end())

    def _token(self) -> bool:
        """Read one token inside an action; False once the action is closed."""
        source, position = self._source, self._position
        if source.startswith(self._right, position) or self._trims_right(position):
            self._right_delimiter(position)
            return False
        if position >= len(source):
            raise _StopError("unclosed action")
        character = source[position]
        if character in _SPACES:
            return self._space(position)
        if character in _SINGLE:
            self._emit(_SINGLE[character], position + 1)
        elif character.isascii() and (character.isalpha() or character == "_"):
            self._identifier(position)
        elif character in _READERS:
            getattr(self, _READERS[character])(position)
        elif _is_alphanumeric(character):
            self._identifier(position)
        elif character.isascii() and character.isprintable():
            self._emit(tokens.CHAR, position + 1)
        else:
            raise _StopError(f"unrecognized character in action: {unicode_notation(rune(character))}")
        return True

    def _space(self, position: int) -> bool:
        run = _SPACE_RUN.match(self._source, position)
        end = run.end() if run else position
        if self._trims_right(end - 1):
            end -= 1
        self._emit(tokens.SPACE, end)
        return True

    def _word_end(self, position: int) -> int:
        """Where the run of letters, digits and underscores that begins here ends."""
        run = _WORD.match(self._source, position)
        word = run[0] if run else ""
        odd = [character for character in set(word) if not _is_alphanumeric(character)]
        if odd:
            word = word[: min(map(word.index, odd))]
        return position + len(word)

    def _terminated(self, end: int) -> None:
        """Check that a word may end here."""
        following = self._source[end : end + 1]
        if following in _TERMINATORS or self._source.startswith(self._right, end):
            return
        raise _StopError(f"bad character {unicode_notation(rune(following))}")

    def _identifier(self, position: int) -> None:
        end = self._word_end(position)
        self._terminated(end)
        word = self._source[position:end]
        if word in self._words:
            self._emit(tokens.KEYWORD, end)
        else:
            self._emit(_CONSTANT_WORDS.get(word, tokens.IDENTIFIER), end)

    def _dot(self, position: int) -> None:
        following = self._source[position + 1 : position + 2]
        if following in "0123456789":  # a dot at the very end is a malformed number, too
            self._number(position)
            return
        end = self._word_end(position + 1)
        self._terminated(end)
        self._emit(tokens.FIELD if end > position + 1 else tokens.DOT, end)

    def _variable(self, position: int) -> None:
        end = self._word_end(position + 1)
        self._terminated(end)
        self._emit(tokens.VARIABLE, end)

    def _number(self, position: int) -> None:
        end = self._number_end(position)
        kind = tokens.NUMBER
        if self._source[end : end + 1] in ("+", "-"):
            end = self._number_end(end)
            if self._source[end - 1] != "i":
                raise _StopError(f"bad number syntax: {quote(self._source[position:end])}")
            kind = tokens.COMPLEX
        self._emit(kind, end)

    def _number_end(self, position: int) -> int:
        matched = _NUMBER.match(self._source, position)
        end = matched.end() if matched else position
        if end < len(self._source) and _is_alphanumeric(self._source[end]):
            raise _StopError(f"bad number syntax: {quote(self._source[self._position : end + 1])}")
        return end

    def _quoted(self, position: int) -> None:
        matched = _QUOTED.match(self._source, position)
        if not matched:
            raise _StopError("unterminated quoted string")
        self._emit(tokens.STRING, matched.end())

    def _raw_quoted(self, position: int) -> None:
        found = self._source.find("`", position + 1)
        if found < 0:
            raise _StopError("unterminated raw quoted string")
        self._emit(tokens.RAW_STRING, found + 1)

    def _quoted_character(self, position: int) -> None:
        matched = _QUOTED_CHARACTER.match(self._source, position)
        if not matched:
            raise _StopError("unterminated character constant")
        self._emit(tokens.CHARACTER, matched.end())

    def _open(self, position: int) -> None:
        self._emit(tokens.OPEN, position + 1)
        self._depth += 1

    def _close(self, position: int) -> None:
        self._depth -= 1
        if self._depth < 0:
            raise _StopError("unexpected right paren")
        self._emit(tokens.CLOSE, position + 1)

    def _declare(self, position: int) -> None:
        if not self._source.startswith("=", position + 1):
            raise _StopError("expected :=")
        self._emit(tokens.DECLARE, position + 2)


_MULTILINE = frozenset({tokens.TEXT, tokens.SPACE, tokens.RAW_STRING, tokens.LEFT, tokens.RIGHT})
_CONSTANT_WORDS = {"true": tokens.BOOL, "false": tokens.BOOL, "nil": tokens.NIL}
_TERMINATORS = ("", " ", "\t", "\r", "\n", ".", ",", "|", ":", ")", "(")
_READERS = {
    ".": "_dot", "$": "_variable", '"': "_quoted", "`": "_raw_quoted", "'": "_quoted_character",
    "(": "_open", ")": "_close", ":": "_declare", **dict.fromkeys("+-0123456789", "_number"),
}  # fmt: skip


def _has_left_marker(source: str, position: int) -> bool:
    return source.startswith("-", position) and source[position + 1 : position + 2] in (" ", "\t", "\r", "\n")


def _is_alphanumeric(character: str) -> bool:
    if character.isascii():
        return character.isalnum() or character == "_"
    return unicodedata.category(character) in ("Lu", "Ll", "Lt", "Lm", "Lo", "Nd")
