"""The modifiers @pretty and @ugly: a document with other white space, laid out byte for byte as in Go."""

import math
import re
from typing import NamedTuple

from secretcore.gjson.floats import parse_float
from secretcore.gjson.scan import BRACE, BRACKET, CLOSE_BRACE, CLOSE_BRACKET, QUOTE, STRING, items, parse
from secretcore.gjson.strings import trim_space, unescape
from secretcore.gjson.validity import valid
from secretcore.gjson.value import Type, Value
from secretcore.gjson.work import MEMBER, Work, check_depth

_UGLY = re.compile(rb'[\x00- ]++|("(?:[^"\\]++|\\.)*+"?+)', re.DOTALL)
_NUMBER = re.compile(rb".[^\x00- ,:\]}]*+", re.DOTALL)
_TO_VALUE = re.compile(rb'[^"0-9\-iI+NtfN{\[n]*+')
_BLANK = re.compile(rb"[\x00- ]*+")
_NOT_WHITE = re.compile(rb"[^ \t\r\n]++")
_WORDS = {ord("t"): b"true", ord("f"): b"false", ord("n"): b"null"}
_SPACE, _NEWLINE = b" \n"


def ugly(document: bytes) -> bytes:
    return _UGLY.sub(lambda match: match[1] or b"", document)


class Options(NamedTuple):
    width: int = 80
    prefix: bytes = b""
    indent: bytes = b"  "
    sort_keys: bool = False


def modify_pretty(document: bytes, argument: bytes, work: Work) -> bytes:
    """@pretty, with the options `sortKeys`, `indent`, `prefix` and `width`."""
    layout = _Layout(document, _options(argument, work), work)
    layout.out += layout.options.prefix
    layout.value(0, 0, 0)
    return bytes(layout.out) + b"\n" if layout.out else b""


def _options(argument: bytes, work: Work) -> Options:
    options = Options()
    for key, value in items(parse(argument, work), work):
        if key.string == b"sortKeys":
            options = options._replace(sort_keys=value.truth())
        elif key.string == b"indent":
            options = options._replace(indent=_NOT_WHITE.sub(b"", value.text()))
        elif key.string == b"prefix":
            options = options._replace(prefix=_NOT_WHITE.sub(b"", value.text()))
        elif key.string == b"width":
            options = options._replace(width=_whole_number(value))
    return options


def _whole_number(value: Value) -> int:
    """Go's Result.Int(), which is 0 for what is no number."""
    if value.type not in (Type.NUMBER, Type.STRING):
        return int(value.type is Type.TRUE)
    text = value.text()
    number = parse_float(text)
    if not math.isfinite(number):
        return 0 if math.isnan(number) else int(math.copysign(1 << 62, number))
    return int(number)


class _NotOnOneLineError(Exception):
    """The array being tried on a single line is too long for it, or has an object in it."""


class _Member(NamedTuple):
    key: bytes
    start: int  # in the text written
    end: int


