"""Version constraints as Masterminds/semver reads them: `>=1.2, <2 || ~3.1 || 1.2 - 1.4 || 1.x`.

Input: the constraint's text and a Version. Output: whether it holds. The grammar is matched with RE2, as
the library's own is, because constraints may come from tenants.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from secretcore.template.golib.versions import (
    Version,
    VersionError,
    compare,
    compare_prerelease,
    parse_version,
)

_PART = r"[0-9|xX*]+"
_TAIL = r"(?:-([0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*))?(?:\+[0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*)?"
_VERSION = rf"v?({_PART})(\.{_PART})?(\.{_PART})?{_TAIL}"
_OPERATOR = r"!=|>=|=>|<=|=<|~>|[=<>~^]|"


class Bound(NamedTuple):
    """One comparison; the flags tell which parts were left open (`1.x`, `1.2`)."""

    operator: str
    version: Version
    open_minor: bool = False
    open_patch: bool = False
    open_any: bool = False


@lru_cache(maxsize=1)
def _patterns() -> dict[str, Any]:
    import re2

    item = rf"(?:{_OPERATOR})\s*{_plain()}"
    return {
        "valid": re2.compile(rf"\A\s*{item}\s*(?:(?:\s+|,\s*){item}\s*)*\z"),
        "item": re2.compile(rf"({_OPERATOR})\s*{_VERSION}"),
        "range": re2.compile(rf"\s*({_plain()})\s+-\s+({_plain()})\s*"),
    }


def _plain() -> str:
    """The version's grammar without groups."""
    return rf"v?{_PART}(?:\.{_PART})?(?:\.{_PART})?" + _TAIL.replace("-([", "-(?:[")


@lru_cache(maxsize=64)
def parse_constraint(text: str) -> tuple[tuple[Bound, ...], ...]:
    """Alternatives (`||`) of bounds that must all hold. VersionError, which doesn't quote the text."""
    if not text.isascii():
        raise VersionError("improper constraint")
    patterns = _patterns()
    text = patterns["range"].sub(_as_bounds, text)
    return tuple(_alternative(part) for part in text.split("||"))


def _as_bounds(found: Any) -> str:
    return f">= {found[1]}, <= {found[2]} "


def _alternative(text: str) -> tuple[Bound, ...]:
    patterns = _patterns()
    if not patterns["valid"].search(text):
        raise VersionError("improper constraint")
    return tuple(_bound(found.groups()) for found in patterns["item"].finditer(text))


def _bound(groups: tuple[str | None, ...]) -> Bound:
    operator, major, minor, patch, pre = (group or "" for group in groups)
    suffix = f"-{pre}" if pre else ""
    minor, patch = minor.removeprefix("."), patch.removeprefix(".")
    try:
        if major in ("x", "X", "*"):
            return Bound(operator, parse_version(f"0.0.0{suffix}"), open_any=True)
        if minor in ("", "x", "X", "*"):
            return Bound(operator, parse_version(f"{major}.0.0{suffix}"), open_minor=True, open_any=True)
        if patch in ("", "x", "X", "*"):
            return Bound(operator, parse_version(f"{major}.{minor}.0{suffix}"), open_patch=True, open_any=True)
        return Bound(operator, parse_version(f"{major}.{minor}.{patch}{suffix}"))
    except VersionError:
        raise VersionError("constraint parser error") from None


def satisfies(version: Version, alternatives: tuple[tuple[Bound, ...], ...]) -> bool:
    """Whether one alternative holds; prereleases count only where the alternative names one."""
    for bounds in alternatives:
        if version.pre and not any(bound.version.pre for bound in bounds):
            continue
        if all(_CHECKS[bound.operator](version, bound) for bound in bounds):
            return True
    return False


def _not_equal(version: Version, bound: Bound) -> bool:
    if bound.open_any:
        if bound.version.major != version.major:
            return True
        if bound.version.minor != version.minor and not bound.open_minor:
            return True
        if bound.open_minor:
            return False
        if bound.version.patch != version.patch and not bound.open_patch:
            return True
        if bound.open_patch:
            either = bool(version.pre or bound.version.pre)
            return either and compare_prerelease(version.pre, bound.version.pre) != 0
    return compare(version, bound.version) != 0


def _greater(version: Version, bound: Bound) -> bool:
    if not bound.open_any or version.major != bound.version.major:
        return compare(version, bound.version) > 0 if not bound.open_any else version.major > bound.version.major
    if bound.open_minor:
        return False
    if bound.open_patch:
        return version.minor > bound.version.minor
    return compare(version, bound.version) > 0


def _less(version: Version, bound: Bound) -> bool:
    return compare(version, bound.version) < 0


def _at_least(version: Version, bound: Bound) -> bool:
    return compare(version, bound.version) >= 0


def _at_most(version: Version, bound: Bound) -> bool:
    if not bound.open_any:
        return compare(version, bound.version) <= 0
    if version.major > bound.version.major:
        return False
    same_major = version.major == bound.version.major
    return not (same_major and version.minor > bound.version.minor and not bound.open_minor)


def _tilde(version: Version, bound: Bound) -> bool:
    if compare(version, bound.version) < 0:
        return False
    if bound.version[:3] == (0, 0, 0) and not bound.open_minor and not bound.open_patch:
        return True
    if version.major != bound.version.major:
        return False
    return version.minor == bound.version.minor or bound.open_minor


def _tilde_or_equal(version: Version, bound: Bound) -> bool:
    return _tilde(version, bound) if bound.open_any else compare(version, bound.version) == 0


def _caret(version: Version, bound: Bound) -> bool:
    if compare(version, bound.version) < 0:
        return False
    if bound.version.major > 0 or bound.open_minor:
        return version.major == bound.version.major
    if version.major > 0:
        return False
    if bound.version.minor > 0 or bound.open_patch:
        return version.minor == bound.version.minor
    return version.minor == 0 and version.patch == bound.version.patch


_CHECKS: dict[str, Callable[[Version, Bound], bool]] = {
    "": _tilde_or_equal, "=": _tilde_or_equal, "!=": _not_equal, ">": _greater, "<": _less,
    ">=": _at_least, "=>": _at_least, "<=": _at_most, "=<": _at_most,
    "~": _tilde, "~>": _tilde, "^": _caret,
}  # fmt: skip
