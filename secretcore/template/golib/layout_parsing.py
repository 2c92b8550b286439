"""Parsing a time by a Go layout (time.ParseInLocation with a UTC location).

Input: layout and text. Output: seconds since 1970, nanoseconds and a zone; None where Go has an error. Go's
error quotes the text, which may be a secret, so there is no more to tell than that it failed.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

from secretcore.template.golib.calendar import (
    MONTHS,
    UTC_ZONE,
    WEEKDAYS,
    Zone,
    days_from_civil,
    days_in,
    is_leap,
)
from secretcore.template.golib.layouts import pieces


class Parsed(NamedTuple):
    """An instant and the zone that its text named."""

    seconds: int
    nanos: int
    zone: Zone


class _MismatchError(Exception):
    pass


@dataclass(slots=True)
class _State:
    text: str
    year: int = 0
    month: int = -1
    day: int = -1
    yearday: int = -1
    hour: int = 0
    minute: int = 0
    second: int = 0
    nanos: int = 0
    half: str = ""
    utc: bool = False
    offset: int | None = None
    zone_name: str = ""

    def take(self, count: int) -> str:
        if len(self.text) < count:
            raise _MismatchError
        taken, self.text = self.text[:count], self.text[count:]
        return taken

    def number(self, *, fixed: bool, most: int = 2) -> int:
        """One or two digits; exactly `most` when fixed."""
        found = re.match(rf"[0-9]{{1,{most}}}", self.text)
        if found is None or (fixed and len(found[0]) < most):
            raise _MismatchError
        return int(self.take(len(found[0])))

    def name(self, names: tuple[str, ...], length: int | None = None) -> int:
        """The index of the name that stands next, in any case of letters."""
        for index, name in enumerate(names):
            wanted = name[:length]
            if self.text[: len(wanted)].lower() == wanted.lower():
                self.take(len(wanted))
                return index
        raise _MismatchError


def parse_time(layout: str, text: str) -> Parsed | None:
    """Parse; None if the text doesn't follow the layout or names no day."""
    state = _State(text)
    parts = pieces(layout)
    try:
        for index, (literal, std) in enumerate(parts):
            _skip(state, literal)
            if std:
                following = parts[index + 1]
                _read(state, std, fraction_follows=not following.literal and following.std[:1] in (".", ","))
        return None if state.text else _finish(state)
    except _MismatchError:
        return None


def _skip(state: _State, literal: str) -> None:
    while literal:
        if literal[0] == " ":
            if state.text and state.text[0] != " ":
                raise _MismatchError
            literal, state.text = literal.lstrip(" "), state.text.lstrip(" ")
        elif state.text[:1] != literal[0]:
            raise _MismatchError
        else:
            literal, state.text = literal[1:], state.text[1:]


def _read(state: _State, std: str, *, fraction_follows: bool) -> None:
    if std[0] in "-Z" and len(std) > 1:
        _read_offset(state, std)
    elif std[0] in ".,":
        _read_fraction(state, std)
    elif std == "MST":
        _read_zone(state)
    elif std in ("15", "3", "03", "4", "04", "5", "05", "PM", "pm"):
        _read_clock(state, std, fraction_follows=fraction_follows)
    else:
        _read_day(state, std)


def _read_day(state: _State, std: str) -> None:
    match std:
        case "2006":
            state.year = _digits(state.take(4))
        case "06":
            year = _digits(state.take(2))
            state.year = year + (1900 if year >= 69 else 2000)
        case "January" | "Jan":
            state.month = state.name(MONTHS, None if std == "January" else 3) + 1
        case "Monday" | "Mon":
            state.name(WEEKDAYS, None if std == "Monday" else 3)
        case "1" | "01":
            state.month = _within(state.number(fixed=std == "01"), 1, 12)
        case "2" | "02" | "_2":
            if std == "_2":
                state.text = state.text.removeprefix(" ")
            state.day = state.number(fixed=std == "02")
        case _:
            if std == "__2":
                state.text = state.text.removeprefix(" ").removeprefix(" ")
            state.yearday = state.number(fixed=std == "002", most=3)


