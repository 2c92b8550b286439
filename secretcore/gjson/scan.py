"""Where the values of a JSON text begin and end, without parsing what is inside.

As in Go, nothing is validated: a scanner takes what looks like a value, skips what does not, and goes on.
"""

import re
from collections.abc import Iterator

from secretcore.gjson.strings import unescape
from secretcore.gjson.value import NOTHING, Type, Value
from secretcore.gjson.work import MEMBER, STEP, Work

QUOTE, BRACE, BRACKET, CLOSE_BRACE, CLOSE_BRACKET = b'"{[}]'
COMMA, COLON = b",:"

_INSIDE = rb'(?:[^"\\]++|\\.)*+'
STRING = re.compile(rb'"%b"' % _INSIDE, re.DOTALL)
_LITERAL = re.compile(rb".[a-z]*+", re.DOTALL)
_NUMBER = re.compile(rb".[^\x00- ,\]}]*+", re.DOTALL)

# Text up to the next brackets that do not close soon: strings and shallow containers are passed in one go.
_TEXT = rb'[^"{}()\[\]]++|"%b"' % _INSIDE
_FLAT = rb"[{\[(](?:%b)*+[}\])]" % _TEXT
_SHALLOW = rb"[{\[(](?:%b|%b)*+[}\])]" % (_TEXT, _FLAT)
_TO_BRACKETS = re.compile(rb"(?:%b|%b)*+([{\[(]++|[}\])]++)" % (_TEXT, _SHALLOW), re.DOTALL)
_CLOSED_STRINGS = re.compile(rb'(?:[^"]++|"%b")*+\Z' % _INSIDE, re.DOTALL)

_TYPES = {QUOTE: Type.STRING, BRACE: Type.JSON, BRACKET: Type.JSON, ord("t"): Type.TRUE, ord("f"): Type.FALSE}
_TYPES |= dict.fromkeys(b"+-0123456789iIN", Type.NUMBER)
VALUE_START = rb'"{\[ntf+\-0-9iIN'
_TO_VALUE = re.compile(rb"[^%b]*+" % VALUE_START)

# Runs of values that are no deep containers, as `value_at` reads them; what is in doubt ends the run.
_EASY_VALUE = rb'(?:"%b"|(?:[tf]|nu)[a-z]*+|[n0-9+\-iIN][^\x00- ,\]}]*+(?=[\x00- ,\]}])|%b)' % (
    _INSIDE,
    _SHALLOW,
)
EASY_MEMBERS = re.compile(rb'(?:[^"}]*+"[^"\\]*+"[^%b]*+%b)*+' % (VALUE_START, _EASY_VALUE), re.DOTALL)
EASY_ELEMENTS = [
    (count, re.compile(rb"(?:[^%b\]]*+%b){%d}+" % (VALUE_START, _EASY_VALUE, count), re.DOTALL)) for count in (4096, 64)
]
_TO_TOP_VALUE = re.compile(rb"[\x00- ]*+")
_SEPARATORS = re.compile(rb"[\x00- ,:]*+")


def squash(text: bytes, i: int, work: Work) -> int:
    """Where the bracketed value that opens at i ends: any closing bracket closes any opening one."""
    depth, i = 1, i + 1
    while match := _TO_BRACKETS.match(text, i):
        work.spend(STEP)
        i = match.end()
        count = i - match.start(1)
        if text[i - 1] in b"{[(":
            depth += count
        elif count < depth:
            depth -= count
        else:
            return match.start(1) + depth
    # Unclosed: where the text ends, but past that if it ends in a string, and then Go closes no array there.
    return len(text) if _CLOSED_STRINGS.match(text, i) else len(text) + 1


def squashed(text: bytes, work: Work) -> bytes:
    """The string or bracketed value that `text` begins with; all of it where that does not end."""
    if text[0] != QUOTE:
        return text[: squash(text, 0, work)]
    match = STRING.match(text)
    return match[0] if match else text


def value_at(text: bytes, i: int, work: Work) -> tuple[Type, int]:
    """Type and end of the value at i, where one of VALUE_START is; the end is -1 for an unclosed string."""
    kind = _TYPES.get(text[i])
    if kind is Type.STRING:
        match = STRING.match(text, i)
        return kind, match.end() if match else -1
    if kind is Type.JSON:
        return kind, squash(text, i, work)
    if kind is None:  # n: null, or nan
        kind = Type.NULL if text[i + 1 : i + 2] in (b"u", b"") else Type.NUMBER
    match = (_NUMBER if kind is Type.NUMBER else _LITERAL).match(text, i)
    assert match is not None
    return kind, match.end()


def string_text(raw: bytes) -> bytes:
    """What a closed string means, quotes included in `raw`."""
    inside = raw[1:-1]
    return unescape(inside) if b"\\" in inside else inside


def value_of(kind: Type, raw: bytes) -> Value:
    return Value(kind, raw, string_text(raw) if kind is Type.STRING else b"")


def next_value(text: bytes, i: int, work: Work) -> tuple[Value | None, int]:
    """The next value at or after i, whatever is before it, and where it ends; None where there is none."""
    match = _TO_VALUE.match(text, i)
    start = match.end() if match else len(text)
    if start >= len(text):
        return None, len(text)
    kind, end = value_at(text, start, work)
    if end < 0:
        return None, len(text)
    return value_of(kind, text[start:end]), end


def parse(text: bytes, work: Work) -> Value:
    """The value that the whole text is. A container keeps all that follows it, as in Go."""
    match = _TO_TOP_VALUE.match(text)
    start = match.end() if match else 0
    if start == len(text) or (text[start] not in _TYPES and text[start] != ord("n")):
        return NOTHING
    if text[start] in b"{[":
        return Value(Type.JSON, text[start:])
    kind, end = value_at(text, start, work)
    if end < 0:
        inside = text[start + 1 :]
        return Value(Type.STRING, text[start:], unescape(inside) if b"\\" in inside else inside)
    return value_of(kind, text[start:end])


def items(value: Value, work: Work) -> Iterator[tuple[Value, Value]]:
    """Key and value of each member; an array's members and a scalar (its only member) have empty keys."""
    if value.type is not Type.JSON:
        if value.exists():
            yield NOTHING, value
        return
    text, i, key = value.raw, 1, NOTHING
    keyed = value.is_object()
    while i < len(text):
        work.spend(MEMBER)
        if keyed:
            quote = text.find(b'"', i)
            match = STRING.match(text, quote) if quote >= 0 else None
            if match is None:
                return
            key, i = value_of(Type.STRING, match[0]), match.end()
        separators = _SEPARATORS.match(text, i)
        member, i = next_value(text, separators.end() if separators else i, work)
        if member is None:
            return
        yield key, member
        i += 1  # the separator, unseen, as in Go
