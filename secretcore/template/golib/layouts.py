"""Go's date layouts: cut into pieces, and formatting by them. Parsing by them is in layout_parsing.

Input: a layout (`2006-01-02T15:04:05Z07:00`) and an instant with its zone. Output: text.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from secretcore.template.golib.calendar import MONTHS, WEEKDAYS, Civil

_PIECES = re.compile(
    r"January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST"
    r"|0[1-6]|002|15|1|2006|(?<=_)2006|_2(?!006)|__2|2|3|4|5|PM|pm"
    r"|[-Z]070000|[-Z]07:00:00|[-Z]0700|[-Z]07:00|[-Z]07"
    r"|[.,](?:0+|9+)(?![0-9])"
)
"""The reference time's pieces, in the order in which Go tries them at one place."""


class Piece(NamedTuple):
    """Literal text, and the piece of the reference time after it; `std` is empty at the layout's end."""

    literal: str
    std: str


@lru_cache(maxsize=256)
def pieces(layout: str) -> tuple[Piece, ...]:
    """Cut a layout; the last piece has no `std`."""
    found = []
    at = 0
    for match in _PIECES.finditer(layout):
        found.append(Piece(layout[at : match.start()], match[0]))
        at = match.end()
    return (*found, Piece(layout[at:], ""))


class Instant(NamedTuple):
    """What formatting needs: the fields in the zone, nanoseconds, and the zone's offset and abbreviation."""

    fields: Civil
    nanos: int
    offset: int
    zone: str


def format_time(layout: str, instant: Instant) -> str:
    """Time.Format."""
    out = []
    for literal, std in pieces(layout):
        out.append(literal)
        if std:
            out.append(_field(std, instant))
    return "".join(out)


def _field(std: str, instant: Instant) -> str:
    if std[0] in "-Z" and len(std) > 1:
        return _offset(std, instant.offset)
    if std[0] in ".,":
        return fraction(std, instant.nanos)
    if std == "MST":
        return instant.zone or _unnamed(instant.offset)
    return _of_day(std, instant.fields) if std in _DAY_PIECES else _of_clock(std, instant.fields)


_DAY_PIECES = frozenset(["2006", "06", "January", "Jan", "1", "01", "Monday", "Mon", "2", "_2", "02", "__2", "002"])


def _of_day(std: str, day: Civil) -> str:
    match std:
        case "2006":
            return str(day.year).zfill(4) if day.year >= 0 else f"-{-day.year:04d}"
        case "06":
            return f"{max(day.year, 0) % 100:02d}"
        case "January" | "Jan":
            name = MONTHS[day.month - 1]
            return name if std == "January" else name[:3]
        case "Monday" | "Mon":
            name = WEEKDAYS[day.weekday]
            return name if std == "Monday" else name[:3]
        case "1" | "2":
            return str(day.month if std == "1" else day.day)
        case "01" | "02":
            return f"{day.month if std == '01' else day.day:02d}"
        case "_2":
            return f"{day.day:2d}"
        case "__2":
            return f"{day.yearday:3d}"
        case _:
            return f"{day.yearday:03d}"


def _of_clock(std: str, day: Civil) -> str:
    match std:
        case "15":
            return f"{day.hour:02d}"
        case "3":
            return str(day.hour % 12 or 12)
        case "03":
            return f"{day.hour % 12 or 12:02d}"
        case "4" | "5":
            return str(day.minute if std == "4" else day.second)
        case "04" | "05":
            return f"{day.minute if std == '04' else day.second:02d}"
        case _:
            half = "PM" if day.hour >= 12 else "AM"
            return half if std == "PM" else half.lower()


def _offset(std: str, offset: int) -> str:
    if std[0] == "Z" and offset == 0:
        return "Z"
    minutes = int(offset / 60)
    sign, minutes = ("-", -minutes) if minutes < 0 else ("+", minutes)
    colon = ":" if ":" in std else ""
    text = f"{sign}{minutes // 60:02d}"
    if len(std) > 3:
        text += f"{colon}{minutes % 60:02d}"
    if len(std) > 6 and std != f"{std[0]}07:00":
        text += f"{colon}{abs(offset) % 60:02d}"
    return text


def _unnamed(offset: int) -> str:
    minutes = int(offset / 60)
    sign, minutes = ("-", -minutes) if minutes < 0 else ("+", minutes)
    return f"{sign}{minutes // 60:02d}{minutes % 60:02d}"


def fraction(std: str, nanos: int) -> str:
    """Fractional seconds: `.000` keeps its zeros, `.999` drops them, and the point with them."""
    digits = f"{nanos:09d}"[: min(len(std) - 1, 9)]
    if std[1] == "9":
        digits = digits.rstrip("0")
        return std[0] + digits if digits else ""
    return std[0] + digits.ljust(len(std) - 1, "0")
