"""Taking paths apart: components of keys, of array elements, and where a `|` hands the result on.

Input is the path as bytes, the rest of the path still to evaluate each time; `lookup` follows what comes out.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from secretcore.gjson.query import Query, parse_query
from secretcore.gjson.scan import squashed
from secretcore.gjson.work import Work

MODIFIERS = frozenset(b"pretty ugly reverse this flatten join valid keys values tostr fromstr group dig".split())

_MODIFIER_NAME = re.compile(rb"@([^.|:]*+)")
_SPECIAL = re.compile(r"[!-,./;-@\[-^`{-~]")
_STAR, _QUESTION, _BACKSLASH, _DOT, _PIPE, _HASH = b"*?\\.|#"


def escape(component: str) -> str:
    """A path component that finds exactly this key, whatever characters it has. An empty key stays empty."""
    return _SPECIAL.sub(r"\\\g<0>", component)


class KeyPart(NamedTuple):
    """A component looked up in an object."""

    key: bytes
    wild: bool
    rest: bytes | None  # what to look up in the member's value; None: the value is meant
    pipe: bytes | None  # what to look up in the result of all before it


class ElementPart(NamedTuple):
    """A component looked up in an array: a position, `#`, `#.path` or `#(query)`."""

    position: int | None
    counts: bool  # `#`: how many elements, or `each` in all of them
    each: bytes | None
    query: Query | None
    rest: bytes | None
    pipe: bytes | None


@lru_cache(maxsize=256)
def key_part(path: bytes) -> KeyPart:
    """The first component, as a key. Its escapes are gone: an escaped star beside a bare one is wild."""
    key, wild, i = bytearray(), False, 0
    while i < len(path):
        character = path[i]
        if character == _PIPE:
            return KeyPart(bytes(key), wild, None, path[i + 1 :])
        if character == _DOT:
            rest, pipe = _after_dot(path, i)
            return KeyPart(bytes(key), wild, rest, pipe)
        if character == _BACKSLASH:
            i += 1
        elif character in (_STAR, _QUESTION):
            wild = True
        key += path[i : i + 1]
        i += 1
    return KeyPart(bytes(key), wild, None, None)


def _after_dot(path: bytes, i: int) -> tuple[bytes | None, bytes | None]:
    """The path after the dot at i: a rest or, where it begins with a modifier or multipath, a pipe."""
    rest = path[i + 1 :]
    modifier = _MODIFIER_NAME.match(rest)
    if rest[:1] in (b"[", b"{") or (modifier and modifier[1] in MODIFIERS):
        return None, rest
    return rest, None


@lru_cache(maxsize=256)
def element_part(path: bytes) -> ElementPart:
    """The first component of the path, as one of an array."""
    query = each = None
    start = 0
    hashed = path.startswith(b"#")
    if path.startswith(b"#."):
        each = path[2:]
    elif path.startswith((b"#(", b"#[")):
        query, start = parse_query(path)
    ends = [i for i in (path.find(b".", start), path.find(b"|", start)) if i >= 0]
    end = min(ends, default=len(path))
    hashed = hashed or b"#" in path[:end]
    rest = pipe = None
    if path[end : end + 1] == b"|":
        pipe = path[end + 1 :]
    elif end < len(path):
        rest, pipe = (path[end + 1 :], None) if hashed else _after_dot(path, end)
    part = path[:end]
    digits = part.lstrip(b"0")[:20]  # no array is longer
    position = int(digits or b"0") if not hashed and part.isdigit() else None
    return ElementPart(position, part == b"#", each, query, rest, pipe)


def split_pipe(path: bytes, work: Work) -> tuple[bytes, bytes | None]:
    """The path up to its first `|` outside of queries, and what is after it: None if there is none."""
    if b"|" not in path:
        return path, None
    if path.startswith(b"{"):
        end = 1 + len(squashed(path[1:], work))
        return (path[:end], path[end + 1 :]) if path[end : end + 1] == b"|" else (path, None)
    i = 0
    while i < len(path):
        if path[i] == _BACKSLASH:
            i += 1
        elif path[i] == _DOT:
            if path[i + 1 : i + 2] == b"#":
                i = _query_end(path, i + 2)
            elif i + 1 == len(path):
                return path, None
        elif path[i] == _PIPE:
            return path[:i], path[i + 1 :]
        i += 1
    return path, None


def _query_end(path: bytes, i: int) -> int:
    """Where the query that opens at i closes; i itself where none does open there."""
    opening = path[i : i + 1]
    if opening not in (b"[", b"("):
        return i
    closing = b"]" if opening == b"[" else b")"
    token = re.compile(rb'\\.|"(?:[^"\\]|\\.)*+"?|[%b]' % re.escape(opening + closing), re.DOTALL)
    depth = 0
    for match in token.finditer(path, i):
        depth += (match[0] == opening) - (match[0] == closing)
        if not depth:
            return match.start()
    return len(path)
