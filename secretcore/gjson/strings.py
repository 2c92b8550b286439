"""JSON strings: decoding those of a document, writing new ones, and the blanks that Go trims."""

import re

_SHORT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "/": "/"}
_SHORT_ESCAPES = {ord(letter): meant.encode() for letter, meant in _SHORT.items()}
_PLAIN = re.compile(rb"[^\x00-\x1f\\]*+")
_HEX4 = re.compile(rb"[0-9a-fA-F]{4}")


def unescape(text: bytes) -> bytes:
    """The meaning of a string's inside. As in Go it ends at a control character and at a malformed escape."""
    out = bytearray()
    i = 0
    while True:
        plain = _PLAIN.match(text, i)
        assert plain is not None
        out += plain[0]
        i = plain.end()
        if text[i : i + 1] != b"\\" or i + 1 == len(text):
            return bytes(out)
        if short := _SHORT_ESCAPES.get(text[i + 1]):
            out += short
            i += 2
        elif text[i + 1] == ord("u") and i + 6 <= len(text):
            code, i = _unicode_escape(text, i)
            out += chr(code).encode("utf-8", "replace") if not 0xD800 <= code < 0xE000 else b"\xef\xbf\xbd"
        else:
            return bytes(out)


def _unicode_escape(text: bytes, i: int) -> tuple[int, int]:
    """The code point of the escape at i, and where it ends; a surrogate pair is one code point."""
    high = _code_unit(text, i + 2)
    i += 6
    if 0xD800 <= high < 0xDC00 and text[i : i + 2] == b"\\u" and i + 6 <= len(text):
        low = _code_unit(text, i + 2)
        if 0xDC00 <= low < 0xE000:
            return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00), i + 6
    return high, i


def _code_unit(text: bytes, i: int) -> int:
    digits = _HEX4.match(text, i)
    return int(digits[0], 16) if digits else 0


_QUOTED = {code: f"\\u{code:04x}" for code in (*range(0x20), *b"<>&", 0x2028, 0x2029)}
_QUOTED |= {ord(meant): "\\" + letter for letter, meant in _SHORT.items() if letter != "/"}
_QUOTED |= dict.fromkeys(range(0xDC80, 0xDD00), "\ufffd")


def quote(text: bytes) -> bytes:
    """A JSON string that means `text`; bytes that are not UTF-8 become U+FFFD, and < > & are escaped."""
    return f'"{text.decode("utf-8", "surrogateescape").translate(_QUOTED)}"'.encode()


BLANKS = bytes(range(0x21))

_SPACE = rb"(?:[\t-\r ]|\xc2[\x85\xa0]|\xe1\x9a\x80|\xe2\x80[\x80-\x8a\xa8\xa9\xaf]|\xe2\x81\x9f|\xe3\x80\x80)"
_LEADING_SPACE = re.compile(_SPACE + rb"++")
_LAST_SPACE = re.compile(rb".*?(%b)\Z" % _SPACE, re.DOTALL)


def trim(text: bytes) -> bytes:
    """Without blanks and control characters at both ends."""
    return text.strip(BLANKS)


def trim_space(text: bytes) -> bytes:
    """Go's bytes.TrimSpace: without Unicode white space at both ends."""
    text = text.strip(b"\t\n\v\f\r ")
    if leading := _LEADING_SPACE.match(text):
        text = text[leading.end() :]
    while text and text[-1] >= 0x80 and (last := _LAST_SPACE.match(text[-3:])):
        text = text[: -len(last[1])].rstrip(b"\t\n\v\f\r ")
    return text
