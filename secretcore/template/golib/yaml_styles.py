"""How libyaml's emitter (which go-yaml v2 is a port of) writes one scalar: the style it chooses, folding,
escapes.

Input: a string from yaml_emitting. Output: text into a Sink, which knows column and indentation.
"""

import re
from typing import NamedTuple

_BREAKS = "\n\r\x85\u2028\u2029"
_SPECIAL = re.compile("[^\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]")
_QUOTED = '"\\\n\r\x85\u2028\u2029'
_STRETCH = re.compile(r"[!#-\[\]-~]+|.", re.DOTALL)
"""Text that needs no escape, or one character: a space, or one to look at."""
_FIRST_ALWAYS = frozenset("#,[]{}&*!|>'\"%@`")
_ESCAPES = {
    "\0": "0", "\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r", "\x1b": "e",
    '"': '"', "\\": "\\", "\x85": "N", "\xa0": "_", "\u2028": "L", "\u2029": "P",
}  # fmt: skip
_WIDTH = 80
_STEP = 2


class Scalar(NamedTuple):
    """A string and which styles can hold it."""

    value: str
    multiline: bool = False
    plain: bool = True
    single: bool = True
    block: bool = True


def analyse(value: str) -> Scalar:
    """Which styles a string allows outside flow collections."""
    if not value:
        return Scalar(value, block=False)
    multiline = any(char in value for char in _BREAKS)
    special = bool(_SPECIAL.search(value))
    leading, trailing = value[0] == " " or value[0] in _BREAKS, value[-1] == " " or value[-1] in _BREAKS
    break_space = multiline and any(mark + " " in value for mark in _BREAKS)
    space_break = multiline and any(" " + mark in value for mark in _BREAKS)
    unquotable = special or space_break
    return Scalar(
        value,
        multiline=multiline,
        plain=not (leading or trailing or break_space or unquotable or multiline or _has_indicators(value)),
        single=not (break_space or unquotable),
        block=not (value[-1] == " " or unquotable),
    )


def _has_indicators(value: str) -> bool:
    if value.startswith(("---", "...")) or value[0] in _FIRST_ALWAYS:
        return True
    if value[0] in "?:-" and (len(value) == 1 or value[1] in " \t"):
        return True
    if value[-1] == ":" and len(value) > 1:
        return True
    return ": " in value[1:] or ":\t" in value[1:] or re.search(r"[\0 \t\r\n\x85\u2028\u2029]#", value) is not None