class _Layout:
    """Writes the document into `out`. Its methods return where to read on and where the line began."""

    def __init__(self, text: bytes, options: Options, work: Work) -> None:
        self.text = text
        self.options = options
        self.work = work
        self.out = bytearray()
        self.limit: int | None = None  # while an array is tried on a single line: the length of `out` it may reach

    def value(self, i: int, tabs: int, line: int) -> tuple[int, int]:
        start = _TO_VALUE.match(self.text, i)
        i = max(i, start.end()) if start else i
        if i >= len(self.text):
            return i, line
        character = self.text[i]
        if character in (BRACE, BRACKET):
            return self.container(i, tabs, line)
        if character == QUOTE:
            return self.string(i), line
        if character in _WORDS and not (character == ord("n") and self.text[i + 1 : i + 2] not in (b"", b"u")):
            self.out += _WORDS[character]
            return i + len(_WORDS[character]), line
        number = _NUMBER.match(self.text, i)
        assert number is not None
        self.out += number[0]
        return number.end(), line

    def string(self, i: int) -> int:
        match = STRING.match(self.text, i)
        self.out += match[0] if match else self.text[i:]
        return match.end() if match else len(self.text)

    def container(self, i: int, tabs: int, line: int) -> tuple[int, int]:
        check_depth(tabs)
        opening = self.text[i]
        if self.options.width > 0:
            if self.limit is not None and opening == BRACE:
                raise _NotOnOneLineError
            if self.limit is None and opening == BRACKET and (end := self._single_line(i, tabs, line)) is not None:
                return end, line
        self.out.append(opening)
        closing = CLOSE_BRACE if opening == BRACE else CLOSE_BRACKET
        members: list[_Member] = []
        i += 1
        while (i := self._to_member(i, opening, closing)) < len(self.text):
            if self.text[i] == closing:
                line = self._close(opening, closing, members, tabs, line)
                return i + 1, line
            i, line, member = self._member(i, opening, len(members), tabs, line)
            members.append(member)
        return i, line

    def _single_line(self, i: int, tabs: int, line: int) -> int | None:
        """Where the array ends that fits on the rest of the line, or None with nothing written."""
        room = self.options.width - (len(self.out) - line)
        if room <= 3:
            return None
        start = len(self.out)
        self.limit = start + room
        try:
            end, _ = self.container(i, tabs, line)
            if len(self.out) <= self.limit:
                return end
        except _NotOnOneLineError:
            pass
        finally:
            self.limit = None
        del self.out[start:]
        return None

    def _to_member(self, i: int, opening: int, closing: int) -> int:
        """In an array any text is a member; in an object what is no key is passed over."""
        while i < len(self.text):
            blank = _BLANK.match(self.text, i)
            i = blank.end() if blank else i
            if opening == BRACKET or self.text[i : i + 1] in (b'"', b"", b"}"):
                return i
            i += 1
        return i

    def _member(self, i: int, opening: int, count: int, tabs: int, line: int) -> tuple[int, int, _Member]:
        if count:
            self.out += b", " if opening == BRACKET and self.options.width != -1 else b","
        if self.limit is None:
            line = self._new_line()
        start, key = len(self.out), b""
        if self.limit is None:
            self._indent(tabs + 1)
        if opening == BRACE:
            end = self.string(i)
            key, i = self.text[i:end], end
            self.out += b":" if self.limit is not None else b": "
        i, line = self.value(i, tabs + 1, line)
        self.work.spend(2 * MEMBER + len(self.out) - start)
        if self.limit is not None and len(self.out) > self.limit:
            raise _NotOnOneLineError
        return i, line, _Member(key, start, len(self.out))

    def _close(self, opening: int, closing: int, members: list[_Member], tabs: int, line: int) -> int:
        if self.limit is None:
            if opening == BRACE and self.options.sort_keys and members:
                self._sort(members)
            if members:
                line = self._new_line()
            if self.out[-1] != opening:
                self._indent(tabs)
        self.out.append(closing)
        return line

    def _new_line(self) -> int:
        """A line break, in place of a blank at the end. Returns what counts as the beginning of the line."""
        line = len(self.out)
        if self.out[-1] == _SPACE:
            self.out[-1] = _NEWLINE
        else:
            self.out.append(_NEWLINE)
        return line

    def _indent(self, tabs: int) -> None:
        self.out += self.options.prefix + self.options.indent * tabs

    def _sort(self, members: list[_Member]) -> None:
        ordered = sorted(
            members,
            key=lambda member: (_rank(member.key, self.work), _rank(self._value_text(member), self.work)),
        )
        texts = [bytes(self.out[member.start : member.end]) for member in ordered]
        self.out[members[0].start :] = b",\n".join(texts)

    def _value_text(self, member: _Member) -> bytes:
        text = trim_space(bytes(self.out[member.start : member.end]))
        return trim_space(text[len(member.key) + 1 :]) if len(text) > len(member.key) else text


def _rank(text: bytes, work: Work) -> tuple[int, bytes | float]:
    """What members are sorted by: null < false < numbers < strings < true < containers, then their values."""
    character = text[:1]
    if character == b'"':
        return 3, _string_text(text, work)
    if character in (b"", b"n"):
        return 0, text
    kinds = {b"f": 1, b"t": 4, b"[": 5, b"{": 5}
    return (kinds[character], text) if character in kinds else (2, parse_float(text))


def _string_text(text: bytes, work: Work) -> bytes:
    """What a string means; nothing where it is malformed."""
    ends = [i for i in (text.find(b'"', 1), text.find(b"\\", 1)) if i > 0]
    if not ends:
        return b""
    if text[min(ends)] == QUOTE:
        return text[1 : min(ends)]
    if not valid(text, work):
        return b""
    return unescape(text.strip()[1:-1]).decode("utf-8", "replace").encode()
