"""Days and instants without limits: Go's time knows any year, Python's datetime only 1 to 9999.

Input: seconds since 1970, years and days. Output: the fields of a day, offsets of time zones.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")

ZERO_SECONDS = -62135596800
"""Go's zero time, 1 January of year 1, in seconds since 1970."""

_FIRST, _LAST = -62135596800 + 172800, 253402300799 - 172800
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

ZoneSource = Callable[[str], tzinfo | None]
"""The time zone of a name, None where there is none."""


class Zone(NamedTuple):
    """A time zone as an instant sees it: a named one with rules, or a fixed one."""

    rules: tzinfo | None = None
    offset: int = 0
    name: str = "UTC"

    def at(self, seconds: int) -> tuple[int, str]:
        """Offset from UTC in seconds, and abbreviation, at an instant."""
        if self.rules is None:
            return self.offset, self.name
        there = (_EPOCH + timedelta(seconds=min(max(seconds, _FIRST), _LAST))).astimezone(self.rules)
        offset = there.utcoffset() or timedelta()
        return int(offset.total_seconds()), there.tzname() or ""


UTC_ZONE = Zone()


class Civil(NamedTuple):
    """A day and a time of day; weekday counts from Sunday, yearday from 1."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int
    weekday: int
    yearday: int


def is_leap(year: int) -> bool:
    """Whether the Gregorian year has 366 days."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def days_in(month: int, year: int) -> int:
    """Days of a month, 1 to 12."""
    if month == 2:
        return 29 if is_leap(year) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def days_from_civil(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01; month and day may lie outside their ranges, as in Go's time.Date."""
    year += (month - 1) // 12
    month = (month - 1) % 12 + 1
    year -= month <= 2
    era = year // 400
    of_era = year - era * 400
    of_year = (153 * ((month + 9) % 12) + 2) // 5
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year + day - 1 - 719468


def civil(seconds: int) -> Civil:
    """The day and time of day of a count of seconds since 1970, both in the same zone."""
    days, rest = divmod(seconds, 86400)
    shifted = days + 719468
    era, of_era = divmod(shifted, 146097)
    year_of_era = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted_month = (5 * of_year + 2) // 153
    day = of_year - (153 * shifted_month + 2) // 5 + 1
    month = shifted_month + 3 if shifted_month < 10 else shifted_month - 9
    year = year_of_era + era * 400 + (month <= 2)
    hour, rest = divmod(rest, 3600)
    minute, second = divmod(rest, 60)
    yearday = days - days_from_civil(year, 1, 1) + 1
    return Civil(year, month, day, hour, minute, second, (days + 4) % 7, yearday)
