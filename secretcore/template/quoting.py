"""Go's quoted strings and characters: reading them (strconv.Unquote) and writing them (strconv.Quote, %q,
%#U).

The parser reads constants with it, `format` writes with it, and error texts quote names as Go does.
"""

import re
import unicodedata

from secretcore.template.values import normal, text

_UNSURE = re.compile(r"[^ -~]")
"""Characters that may have to be escaped, besides quotes and backslashes."""
_MOST_ESCAPES = 10_000
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\"}
_NAMED = {
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    "\\": "\\\\",
}
_HEX_DIGITS = {"x": 2, "u": 4, "U": 8}
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})


class InvalidSyntaxError(ValueError):
    """Not a Go string or character constant."""

    def __init__(self, text: str = "invalid syntax") -> None:
        super().__init__(text)


def printable(character: str) -> bool:
    """Go's unicode.IsPrint: letters, marks, numbers, punctuation, symbols and the ASCII space."""
    return character == " " or unicodedata.category(character) not in _UNPRINTABLE


def is_escaped_byte(character: str) -> bool:
    """Whether this stands for a byte that is not UTF-8."""
    return "\udc80" <= character <= "\udcff"


def quote(value: str, mark: str = '"', *, ascii_only: bool = False) -> str:
    """The Go constant for a string, in these quotes."""
    for plain, escaped in (("\\", "\\\\"), (mark, "\\" + mark), ("\n", "\\n"), ("\t", "\\t"), ("\r", "\\r")):
        value = value.replace(plain, escaped)
    if not value.isprintable() or (ascii_only and not value.isascii()):
        value = _UNSURE.sub(lambda found: _escape(found[0], mark, ascii_only), value)
    return f"{mark}{value}{mark}"


def quote_character(code: int, *, ascii_only: bool = False) -> str:
    """The Go character constant for a code point; U+FFFD for what is none."""
    character = chr(code) if 0 <= code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else "\ufffd"
    return f"'{_escape(character, chr(39), ascii_only)}'"


def _escape(character: str, mark: str, ascii_only: bool) -> str:
    if character == mark:
        return "\\" + character
    if character in _NAMED:
        return _NAMED[character]
    if is_escaped_byte(character):
        return f"\\x{ord(character) - 0xDC00:02x}"
    code = ord(character)
    if printable(character) and (code < 0x80 or not ascii_only):
        return character
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def unquote(constant: str) -> str:
    """The string that a Go constant in double quotes or backquotes stands for. InvalidSyntaxError if it is
    none.
    """
    body = constant[1:-1]
    if constant[0] == "`":
        return body.replace("\r", "")
    if "\\" not in body:
        return body
    if body.count("\\") > _MOST_ESCAPES:
        raise InvalidSyntaxError(f"more than {_MOST_ESCAPES} escapes in one string")
    parts: list[str] = []
    at = 0
    while at < len(body):
        found = body.find("\\", at)
        if found < 0:
            parts.append(body[at:])
            break
        parts.append(body[at:found])
        piece, at = _unescape(body, found, '"')
        parts.append(piece if isinstance(piece, str) else _byte(piece))
    return normal("".join(parts))


def unquote_character(constant: str) -> int:
    """The code point of a Go character constant, quotes included. InvalidSyntaxError or ValueError if it is
    none.
    """
    body = constant[1:]
    first = body[0]
    if first in ("'", "\n"):
        raise InvalidSyntaxError
    if first != "\\":
        code, at = (0xFFFD if is_escaped_byte(first) else ord(first)), 1
    else:
        piece, at = _unescape(body, 0, "'")
        code = piece if isinstance(piece, int) else ord(piece)
    if body[at:] != "'":
        raise ValueError(f"malformed character constant: {constant}")
    return code


def _byte(value: int) -> str:
    return text(bytes([value]))


def _unescape(body: str, at: int, mark: str) -> tuple[str | int, int]:
    """The character, or the byte as a number, that the escape at `at` stands for, and where it ends."""
    kind = body[at + 1 : at + 2]
    if kind in _ESCAPES:
        return _ESCAPES[kind], at + 2
    if kind == mark and kind:
        return kind, at + 2
    if kind in _HEX_DIGITS:
        digits = body[at + 2 : at + 2 + _HEX_DIGITS[kind]]
        if not re.fullmatch(r"[0-9a-fA-F]+", digits) or len(digits) < _HEX_DIGITS[kind]:
            raise InvalidSyntaxError
        return _code_point(int(digits, 16), kind), at + 2 + len(digits)
    digits = body[at + 1 : at + 4]
    if not re.fullmatch(r"[0-7]{3}", digits) or int(digits, 8) > 0xFF:
        raise InvalidSyntaxError
    return int(digits, 8), at + 4


def _code_point(code: int, kind: str) -> str | int:
    if kind == "x":
        return code
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise InvalidSyntaxError
    return chr(code)


def unicode_notation(code: int) -> str:
    """%#U: `U+0040 '@'`."""
    shown = f"U+{code:04X}"
    return (
        f"{shown} '{chr(code)}'"
        if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF and printable(chr(code))
        else shown
    )


def rune(character: str) -> int:
    """The code point that Go reads here: U+FFFD for a byte that isn't UTF-8."""
    return 0xFFFD if is_escaped_byte(character) else ord(character)
