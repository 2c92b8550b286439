"""Evaluating a path: down the document component by component, and on from pipe to pipe.

`get` is what the package offers. A `Search` walks one document for one path, in one pass and from left to
right; modifiers, multipaths and queries come back to `evaluate` for their own parts.
"""

import re

from secretcore.gjson import multipath
from secretcore.gjson.elements import ElementScan
from secretcore.gjson.modifiers import modify, static
from secretcore.gjson.path import key_part
from secretcore.gjson.scan import BRACE, BRACKET, EASY_MEMBERS, VALUE_START, parse, value_at, value_of
from secretcore.gjson.strings import unescape
from secretcore.gjson.value import NOTHING, Result, Type, Value
from secretcore.gjson.wildcard import matches
from secretcore.gjson.work import LOOKUP, MAX_PATH, STEP, RefusedError, Work, check_depth

_MEMBER = re.compile(rb'[^"}]*+"((?:[^"\\]++|\\.)*+)"[^%b]*+' % VALUE_START, re.DOTALL)
_CONTAINER = re.compile(rb"[{\[]")
_NOT_BYTES = re.compile("[\ud800-\udc7f\udd00-\udfff]")

_WINDOW = 4096  # bytes searched for the key at a time: after a small object there may be a long text


def get(document: str, path: str) -> Result:
    """What `path` finds in the JSON text `document`.

    Never raises: on an invalid document the answer is what can be found in it, and where document and path
    together ask for too much work nothing is found and the result says `refused`.
    """
    if len(path) > MAX_PATH:
        return Result(Type.NULL, "", "", refused=True)
    try:
        found = evaluate(Work(evaluate), _encode(document), _encode(path))
    except (RefusedError, RecursionError):
        return Result(Type.NULL, "", "", refused=True)
    raw = found.raw.decode("utf-8", "surrogateescape")
    return Result(found.type, raw, found.text().decode("utf-8", "surrogateescape"))


def _encode(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a surrogate pair, which no bytes decode to
        return _NOT_BYTES.sub("\ufffd", text).encode("utf-8", "surrogateescape")


def evaluate(work: Work, document: bytes, path: bytes) -> Value:
    while True:
        work.spend(LOOKUP + len(document) + len(path))
        made: bytes | None = None
        rest = path
        if len(path) < 2:
            pass
        elif path.startswith((b"@", b"!")):
            made, rest = modify(document, path, work) if path.startswith(b"@") else static(path, work)
            if made is not None and not rest.startswith((b"|", b".")):
                return parse(made, work)
        elif path.startswith((b"[", b"{")):
            made, rest = multipath.assemble(document, path, work)
            if made is not None and not rest:
                return Value(Type.JSON, made)
        if made is None:
            search = Search(work, document)
            search.run(rest)
            if search.pipe is None:
                return search.found
            document, path = search.found.raw, search.pipe
        else:
            document, path = made, rest[1:]


class Search:
    """One pass over a document. It leaves `found` and `pipe`, and so may a branch that failed."""

    __slots__ = ("found", "pipe", "text", "work")

    def __init__(self, work: Work, text: bytes) -> None:
        self.work = work
        self.text = text
        self.found = NOTHING
        self.pipe: bytes | None = None

    def run(self, path: bytes) -> None:
        if path.startswith(b".."):
            self.elements(0, path[2:], 0)
        elif start := _CONTAINER.search(self.text):
            self.descend(start.start(), path, 0)

    def descend(self, i: int, path: bytes, depth: int) -> tuple[int, bool]:
        """Search the container that opens at i. Returns where to go on, and if the path found its end."""
        check_depth(depth)
        if self.text[i] == BRACE:
            return self.members(i + 1, path, depth)
        return self.elements(i + 1, path, depth)

    def hit(self, kind: Type, start: int, end: int) -> None:
        if kind is Type.NULL:
            kind = self.found.type  # null leaves the type that a failed branch has left, as in Go
        self.found = value_of(kind, self.text[start:end])

    def members(self, i: int, path: bytes, depth: int) -> tuple[int, bool]:
        part, text = key_part(path), self.text
        if part.pipe is not None:
            self.pipe = part.pipe
        skip = None if part.wild else _Skip(text, part.key)
        while member := _MEMBER.match(text, skip.over(i) if skip else i):
            self.work.spend(STEP)
            i = member.end()
            if i >= len(text):
                return i, False
            wanted = self._is(member[1], part.key, part.wild)
            if wanted and part.rest is not None and text[i] in (BRACE, BRACKET):
                i, done = self.descend(i, part.rest, depth + 1)
                if done:
                    return i, True
                continue
            kind, end = value_at(text, i, self.work)
            if end < 0:
                return len(text), False
            if wanted and part.rest is None:
                self.hit(kind, i, end)
                return end, True
            i = end
        return self._object_end(skip.over(i) if skip else i), False

    def _is(self, key: bytes, wanted: bytes, wild: bool) -> bool:
        if b"\\" in key:
            key = unescape(key)
        return matches(key, wanted, self.work) if wild else key == wanted

    def _object_end(self, i: int) -> int:
        """After the brace that is next; after the text where a string begins first that never ends."""
        brace, quote = self.text.find(b"}", i), self.text.find(b'"', i)
        return brace + 1 if brace >= 0 and not 0 <= quote < brace else len(self.text)

    def elements(self, i: int, path: bytes, depth: int) -> tuple[int, bool]:
        scan = ElementScan(self, path, depth)
        return scan.run(i)


class _Skip:
    """Passes over members that can't be the one looked for, many at a time.

    Only text before the next occurrence of the quoted key, and only members whose key has no escapes.
    """

    __slots__ = ("key", "stop", "text")

    def __init__(self, text: bytes, key: bytes) -> None:
        self.text = text
        self.key = b'"%b"' % key
        self.stop = -1

    def over(self, i: int) -> int:
        """The position after the members at i that are passed over."""
        while True:
            if self.stop <= i:
                window = i + _WINDOW
                found = self.text.find(self.key, i, window + len(self.key))
                self.stop = found if found >= 0 else window
            match = EASY_MEMBERS.match(self.text, i, self.stop)
            if match is None or match.end() <= i:
                return i
            i = match.end()
