"""time.Time, time.Duration, time.Month and time.Weekday as template values, with the methods a template may
call.

Made by the date functions. Methods are an allow-list: what reads the world or needs types that templates
can't make is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from secretcore.durations import SECOND
from secretcore.template.declare import Function, function
from secretcore.template.golib import durations
from secretcore.template.golib.calendar import (
    MONTHS,
    UTC_ZONE,
    WEEKDAYS,
    ZERO_SECONDS,
    Civil,
    Zone,
    civil,
    days_from_civil,
)
from secretcore.template.golib.integers import divide
from secretcore.template.golib.layouts import Instant, format_time
from secretcore.template.gotypes import GoType, named_type
from secretcore.template.values import GoObject, Int64

_RFC3339 = "2006-01-02T15:04:05.999999999Z07:00"
_AS_STRING = "2006-01-02 15:04:05.999999999 -0700 MST"


class Duration(Int64):
    """time.Duration: nanoseconds."""

    __slots__ = ()
    go_type: ClassVar[GoType] = named_type("time.Duration", "int64")
    methods: ClassVar[Mapping[str, Function]] = {}

    def go_string(self) -> str:
        """1h30m0s."""
        return durations.show(self)


class Month(int):
    """time.Month: 1 to 12, printed by its name."""

    __slots__ = ()
    go_type: ClassVar[GoType] = named_type("time.Month", "int")
    methods: ClassVar[Mapping[str, Function]] = {}

    def go_string(self) -> str:
        """January."""
        return MONTHS[self - 1]


class Weekday(int):
    """time.Weekday: 0, which is Sunday, to 6."""

    __slots__ = ()
    go_type: ClassVar[GoType] = named_type("time.Weekday", "int")
    methods: ClassVar[Mapping[str, Function]] = {}

    def go_string(self) -> str:
        """Sunday."""
        return WEEKDAYS[self]


@dataclass(frozen=True, slots=True, repr=False)
class Time(GoObject):
    """time.Time: an instant in nanoseconds since 1970, seen from a zone."""

    go_type: ClassVar[GoType] = named_type("time.Time", "struct")
    nanos: int = ZERO_SECONDS * SECOND
    zone: Zone = UTC_ZONE

    @property
    def seconds(self) -> int:
        """Whole seconds since 1970."""
        return self.nanos // SECOND

    @property
    def calendar(self) -> Civil:
        """Day and time of day in the zone."""
        return civil(self.seconds + self.zone.at(self.seconds)[0])

    def format(self, layout: str) -> str:
        """Time.Format."""
        offset, name = self.zone.at(self.seconds)
        return format_time(layout, Instant(civil(self.seconds + offset), self.nanos % SECOND, offset, name))

    def go_string(self) -> str:
        """2006-01-02 15:04:05 +0000 UTC."""
        return self.format(_AS_STRING)

    def to_json(self) -> str:
        """RFC 3339 with nanoseconds."""
        return self.format(_RFC3339)

    def since(self, then: "Time") -> int:
        """Nanoseconds from then to this instant, within Go's limits."""
        return durations.clamp(self.nanos - then.nanos)


ZERO = Time()


def from_datetime(moment: datetime) -> Time:
    """The Go time of a Python one that has a zone; shown in UTC, as a container without TZ does."""
    days = days_from_civil(moment.year, moment.month, moment.day)
    seconds = days * 86400 + moment.hour * 3600 + moment.minute * 60 + moment.second
    offset = moment.utcoffset()
    seconds -= int(offset.total_seconds()) if offset else 0
    return Time(seconds * SECOND + moment.microsecond * 1000)


def from_seconds(seconds: int) -> Time:
    """time.Unix(seconds, 0)."""
    return Time(seconds * SECOND)


def _add_date(moment: Time, years: int, months: int, days: int) -> Time:
    now = moment.calendar
    day = days_from_civil(now.year + years, now.month + months, now.day + days)
    seconds = day * 86400 + now.hour * 3600 + now.minute * 60 + now.second
    seconds -= moment.zone.at(seconds - moment.zone.at(moment.seconds)[0])[0]
    return Time(seconds * SECOND + moment.nanos % SECOND, moment.zone)


def _compare(moment: Time, other: Time) -> int:
    return (moment.nanos > other.nanos) - (moment.nanos < other.nanos)


Time.methods = {
    "Format": function("func(string) string", Time.format),
    "String": function("func() string", Time.go_string),
    "Unix": function("func() int64", lambda moment: moment.seconds),
    "UnixMilli": function("func() int64", lambda moment: moment.nanos // 1_000_000),
    "UnixMicro": function("func() int64", lambda moment: moment.nanos // 1000),
    "UnixNano": function("func() int64", lambda moment: moment.nanos),
    "Year": function("func() int", lambda moment: moment.calendar.year),
    "Month": function("func() time.Month", lambda moment: Month(moment.calendar.month)),
    "Day": function("func() int", lambda moment: moment.calendar.day),
    "Hour": function("func() int", lambda moment: moment.calendar.hour),
    "Minute": function("func() int", lambda moment: moment.calendar.minute),
    "Second": function("func() int", lambda moment: moment.calendar.second),
    "Nanosecond": function("func() int", lambda moment: moment.nanos % SECOND),
    "Weekday": function("func() time.Weekday", lambda moment: Weekday(moment.calendar.weekday)),
    "YearDay": function("func() int", lambda moment: moment.calendar.yearday),
    "UTC": function("func() time.Time", lambda moment: Time(moment.nanos)),
    "Local": function("func() time.Time", lambda moment: Time(moment.nanos)),
    "IsZero": function("func() bool", lambda moment: moment.nanos == ZERO.nanos),
    "Before": function("func(time.Time) bool", lambda moment, other: moment.nanos < other.nanos),
    "After": function("func(time.Time) bool", lambda moment, other: moment.nanos > other.nanos),
    "Equal": function("func(time.Time) bool", lambda moment, other: moment.nanos == other.nanos),
    "Compare": function("func(time.Time) int", _compare),
    "Sub": function("func(time.Time) time.Duration", lambda moment, other: Duration(moment.since(other))),
    "Add": function(
        "func(time.Duration) time.Time", lambda moment, length: Time(moment.nanos + int(length), moment.zone)
    ),
    "AddDate": function("func(int, int, int) time.Time", _add_date),
}
Duration.methods = {
    "String": function("func() string", Duration.go_string),
    "Hours": function("func() float64", lambda length: length / (3600 * SECOND)),
    "Minutes": function("func() float64", lambda length: length / (60 * SECOND)),
    "Seconds": function("func() float64", lambda length: length / SECOND),
    "Milliseconds": function("func() int64", lambda length: divide(int(length), 1_000_000)),
    "Microseconds": function("func() int64", lambda length: divide(int(length), 1000)),
    "Nanoseconds": function("func() int64", int),
}
Month.methods = {"String": function("func() string", Month.go_string)}
Weekday.methods = {"String": function("func() string", Weekday.go_string)}