class Sink:
    """The text so far, with the emitter's place in it."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.indent = -1
        self.column = 0
        self.whitespace = True
        self.indention = True

    def deepen(self, *, indentless: bool = False) -> int:
        """Go one level in; the level to come back to."""
        outer = self.indent
        if outer < 0:
            self.indent = 0
        elif not indentless:
            self.indent += _STEP
        return outer

    def put(self, text: str) -> None:
        """Write text without line breaks."""
        self.out.append(text)
        self.column += len(text)

    def break_line(self, mark: str = "\n") -> None:
        """Write a line break."""
        self.out.append(mark)
        self.column = 0

    def write_indent(self) -> None:
        """Go to the indentation, on a new line unless this one is blank so far."""
        indent = max(self.indent, 0)
        if not self.indention or self.column > indent or (self.column == indent and not self.whitespace):
            self.break_line()
        if self.column < indent:
            self.put(" " * (indent - self.column))
        self.whitespace = self.indention = True

    def indicator(self, mark: str, *, space: bool = False, keeps_indention: bool = False) -> None:
        """Write a mark of the syntax, after a space where one is needed."""
        if space and not self.whitespace:
            self.put(" ")
        self.put(mark)
        self.whitespace = False
        self.indention = self.indention and keeps_indention

    def scalar(self, scalar: Scalar, *, plain: bool, simple_key: bool) -> None:
        """Write a string; `plain` tells that it is read back as a string without quotes."""
        outer = self.indent
        self.indent = _STEP if outer < 0 else outer + _STEP
        value = scalar.value
        if "\n" in value and scalar.block and not simple_key:
            self._literal(value)
        elif "\n" in value or not plain:
            self._double(value, breaks=not simple_key)
        elif scalar.plain and (value or not simple_key):
            self.plain(value, breaks=not simple_key)
        elif scalar.single and not (simple_key and scalar.multiline):
            self._single(value, breaks=not simple_key)
        else:
            self._double(value, breaks=not simple_key)
        self.indent = outer

    def plain(self, value: str, *, breaks: bool) -> None:
        """Write without quotes, folded after column 80."""
        if not self.whitespace:
            self.put(" ")
        self._fold(value, breaks, inner=False)
        self.whitespace = self.indention = False

    def _single(self, value: str, *, breaks: bool) -> None:
        self.indicator("'", space=True)
        if any(mark in value for mark in _BREAKS):
            self._single_with_breaks(value)
        else:
            self._fold(value.replace("'", "''"), breaks, inner=True)
        self.indicator("'")

    def _single_with_breaks(self, value: str) -> None:
        after_break = False
        for char in value:
            if char in _BREAKS:
                if not after_break and char == "\n":
                    self.break_line()
                self.break_line(char)
                self.indention = after_break = True
                continue
            if after_break:
                self.write_indent()
            self.put("''" if char == "'" else char)
            self.indention = after_break = False

    def _fold(self, value: str, breaks: bool, *, inner: bool) -> None:
        """Write words, with a line break in place of a single space once the column is beyond 80."""
        if not breaks or self.column + len(value) <= _WIDTH:
            self.put(value)
            return
        last = len(value) - 1
        previous_space = False
        start = 0
        for at in (found.start() for found in re.finditer(" ", value)):
            previous_space = at > 0 and value[at - 1] == " "
            column = self.column + at - start
            edge = inner and at in {0, last}
            if not previous_space and column > _WIDTH and not edge and value[at + 1 : at + 2] != " ":
                self.put(value[start:at])
                self.indention = False
                self.write_indent()
                start = at + 1
        self.put(value[start:])

    def _double(self, value: str, *, breaks: bool) -> None:
        self.indicator('"', space=True)
        if value[:1] == "\ufeff":  # go-yaml then takes every character for a byte order mark
            self.put("".join(map(_escaped, value)) + '"')
            self.whitespace = self.indention = False
            return
        last = len(value) - 1
        for found in _STRETCH.finditer(value):
            at, stretch = found.start(), found[0]
            if stretch != " ":
                self.put(stretch if len(stretch) > 1 else _escape(stretch))
            elif breaks and self.column > _WIDTH and 0 < at < last and value[at - 1] != " ":
                self.indention = False
                self.write_indent()
                self.put("\\" if value[at + 1] == " " else "")
            else:
                self.put(" ")
        self.indicator('"')

    def _literal(self, value: str) -> None:
        self.indicator("|", space=True)
        if value[0] == " " or value[0] in _BREAKS:
            self.indicator(str(_STEP))
        if value[-1] not in _BREAKS:
            self.indicator("-")
        elif len(value) == 1 or value[-2] in _BREAKS:
            self.indicator("+")
        self.break_line()
        self.indention = self.whitespace = True
        for line in re.findall(f"[^{_BREAKS}]+|[{_BREAKS}]", value):
            if line in _BREAKS:
                self.break_line(line)
                self.indention = True
            else:
                self.write_indent()
                self.put(line)
                self.indention = False


def _escape(char: str) -> str:
    return _escaped(char) if char in _QUOTED or _SPECIAL.match(char) else char


def _escaped(char: str) -> str:
    short = _ESCAPES.get(char)
    if short is not None:
        return "\\" + short
    code = ord(char)
    if code <= 0xFF:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"