def _read_clock(state: _State, std: str, *, fraction_follows: bool) -> None:
    match std:
        case "15":
            state.hour = _within(state.number(fixed=False), 0, 23)
        case "3" | "03":
            state.hour = _within(state.number(fixed=std == "03"), 0, 12)
        case "4" | "04":
            state.minute = _within(state.number(fixed=std == "04"), 0, 59)
        case "5" | "05":
            state.second = _within(state.number(fixed=std == "05"), 0, 59)
            if not fraction_follows and re.match(r"[.,][0-9]", state.text):
                _read_fraction(state, ".9")
        case _:
            state.half = state.take(2)
            if state.half not in ((("AM"), "PM") if std == "PM" else ("am", "pm")):
                raise _MismatchError


def _digits(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise _MismatchError
    return int(text)


def _within(number: int, low: int, high: int) -> int:
    if not low <= number <= high:
        raise _MismatchError
    return number


def _read_fraction(state: _State, std: str) -> None:
    if std[1] == "0":
        digits = state.take(len(std))
        if digits[0] not in ".,":
            raise _MismatchError
        _digits(digits[1:])
    else:
        found = re.match(r"[.,][0-9]+", state.text)
        if found is None:
            return
        digits = state.take(len(found[0]))
    state.nanos = int(digits[1:10].ljust(9, "0"))


def _read_offset(state: _State, std: str) -> None:
    if std[0] == "Z" and state.text[:1] == "Z":
        state.take(1)
        state.utc = True
        return
    shape = std.replace("07", "([0-9]{2})", 1).replace("00", "([0-9]{2})")
    found = re.match(r"([+-])" + shape[1:], state.text)
    if found is None:
        raise _MismatchError
    state.take(len(found[0]))
    hours, minutes, seconds = (int(part) for part in (*found.groups()[1:], "0", "0")[:3])
    if hours > 24 or minutes > 60 or seconds > 60:
        raise _MismatchError
    offset = (hours * 60 + minutes) * 60 + seconds
    state.offset = -offset if found[1] == "-" else offset


_ZONE_NAME = re.compile(r"ChST|MeST|[A-Z]{4}T(?![A-Z])|[A-Z]{3}T(?![A-Z])|WITA(?![A-Z])|[A-Z]{3}(?![A-Z])")
_SIGNED_HOURS = re.compile(r"[+-]([0-9]+)")


def _read_zone(state: _State) -> None:
    if state.text.startswith("UTC"):
        state.take(3)
        state.utc = True
        return
    if state.text.startswith("GMT"):
        length = 3 + _signed_hours(state.text[3:])
    elif state.text[:1] in ("+", "-"):
        length = _signed_hours(state.text) if len(state.text) >= 3 else 0
    else:
        found = _ZONE_NAME.match(state.text)
        length = len(found[0]) if found else 0
    if not length:
        raise _MismatchError
    state.zone_name = state.take(length)


def _signed_hours(text: str) -> int:
    found = _SIGNED_HOURS.match(text)
    return len(found[0]) if found and len(found[1]) < 20 and int(found[1]) <= 23 else 0


def _finish(state: _State) -> Parsed:
    if state.half in ("PM", "pm") and state.hour < 12:
        state.hour += 12
    elif state.half in ("AM", "am") and state.hour == 12:
        state.hour = 0
    month, day = _month_and_day(state)
    seconds = days_from_civil(state.year, month, day) * 86400
    seconds += state.hour * 3600 + state.minute * 60 + state.second
    if state.utc:
        return Parsed(seconds, state.nanos, UTC_ZONE)
    if state.offset is not None:
        zone = UTC_ZONE if state.offset == 0 and state.zone_name in ("", "UTC") else None
        return Parsed(seconds - state.offset, state.nanos, zone or Zone(None, state.offset, state.zone_name))
    if state.zone_name:
        name = state.zone_name
        hours = int(name[3:]) if name.startswith("GMT") and len(name) > 3 else 0
        return Parsed(seconds, state.nanos, Zone(None, hours * 3600, name))
    return Parsed(seconds, state.nanos, UTC_ZONE)


def _month_and_day(state: _State) -> tuple[int, int]:
    if state.yearday < 0:
        month, day = max(state.month, 1) if state.month >= 0 else 1, state.day if state.day >= 0 else 1
    else:
        month, day = _of_yearday(state.yearday, state.year)
        if state.month not in (-1, month) or state.day not in (-1, day):
            raise _MismatchError
    return month, _within(day, 1, days_in(month, state.year))


def _of_yearday(yearday: int, year: int) -> tuple[int, int]:
    _within(yearday, 1, 366 if is_leap(year) else 365)
    month = 1
    while yearday > days_in(month, year):
        yearday -= days_in(month, year)
        month += 1
    return month, yearday
