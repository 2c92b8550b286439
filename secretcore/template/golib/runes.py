"""Go's unicode package: rune classes and single-rune case mapping, and the strings functions built on them.

Input: Go strings (str with surrogateescape). Output: Go strings. Python's own methods map one character to
several (the sharp s), know more spaces, and look at context (the final sigma); Go does none of that.
"""

import unicodedata

SPACES = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""unicode.IsSpace, for str.strip."""

RUNE_ERROR = "\ufffd"
_SPACE_SET = frozenset(SPACES)


def is_space(char: str) -> bool:
    """unicode.IsSpace."""
    return char in _SPACE_SET


def is_upper(char: str) -> bool:
    """unicode.IsUpper."""
    return unicodedata.category(char) == "Lu"


def is_lower(char: str) -> bool:
    """unicode.IsLower."""
    return unicodedata.category(char) == "Ll"


def is_title(char: str) -> bool:
    """unicode.IsTitle."""
    return unicodedata.category(char) == "Lt"


def is_letter(char: str) -> bool:
    """unicode.IsLetter."""
    return unicodedata.category(char)[0] == "L"


def is_digit(char: str) -> bool:
    """unicode.IsDigit."""
    return unicodedata.category(char) == "Nd"


def is_number(char: str) -> bool:
    """unicode.IsNumber."""
    return unicodedata.category(char)[0] == "N"


def is_punct(char: str) -> bool:
    """unicode.IsPunct."""
    return unicodedata.category(char)[0] == "P"


def is_raw(char: str) -> bool:
    """Whether the character stands for a byte that is no UTF-8."""
    return "\ud800" <= char <= "\udfff"


def to_upper(char: str) -> str:
    """unicode.ToUpper: the one-to-one mapping."""
    mapped = char.upper()
    if len(mapped) == 1:
        return mapped
    return to_title(char)


def to_lower(char: str) -> str:
    """unicode.ToLower."""
    return "i" if char == "\u0130" else char.lower()


def to_title(char: str) -> str:
    """unicode.ToTitle."""
    mapped = char.title()
    return mapped if len(mapped) == 1 else char


def clean_runes(value: str) -> str:
    """The string as []rune and back leaves it: each byte that is no UTF-8 becomes U+FFFD."""
    if value.isascii():
        return value
    return "".join(RUNE_ERROR if is_raw(char) else char for char in value)


def upper(value: str) -> str:
    """strings.ToUpper."""
    return value.upper() if value.isascii() else "".join(map(to_upper, clean_runes(value)))


def lower(value: str) -> str:
    """strings.ToLower."""
    return value.lower() if value.isascii() else "".join(map(to_lower, clean_runes(value)))


def _separates(char: str) -> bool:
    if char <= "\x7f":
        return not (char.isalnum() or char == "_")
    return False if is_letter(char) or is_digit(char) else is_space(char)


def title(value: str) -> str:
    """strings.Title: the first letter of every word in title case, the others as they are."""
    previous = " "
    out = []
    for char in clean_runes(value):
        out.append(to_title(char) if _separates(previous) else char)
        previous = char
    return "".join(out)


def untitle(value: str) -> str:
    """goutils.Uncapitalize: the first letter after every space in lower case."""
    start = True
    out = []
    for char in clean_runes(value):
        if is_space(char):
            start = True
        elif start:
            start = False
            out.append(to_lower(char))
            continue
        out.append(char)
    return "".join(out)


def swap_case(value: str) -> str:
    """goutils.SwapCase: a small letter at the start of a word goes to title case, elsewhere to upper case."""
    start = True
    out = []
    for char in clean_runes(value):
        if is_upper(char) or is_title(char):
            out.append(to_lower(char))
            start = False
        elif is_lower(char):
            out.append(to_title(char) if start else to_upper(char))
            start = False
        else:
            out.append(char)
            start = is_space(char)
    return "".join(out)
