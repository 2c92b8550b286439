"""Multipaths: `{a,"name":b.c}` and `[a,b]` make a new object or array of what several paths find."""

import re

from secretcore.gjson.scan import QUOTE
from secretcore.gjson.strings import quote
from secretcore.gjson.validity import valid
from secretcore.gjson.work import Work

_UNSIMPLE = re.compile(rb"[\x00-\x1f\[\]{}()#|!]")
_TOKEN = re.compile(rb'\\.?|"(?:[^"\\]++|\\.)*+"?|[@:,\[\](){}]', re.DOTALL)

Selector = tuple[bytes, bytes]  # name (empty: the last component of the path names it) and path


def assemble(document: bytes, path: bytes, work: Work) -> tuple[bytes | None, bytes]:
    """The JSON text that the multipath makes, and what follows it in the path.

    None where it does not close or where something else than a pipe or a dot follows: as in Go the document
    stays then, and what follows is looked up in it.
    """
    selectors, end = _selectors(path)
    rest = path[end:]
    if end > len(path) or (rest and not rest.startswith((b"|", b"."))):
        return None, rest
    keyed = path.startswith(b"{")
    members = []
    for name, selected in selectors:
        found = work.look_up(document, selected)
        if found.exists():
            raw = found.raw or found.text() or b"null"
            members.append(_name(name, selected, work) + b":" + raw if keyed else raw)
            work.spend(len(raw))
    made = b",".join(members)
    return work.made(b"{%b}" % made if keyed else b"[%b]" % made), rest


def _selectors(path: bytes) -> tuple[list[Selector], int]:
    """The parts between the outermost commas, and where the multipath ends: past the path if never."""
    selectors: list[Selector] = []
    start, colon, depth, modifier = 1, 0, 1, False
    for match in _TOKEN.finditer(path, 1):
        token, i = match[0], match.start()
        if token == b"@":
            modifier = modifier or path[i - 1 : i] in (b".", b"|")
        elif token == b":" and depth == 1 and not modifier:
            colon = colon or i
        elif token in (b"[", b"(", b"{"):
            depth += 1
        elif token in (b"]", b")", b"}"):
            depth -= 1
        if (token == b"," and depth == 1) or depth == 0:
            selectors.append((path[start:colon], path[colon + 1 : i]) if colon else (b"", path[start:i]))
            start, colon, modifier = i + 1, 0, False
        if depth == 0:
            return selectors, i + 1
    return selectors, len(path) + 1


def _name(name: bytes, path: bytes, work: Work) -> bytes:
    """The member's key as a JSON string."""
    if name:
        return name if name[0] == QUOTE and valid(name, work) else quote(name)
    last = _last_component(path)
    return quote(b"_" if _UNSIMPLE.search(last) else last)


def _last_component(path: bytes) -> bytes:
    for i in range(len(path) - 1, -1, -1):
        if path[i : i + 1] in (b".", b"|") and path[i - 1 : i] != b"\\":
            return path[i + 1 :]
    return path
