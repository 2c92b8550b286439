"""What a template's text is cut into: `lexer` makes tokens, `cursor` hands them to the parser."""

from typing import NamedTuple

from secretcore.template.quoting import quote
from secretcore.template.values import go_len

TEXT, LEFT, RIGHT, SPACE, IDENTIFIER, FIELD, VARIABLE, DOT, KEYWORD, BOOL, NIL = range(11)
STRING, RAW_STRING, CHARACTER, NUMBER, COMPLEX, PIPE, ASSIGN, DECLARE, OPEN, CLOSE, CHAR, END, ERROR = range(11, 24)
"""Kinds of token. A KEYWORD is told by its text, ERROR's text is the message."""

KEYWORDS = frozenset({"block", "break", "continue", "define", "else", "end", "if", "range", "template", "with"})


class Token(NamedTuple):
    """One token: its kind, where it begins, its text and its line."""

    kind: int
    position: int
    text: str
    line: int

    def __str__(self) -> str:
        if self.kind == END:
            return "EOF"
        if self.kind == ERROR:
            return self.text
        if self.kind in (KEYWORD, DOT, NIL):
            return f"<{self.text}>"
        if go_len(self.text) > 10:
            return quote(self.text[:10]) + "..."
        return quote(self.text)
