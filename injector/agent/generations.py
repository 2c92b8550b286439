"""Names of generations: directories of a volume, each with one whole set of files, named by time so that their names
sort as they were made. Pure; `files` makes and removes them.
"""

from __future__ import annotations

import calendar
import re
import time
from collections.abc import Iterable

_NAME = re.compile(r"\.\.(\d{4})_(0[1-9]|1[0-2])_(0[1-9]|[12]\d|3[01])_([01]\d|2[0-3])_([0-5]\d)_([0-5]\d)\.(\d{9})")
_SECOND = 1_000_000_000
_DAY = 86_400 * _SECOND


def is_generation(name: str) -> bool:
    """Whether a name is one that `name_after` makes."""
    return _NAME.fullmatch(name) is not None


def name_after(existing: Iterable[str], now: int) -> str:
    """A name for a generation that is made now (nanoseconds since the epoch): later than all that exist, even where
    the clock went back. Names from a farther future than a day are nobody's.
    """
    made = (_nanoseconds(name) for name in existing if is_generation(name))
    nanoseconds = max([now, *(time + 1 for time in made if time < now + _DAY)])
    seconds, rest = divmod(nanoseconds, _SECOND)
    return f"..{time.strftime('%Y_%m_%d_%H_%M_%S', time.gmtime(seconds))}.{rest:09d}"


def outdated(existing: Iterable[str], current: str | None, keep: int) -> list[str]:
    """The generations that may go: all but the current one and the `keep` last before it. Later ones were never
    finished.
    """
    names = sorted(filter(is_generation, existing))
    before = [name for name in names if current is not None and name < current]
    kept = {current, *before[len(before) - min(keep, len(before)) :]}
    return [name for name in names if name not in kept]


def _nanoseconds(name: str) -> int:
    found = _NAME.fullmatch(name)
    assert found is not None
    *date, rest = map(int, found.groups())
    return calendar.timegm((*date, 0, 1, 0)) * _SECOND + rest
