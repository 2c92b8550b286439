"""Wildcard patterns of keys and of % and !%: `*` is any text, `?` one character, `\\` takes the next as is.

Matching takes time proportional to text times the longest piece between two stars, whatever the pattern; Go's
recursive matcher gives up (no match) on patterns that take it too long, which this one answers.
"""

import re
from functools import lru_cache

from secretcore.gjson.work import Work

_NOT_UTF8 = re.compile("[\udc80-\udcff]")
_ANY = None
Piece = tuple[str | None, ...]


def matches(text: bytes, pattern: bytes, work: Work) -> bool:
    """Whether the whole text fits the pattern. As in Go, bytes that are not UTF-8 equal each other."""
    pieces = _pieces(pattern)
    if pieces is None:
        return False
    characters = _characters(text)
    work.spend(len(characters))
    first, last = pieces[0], pieces[-1]
    if len(pieces) == 1:
        return len(characters) == len(first) and _fits(first, characters, 0)
    end = len(characters) - len(last)
    if end < len(first) or not _fits(first, characters, 0) or not _fits(last, characters, end):
        return False
    i = len(first)
    for piece in pieces[1:-1]:
        i = _find(piece, characters, i, end, work)
        if i < 0:
            return False
        i += len(piece)
    return True


def _characters(text: bytes) -> str:
    if text.isascii():
        return text.decode("ascii")
    return _NOT_UTF8.sub("\ufffd", text.decode("utf-8", "surrogateescape"))


@lru_cache(maxsize=256)
def _pieces(pattern: bytes) -> list[Piece] | None:
    """What stands between the stars, None for `?`; no pieces at all for a pattern that nothing can match."""
    characters = iter(_characters(pattern))
    pieces: list[list[str | None]] = [[]]
    for character in characters:
        if character == "*":
            pieces.append([])
        elif character == "?":
            pieces[-1].append(_ANY)
        elif character == "\\":
            escaped = next(characters, None)
            if escaped is None and len(pieces) == 1:
                return None
            pieces[-1].append(escaped or "\\")  # after a star Go compares from the end, where a last \ is itself
        else:
            pieces[-1].append(character)
    return [tuple(piece) for piece in pieces]


def _fits(piece: Piece, text: str, i: int) -> bool:
    return all(wanted in (_ANY, text[i + k]) for k, wanted in enumerate(piece))


def _find(piece: Piece, text: str, start: int, end: int, work: Work) -> int:
    """Where the piece first fits between start and end, or -1."""
    if _ANY not in piece:
        work.spend(end - start)
        return text.find("".join(character or "" for character in piece), start, end)
    work.spend((end - start) * (1 + len(piece) // 2))
    match = _pattern(piece).search(text, start, end)
    return match.start() if match else -1


@lru_cache(maxsize=256)
def _pattern(piece: Piece) -> re.Pattern[str]:
    expression = "".join("." if character is _ANY else re.escape(character) for character in piece)
    return re.compile(expression, re.DOTALL)
