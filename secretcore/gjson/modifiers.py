"""Modifiers (`@reverse`, `@keys:argument`) and literals (`!true`): path components that make a new document.

`lookup` hands over document and path and goes on with the text made here. Options come as a JSON object after
a colon; what is no modifier is left to be looked up as a key.
"""

import re
from collections.abc import Callable

from secretcore.gjson.path import MODIFIERS
from secretcore.gjson.pretty import modify_pretty, ugly
from secretcore.gjson.scan import items, parse, squash, squashed
from secretcore.gjson.strings import quote, trim, trim_space
from secretcore.gjson.validity import valid
from secretcore.gjson.work import Work, check_depth

_NAME = re.compile(rb"@([^:|.]*+)(:?)", re.DOTALL)
_LITERAL = re.compile(rb"!([^|.]*+)", re.DOTALL)
_LITERALS = (b"true", b"false", b"null", b"nan", b"inf")


def modify(document: bytes, path: bytes, work: Work) -> tuple[bytes | None, bytes]:
    """The text that the modifier makes and what follows it in the path; None and the path if it is none."""
    match = _NAME.match(path)
    if match is None or match[1] not in MODIFIERS:
        return None, path
    argument, rest = b"", path[match.end() :]
    if match[2]:
        argument, rest = _split_argument(rest, work)
    work.spend(len(document))
    return work.made(_TABLE[match[1]](document, argument, work)), rest


def _split_argument(path: bytes, work: Work) -> tuple[bytes, bytes]:
    """A JSON argument ends where its value ends, any other at the next pipe outside of brackets."""
    end = 0
    if path.startswith((b"{", b"[", b'"')):
        end = len(squashed(path, work))
        return path[:end], path[end:]
    while end < len(path) and path[end : end + 1] != b"|":
        end += len(squashed(path[end:], work)) if path[end] in b'{["(' else 1
    return path[:end], path[end:]


def static(path: bytes, work: Work) -> tuple[bytes | None, bytes]:
    """The literal after the `!` and what follows it in the path; None and the path where it is none."""
    literal = path[1:]
    if literal[:1] in (b"{", b"[", b'"') or literal[:1] in (b"+", b"-") or literal[:1].isdigit():
        end = squash(literal, 0, work)
        return literal[:end], literal[end:]
    match = _LITERAL.match(path)
    if match is None or match[1].lower() not in _LITERALS:
        return None, path
    return match[1], path[match.end() :]


def _option(argument: bytes, name: bytes, work: Work) -> bool:
    """A truth option of the argument; the last one counts."""
    answers = [value.truth() for key, value in items(parse(argument, work), work) if key.string == name]
    return bool(answers and answers[-1])


def _this(document: bytes, argument: bytes, work: Work) -> bytes:
    return document


def _ugly(document: bytes, argument: bytes, work: Work) -> bytes:
    return ugly(document)


def _valid(document: bytes, argument: bytes, work: Work) -> bytes:
    return document if valid(document, work) else b""


def _reverse(document: bytes, argument: bytes, work: Work) -> bytes:
    value = parse(document, work)
    if value.is_array():
        return b"[%b]" % b",".join([member.raw for _, member in items(value, work)][::-1])
    if value.is_object():
        return b"{%b}" % b",".join([key.raw + b":" + member.raw for key, member in items(value, work)][::-1])
    return document


def _flatten(document: bytes, argument: bytes, work: Work, depth: int = 0) -> bytes:
    """Arrays in the array become their elements; with `{"deep":true}` those inside them too."""
    check_depth(depth)
    value = parse(document, work)
    if not value.is_array():
        return document
    deep = bool(argument) and _option(argument, b"deep", work)
    raws = []
    for _, member in items(value, work):
        raw = member.raw
        if member.is_array():
            work.spend(len(raw))
            raw = _unwrap(_flatten(raw, argument, work, depth + 1) if deep else raw)
        raws.append(trim_space(raw))
    return b"[%b]" % b",".join(raw for raw in raws if raw)


def _unwrap(raw: bytes) -> bytes:
    raw = trim(raw)
    return raw[1:-1] if len(raw) >= 2 and raw.startswith((b"[", b"{")) else raw


def _join(document: bytes, argument: bytes, work: Work) -> bytes:
    """One object of the array's objects; a later key replaces the value; `{"preserve":true}` keeps both."""
    value = parse(document, work)
    if not value.is_array():
        return document
    objects = [member for _, member in items(value, work) if member.is_object()]
    if argument and _option(argument, b"preserve", work):
        return b"{%b}" % b",".join(_unwrap(member.raw) for member in objects)
    merged: dict[bytes, tuple[bytes, bytes]] = {}
    for member in objects:
        for key, inner in items(member, work):
            first = merged.get(key.string, (key.raw, b""))[0]
            merged[key.string] = (first, inner.raw)
    return b"{%b}" % b",".join(key + b":" + raw for key, raw in merged.values())


def _keys(document: bytes, argument: bytes, work: Work) -> bytes:
    value = parse(document, work)
    keyed = value.is_object()
    return b"[%b]" % b",".join(key.raw if keyed else b"null" for key, _ in items(value, work))


def _values(document: bytes, argument: bytes, work: Work) -> bytes:
    value = parse(document, work)
    if value.is_array():
        return document
    return b"[%b]" % b",".join(member.raw for _, member in items(value, work))


def _to_string(document: bytes, argument: bytes, work: Work) -> bytes:
    work.spend(8 * len(document))
    return quote(document)


def _from_string(document: bytes, argument: bytes, work: Work) -> bytes:
    return parse(document, work).text() if valid(document, work) else b""


def _group(document: bytes, argument: bytes, work: Work) -> bytes:
    """An object of arrays becomes an array of objects."""
    value = parse(document, work)
    if not value.is_object():
        return b""
    groups: list[list[bytes]] = []
    for key, member in items(value, work):
        if not member.is_array():
            continue
        for index, (_, inner) in enumerate(items(member, work)):
            if index == len(groups):
                groups.append([])
            work.spend(len(key.raw) + len(inner.raw))
            groups[index].append(key.raw + b":" + inner.raw)
    return b"[%b]" % b",".join(b"{%b}" % b",".join(group) for group in groups)


def _dig(document: bytes, argument: bytes, work: Work) -> bytes:
    """What the path in the argument finds in the document and, depth first, in everything inside it."""
    raws = []
    waiting = [iter((parse(document, work),))]
    while waiting:
        value = next(waiting[-1], None)
        if value is None:
            waiting.pop()
            continue
        found = work.look_up(value.raw, argument)
        if found.exists():
            work.spend(len(found.raw))
            raws.append(found.raw)
        if value.is_array() or value.is_object():
            waiting.append(member for _, member in items(value, work))
    return b"[%b]" % b",".join(raws)


_TABLE: dict[bytes, Callable[[bytes, bytes, Work], bytes]] = {
    b"pretty": modify_pretty,
    b"ugly": _ugly,
    b"reverse": _reverse,
    b"this": _this,
    b"flatten": _flatten,
    b"join": _join,
    b"valid": _valid,
    b"keys": _keys,
    b"values": _values,
    b"tostr": _to_string,
    b"fromstr": _from_string,
    b"group": _group,
    b"dig": _dig,
}
