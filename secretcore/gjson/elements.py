"""Arrays: the component of a path that picks an index, counts, maps over all elements or queries them.

`lookup.Search` starts one `ElementScan` for each array it comes to and reads on where that one stopped.
"""

import math
import re
from typing import Protocol

from secretcore.gjson.path import ElementPart, element_part, split_pipe
from secretcore.gjson.query import Query, satisfies
from secretcore.gjson.scan import (
    BRACE,
    BRACKET,
    CLOSE_BRACKET,
    EASY_ELEMENTS,
    VALUE_START,
    next_value,
    value_at,
    value_of,
)
from secretcore.gjson.value import Type, Value
from secretcore.gjson.work import MEMBER, STEP, Work

_TO_ELEMENT = re.compile(rb"[^%b\]]*+" % VALUE_START)
_BLANKS = re.compile(rb"[ \t\r\n]*+")


class Searching(Protocol):
    """The search under way: where results go, and how to go deeper."""

    work: Work
    text: bytes
    found: Value
    pipe: bytes | None

    def hit(self, kind: Type, start: int, end: int) -> None: ...
    def descend(self, i: int, path: bytes, depth: int) -> tuple[int, bool]: ...


class ElementScan:
    """One component, met by one array."""

    __slots__ = ("depth", "part", "rest", "search")

    def __init__(self, search: Searching, path: bytes, depth: int) -> None:
        self.search = search
        self.part: ElementPart = element_part(path)
        self.rest = self.part.rest
        self.depth = depth
        if self.part.pipe is not None:
            search.pipe = self.part.pipe

    def run(self, i: int) -> tuple[int, bool]:
        """Go through the elements from i on. Returns where to go on, and whether the path found its end."""
        if self.part.query is not None:
            return self._query(i, self.part.query)
        if self.part.counts:
            return self._count(i)
        return self._pick(i)

    def _next(self, i: int) -> int:
        """Where the next element begins, or the array closes; the end of the text closes all but a string."""
        self.search.work.spend(STEP)
        match = _TO_ELEMENT.match(self.search.text, i)
        assert match is not None
        return max(i, match.end())

    def _skip(self, i: int, most: float) -> tuple[int, int]:
        """Where to read on after as many elements as pass quickly, at most this many; and how many."""
        passed = 0
        for count, pattern in EASY_ELEMENTS:
            while passed + count <= most and (match := pattern.match(self.search.text, i)):
                i = match.end()
                passed += count
        return i, passed

    def _closed(self, i: int) -> bool:
        return i >= len(self.search.text) or self.search.text[i] == CLOSE_BRACKET

    def _pick(self, i: int) -> tuple[int, bool]:
        search, text = self.search, self.search.text
        i, count = self._skip(i, math.inf if self.part.position is None else self.part.position)
        while not self._closed(i := self._next(i)):
            wanted = count == self.part.position
            count += 1
            if wanted and self.rest is not None and text[i] in (BRACE, BRACKET):
                i, done = search.descend(i, self.rest, self.depth + 1)
                if done:
                    return i, True
                continue
            kind, end = value_at(text, i, self.search.work)
            if end < 0:
                return len(text), False
            if wanted and self.rest is None:
                search.hit(kind, i, end)
                return end, True
            i = end
        return i + 1, False

    def _count(self, i: int) -> tuple[int, bool]:
        """`#`: how many elements; `#.path`: what the path finds in each."""
        text, starts = self.search.text, []
        i, count = self._skip(i, -1 if self.part.each is not None else math.inf)
        while True:
            if self.part.each is not None:
                starts.append(i)
            if self._closed(i := self._next(i)):
                break
            count += 1
            _, i = value_at(text, i, self.search.work)
            if i < 0:
                return len(text), False
        if i > len(text):
            return i, False
        if self.part.each is None:
            self.search.found = Value(Type.NUMBER, b"%d" % count)
        else:
            self.search.found = self._map(self.part.each, starts)
        return i + 1, True

    def _map(self, each: bytes, starts: list[int]) -> Value:
        search, text, raws = self.search, self.search.text, []
        each, pipe = split_pipe(each, search.work)
        if pipe is not None:
            search.pipe = pipe
        for start in starts:
            blanks = _BLANKS.match(text, start)
            i = blanks.end() if blanks else start
            if self._closed(i):
                continue
            element, _ = next_value(text, i, search.work)
            if element is None:
                continue
            found = search.work.look_up(element.raw, each)
            if found.exists():
                raws.append(found.raw or found.text())
                search.work.spend(len(raws[-1]))
        return Value(Type.JSON, search.work.made(b"[%b]" % b",".join(raws)))

    def _query(self, i: int, query: Query) -> tuple[int, bool]:
        search, text = self.search, self.search.text
        raws: list[bytes] = []
        while not self._closed(i := self._next(i)):
            kind, end = value_at(text, i, self.search.work)
            if end < 0:
                return len(text), False
            search.work.spend(MEMBER)
            element = value_of(kind, text[i:end])
            i = end
            if not self._satisfies(query, element):
                continue
            found = self._rest_of(element)
            if not query.all:
                search.found = found
                return i, True
            if raw := found.raw or found.text():
                raws.append(raw)
                search.work.spend(len(raw))
        if query.all and i <= len(text) and not search.found.exists():
            search.found = Value(Type.JSON, search.work.made(b"[%b]" % b",".join(raws)))
        return i + 1, False

    def _satisfies(self, query: Query, element: Value) -> bool:
        if element.type is Type.JSON:
            return satisfies(query, self.search.work.look_up(element.raw, query.path), self.search.work)
        return not query.path and satisfies(query, element, self.search.work)

    def _rest_of(self, element: Value) -> Value:
        """What the rest of the path finds in such an element; its pipe is for the whole result."""
        if self.rest is None:
            return element
        self.rest, pipe = split_pipe(self.rest, self.search.work)
        if pipe is not None:
            self.search.pipe = pipe
        return self.search.work.look_up(element.raw, self.rest)
