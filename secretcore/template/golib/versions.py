"""Semantic versions as Masterminds/semver reads them: `v` and missing parts allowed, order with prereleases.

Input: texts from the semver functions. Output: Version values; version_constraints checks them.
"""

import re
from typing import NamedTuple

from secretcore.template.golib.integers import MAX_UINT64

_LOOSE = re.compile(
    r"v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?"
    r"(?:-([0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*))?"
    r"(?:\+([0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*))?\Z"
)


class VersionError(ValueError):
    """The text is no version; the message is the library's and doesn't quote it."""


class Version(NamedTuple):
    """A parsed version; `original` is the text it came from."""

    major: int
    minor: int
    patch: int
    pre: str = ""
    metadata: str = ""
    original: str = ""

    def __str__(self) -> str:
        pre = f"-{self.pre}" if self.pre else ""
        metadata = f"+{self.metadata}" if self.metadata else ""
        return f"{self.major}.{self.minor}.{self.patch}{pre}{metadata}"


def parse_version(text: str) -> Version:
    """NewVersion, which fills in what is missing. VersionError."""
    found = _LOOSE.match(text)
    if found is None:
        raise VersionError("invalid semantic version")
    numbers = [_segment(part or "0") for part in found.groups()[:3]]
    pre, metadata = found[4] or "", found[5] or ""
    if pre:
        check_prerelease(pre)
    return Version(numbers[0], numbers[1], numbers[2], pre, metadata, text)


def _segment(digits: str) -> int:
    number = int(digits) if len(digits) <= 100 else MAX_UINT64 + 1
    if number > MAX_UINT64:
        raise VersionError(
            f"error parsing version segment: strconv.ParseUint: parsing a text of {len(digits)} bytes: "
            "value out of range"
        )
    return number


def check_prerelease(text: str) -> None:
    """VersionError if the text can't be a prerelease."""
    for part in text.split("."):
        if part.isascii() and part.isdigit():
            if len(part) > 1 and part[0] == "0":
                raise VersionError("version segment starts with 0")
        elif not re.fullmatch(r"[0-9A-Za-z\-]+", part):
            raise VersionError("invalid prerelease string")


def check_metadata(text: str) -> None:
    """VersionError if the text can't be build metadata."""
    if not all(re.fullmatch(r"[0-9A-Za-z\-]+", part) for part in text.split(".")):
        raise VersionError("invalid metadata string")


def compare(left: Version, right: Version) -> int:
    """-1, 0 or 1; metadata doesn't count."""
    ours, theirs = left[:3], right[:3]
    if ours != theirs:
        return 1 if ours > theirs else -1
    if left.pre == right.pre:
        return 0
    if not left.pre or not right.pre:
        return 1 if not left.pre else -1
    return compare_prerelease(left.pre, right.pre)


def compare_prerelease(left: str, right: str) -> int:
    """Part by part: numbers by value and before words, words by their bytes, fewer parts first."""
    ours, theirs = left.split("."), right.split(".")
    for index in range(max(len(ours), len(theirs))):
        mine = ours[index] if index < len(ours) else ""
        other = theirs[index] if index < len(theirs) else ""
        if mine != other:
            return _compare_part(mine, other)
    return 0


def _compare_part(mine: str, other: str) -> int:
    if not mine or not other:
        return 1 if mine else -1
    our_number, their_number = _number(mine), _number(other)
    if our_number is None and their_number is None:
        return 1 if mine > other else -1
    if their_number is None:
        return -1
    if our_number is None:
        return 1
    return 1 if our_number > their_number else -1


def _number(part: str) -> int | None:
    if not part.isdigit() or len(part) > 20:
        return None
    number = int(part)
    return number if number <= MAX_UINT64 else None
