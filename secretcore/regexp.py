"""Go's regular expressions, in time linear in the text.

Patterns come from tenants (`find.name.regexp`, rewrites, conditions, templates) and mean here what they mean
in Go. RE2 is the engine, which only this module imports; iterating, expanding and splitting follow Go. Texts
are str in which bytes that are not UTF-8 are surrogateescape-d; such a byte is read as U+FFFD, as in Go.
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import re2

MAX_PATTERN: Final = 16 << 10  # characters
MAX_MEMORY: Final = 8 << 20  # bytes that one compiled pattern and its automata may take

Span = tuple[int, int]

_ANY_BYTE = re.compile(r"\\Q.*?(?:\\E|\Z)|\\C|\\.", re.DOTALL)
_HALF_PAIR = re.compile("[\ud800-\udfff]")
_META = re.compile(r"[\\.+*?()|\[\]{}^$]")


class Regexp:
    """A compiled pattern. `compile` makes it."""

    __slots__ = ("_engine", "_names", "pattern")

    def __init__(self, pattern: str) -> None:
        self.pattern: Final = pattern
        self._engine = _compiled(pattern.encode())
        self._names = {name.decode(): group for name, group in self._engine.groupindex.items()}

    def __repr__(self) -> str:
        return f"Regexp({self.pattern!r})"

    def match(self, text: str) -> bool:
        """Whether the pattern occurs anywhere in the text."""
        return next(_Subject(text).searches(self._engine, 0), None) is not None

    def find(self, text: str) -> str:
        """The leftmost match; empty where there is none, as in Go."""
        return next(iter(self.find_all(text, 1)), "")

    def find_all(self, text: str, n: int = -1, charge: Callable[[int], None] | None = None) -> list[str]:
        """All matches, or the first n; every one if n is negative. `charge` is told before each how much text there
        is still to be searched, which one match may take; it may raise.
        """
        return [text[start:end] for start, end in self._spans(text, n, charge)]

    def replace_all(self, text: str, replacement: str) -> str:
        """Every match replaced; in the replacement `$1`, `${name}` and `$$` are expanded as in Go."""
        parts = _template(replacement)
        if all(isinstance(part, str) for part in parts):
            literal = "".join(part for part in parts if isinstance(part, str))
            return self._replace(text, lambda groups: literal)
        return self._replace(text, lambda groups: "".join(self._expand(part, text, groups) for part in parts))

    def replace_all_literal(self, text: str, replacement: str) -> str:
        """Every match replaced by the replacement as it is."""
        return self._replace(text, lambda groups: replacement)

    def split(self, text: str, n: int = -1) -> list[str]:
        """The texts between the matches, at most n of them; none for 0, all if n is negative."""
        if n == 0:
            return []
        if self.pattern and not text:
            return [""]
        pieces: list[str] = []
        begin = end = 0
        for span in self._spans(text, n):
            if len(pieces) == n - 1:
                break
            end = span[0]
            if span[1]:
                pieces.append(text[begin:end])
            begin = span[1]
        if end != len(text):
            pieces.append(text[begin:])
        return pieces

    def _spans(self, text: str, n: int, charge: Callable[[int], None] | None = None) -> Iterator[Span]:
        """The matches that Go reports: none that is empty and directly follows another."""
        last_end = -1
        found = 0
        if n == 0:
            return
        for position, groups in _Subject(text).searches(self._engine, 0):
            start, end = groups[0]
            if charge is not None:
                charge(len(text) - position)
            if not (end == position and start == last_end):
                found += 1
                yield start, end
                if found == n:
                    return
            last_end = end

    def _replace(self, text: str, replacement: "Callable[[list[Span]], str]") -> str:
        pieces = []
        last_end = 0
        for _, groups in _Subject(text).searches(self._engine, self._engine.groups):
            start, end = groups[0]
            pieces.append(text[last_end:start])
            if end > last_end or start == 0:
                pieces.append(replacement(groups))
            last_end = end
        pieces.append(text[last_end:])
        return "".join(pieces)

    def _expand(self, part: "str | _Reference", text: str, groups: list[Span]) -> str:
        if isinstance(part, str):
            return part
        group = self._names.get(part.name, -1) if part.number < 0 else part.number
        if not 0 <= group < len(groups):
            return ""
        start, end = groups[group]
        return text[start:end] if start >= 0 else ""


class _Subject:
    """A text as RE2 reads it, and the way back from its byte offsets to positions in the text."""

    __slots__ = ("_starts", "encoded")

    def __init__(self, text: str) -> None:
        self._starts: list[int] | None = None
        if text.isascii():
            self.encoded = text.encode()
            return
        self.encoded = _HALF_PAIR.sub("\ufffd", text).encode()
        widths = (len(character.encode("utf-8", "replace")) for character in _HALF_PAIR.sub("\ufffd", text))
        self._starts = list(accumulate(widths, initial=0))

    def searches(self, engine: "re2._Regexp", groups: int) -> Iterator[tuple[int, list[Span]]]:
        """Each match with where its search began; the next search begins after it, or a character further."""
        offset = 0
        while offset <= len(self.encoded):
            match = self._search(engine, offset)
            if match is None:
                return
            yield self._position(offset), [self._span(match.span(group)) for group in range(groups + 1)]
            offset = match.end() if match.end() > offset else self._after(offset)

    def _search(self, engine: "re2._Regexp", offset: int) -> "re2._Match | None":
        """The next match that begins where a character does: RE2 also finds empty ones inside one."""
        match = engine.search(self.encoded, offset)
        while match is not None and self._starts is not None:
            start = match.start()
            following = self._starts[bisect_left(self._starts, start)]
            if following == start:
                break
            match = engine.search(self.encoded, following)
        return match

    def _after(self, offset: int) -> int:
        """The offset one character further, past the text at its end."""
        if self._starts is None or offset == len(self.encoded):
            return offset + 1
        return self._starts[bisect_left(self._starts, offset) + 1]

    def _position(self, offset: int) -> int:
        return offset if self._starts is None or offset < 0 else bisect_left(self._starts, offset)

    def _span(self, span: Span) -> Span:
        return self._position(span[0]), self._position(span[1])


class _Reference:
    """`$1` or `${name}` of a replacement; the number is -1 for a name."""

    __slots__ = ("name", "number")

    def __init__(self, name: str) -> None:
        self.name: Final = name
        numeric = name.isascii() and name.isdigit() and (name == "0" or name[0] != "0") and len(name) < 10
        self.number: Final = int(name) if numeric else -1


def _template(replacement: str) -> "list[str | _Reference]":
    """The replacement taken apart. A `$` that begins no reference stands for itself."""
    parts: list[str | _Reference] = []
    i = 0
    while (dollar := replacement.find("$", i)) >= 0:
        parts.append(replacement[i:dollar])
        i = dollar + 1
        if replacement.startswith("$", i):
            parts.append("$")
            i += 1
            continue
        braced = replacement.startswith("{", i)
        end = begin = i + braced
        while end < len(replacement) and _in_name(replacement[end]):
            end += 1
        if end == begin or (braced and not replacement.startswith("}", end)):
            parts.append("$")
            continue
        parts.append(_Reference(replacement[begin:end]))
        i = end + braced
    parts.append(replacement[i:])
    return parts


def _in_name(character: str) -> bool:
    return character == "_" or character.isalpha() or unicodedata.category(character) == "Nd"


@lru_cache(maxsize=256)
def compile(pattern: str) -> Regexp:  # noqa: A001
    """The pattern, compiled; compiled patterns are kept, the least used ones forgotten.

    Raises ValueError with a sentence that names the pattern where it is not Go's syntax or too large.
    """
    if len(pattern) > MAX_PATTERN:
        raise ValueError(
            f"regular expression {pattern[:40]!r}... has {len(pattern)} characters, {MAX_PATTERN} are allowed"
        )
    reason = ""
    if _HALF_PAIR.search(pattern):
        reason = "invalid UTF-8"
    elif r"\C" in (token[0] for token in _ANY_BYTE.finditer(pattern)):
        reason = r"invalid escape sequence: \C"
    else:
        import re2  # noqa: PLC0415  # see `_compiled`

        try:
            return Regexp(pattern)
        except re2.error as error:
            reason = _reason(error)
    raise ValueError(f"regular expression {pattern!r} is not valid: {reason}")


def _compiled(pattern: bytes) -> "re2._Regexp":
    """RE2 is imported with the first pattern: most ExternalSecrets have none, and an agent counts every millisecond."""
    import re2  # noqa: PLC0415

    options = re2.Options()
    options.max_mem = MAX_MEMORY
    options.log_errors = False  # RE2 would write the pattern to standard error
    return re2.compile(pattern, options)


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else ""
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)


def quote_meta(text: str) -> str:
    """A pattern that matches exactly this text."""
    return _META.sub(r"\\\g<0>", text)
