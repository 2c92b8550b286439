"""Snake, kebab and Pascal case as huandu/xstrings makes them: where a word ends, and what joins the words.

Input and output: Go strings. The functions snakecase, kebabcase and camelcase are these.
"""

from collections.abc import Callable
from enum import Enum, auto

from secretcore.template.golib import runes


class Word(Enum):
    """Kinds of stretches that a string is cut into."""

    INVALID = auto()
    NUMBER = auto()
    UPPER = auto()
    ALPHABET = auto()
    CONNECTOR = auto()
    PUNCTUATION = auto()
    OTHER = auto()


_JOINED = (Word.CONNECTOR, Word.PUNCTUATION)
_MORE = (Word.ALPHABET, Word.NUMBER)


def _connects(char: str) -> bool:
    return char in "-_" or runes.is_space(char)


def _alphabetic(char: str) -> bool:
    """A letter, but no CJK ideograph of the common blocks."""
    if not runes.is_letter(char):
        return False
    return not ("\u4e00" <= char <= "\u9fcc" or "\u3400" <= char <= "\u4d85" or "\U00020000" <= char <= "\U0002b81d")


def _small(char: str) -> bool:
    return _alphabetic(char) and not runes.is_upper(char)


class _Scanner:
    """Cuts a string into words; `kind` and `word` are the current one."""

    def __init__(self, value: str) -> None:
        self.value = value
        self.at = 0
        self.kind = Word.INVALID
        self.word = ""

    @property
    def left(self) -> bool:
        return self.at < len(self.value)

    def _peek(self, at: int, previous: str) -> tuple[str, int]:
        """The next proper character and where it ends; the previous one at the end of the string."""
        while at < len(self.value):
            char = self.value[at]
            at += 1
            if char != runes.RUNE_ERROR and not runes.is_raw(char):
                return char, at
        return previous, at

    def _take_while(self, at: int, char: str, accepts: Callable[[str], bool]) -> int:
        while at < len(self.value):
            char, following = self._peek(at, char)
            if not accepts(char):
                break
            at = following
        return at

    def next(self) -> None:
        """Move on to the next word; INVALID and empty at the end."""
        start = self.at
        self.kind, self.word = Word.INVALID, ""
        if start >= len(self.value):
            return
        char, at = self._peek(start, runes.RUNE_ERROR)
        if char == runes.RUNE_ERROR:
            self.word, self.at = self.value[start:at], at
            return
        self.kind, end = self._extent(char, at)
        self.word, self.at = self.value[start:end], end

    def _extent(self, char: str, at: int) -> tuple[Word, int]:
        if _connects(char):
            return Word.CONNECTOR, self._take_while(at, char, _connects)
        if runes.is_punct(char):
            return Word.PUNCTUATION, self._take_while(at, char, runes.is_punct)
        if runes.is_upper(char):
            return Word.UPPER, self._upper(char, at)
        if _alphabetic(char):
            return Word.ALPHABET, self._take_while(at, char, _small)
        if runes.is_number(char):
            return Word.NUMBER, self._take_while(at, char, runes.is_number)
        return Word.OTHER, self._take_while(at, char, _other)

    def _upper(self, char: str, at: int) -> int:
        """The end of a word that starts with a capital: HTTP of HTTPStatus, Status of StatusCode."""
        if at >= len(self.value):
            return at
        char, following = self._peek(at, char)
        if runes.is_upper(char):
            before, at = at, following
            while at < len(self.value):
                char, following = self._peek(at, char)
                if not runes.is_upper(char):
                    break
                before, at = at, following
            return before if at < len(self.value) and _alphabetic(char) else at
        return self._take_while(following, char, _small) if _alphabetic(char) else at


def _other(char: str) -> bool:
    return not (_connects(char) or _alphabetic(char) or runes.is_number(char) or runes.is_punct(char))


def _lowered(kind: Word, word: str, connector: str) -> str:
    if kind not in (Word.UPPER, Word.CONNECTOR):
        return word
    return "".join(
        connector if _connects(char) else runes.to_lower(char) if runes.is_upper(char) else char
        for char in runes.clean_runes(word)
    )


def _take_rest(scan: _Scanner, out: list[str], connector: str) -> None:
    """Letters and digits after a number belong to it."""
    while scan.kind in _MORE:
        out.append(_lowered(scan.kind, scan.word, connector))
        scan.next()
    if scan.kind not in (Word.INVALID, *_JOINED):
        out.append(connector)


def _number_after_word(scan: _Scanner, out: list[str], connector: str) -> None:
    """A number after a word: part of it (Bld4Floor), or the start of the next when letters follow
    (HTTP2xx).
    """
    number = scan.word
    scan.next()
    if scan.kind is not Word.ALPHABET:
        out.append(number)
        if scan.kind not in _JOINED:
            out.append(connector)
        return
    out += [connector, number]
    _take_rest(scan, out, connector)


def separate(value: str, connector: str) -> str:
    """xstrings.ToSnakeCase and ToKebabCase: words in lower case with the connector between them."""
    scan = _Scanner(value)
    scan.next()
    out: list[str] = []
    while scan.left:
        kind, word = scan.kind, scan.word
        if kind is not Word.CONNECTOR:
            out.append(_lowered(kind, word, connector))
        scan.next()
        if kind is Word.NUMBER:
            _take_rest(scan, out, connector)
        elif kind is Word.CONNECTOR:
            out.append(_lowered(kind, word, connector))
        elif kind is Word.PUNCTUATION:
            pass
        elif scan.kind is not Word.NUMBER:
            if scan.kind not in _JOINED:
                out.append(connector)
        elif scan.left:
            _number_after_word(scan, out, connector)
    out.append(_lowered(scan.kind, scan.word, connector))
    return "".join(out)


def pascal(value: str) -> str:
    """xstrings.ToPascalCase, sprig's camelcase: leading connectors stay, others join capitalised words."""
    chars = runes.clean_runes(value)
    start = next((i for i, char in enumerate(chars) if not _connects(char)), len(chars))
    if start == len(chars):
        return chars + chars[-1:]  # the library writes the last connector twice
    out = [chars[:start]]
    falling = runes.is_upper(chars[start])
    current = runes.to_upper(chars[start])
    for char in chars[start + 1 :]:
        previous, current = current, char
        if _connects(current) and _connects(previous):
            out.append(previous)
        elif _connects(previous):
            falling = runes.is_upper(current)
            current = runes.to_upper(current)
        else:
            if falling and runes.is_upper(current):
                current = runes.to_lower(current)
            elif falling:
                falling = False
            out.append(previous)
    return "".join([*out, current])
