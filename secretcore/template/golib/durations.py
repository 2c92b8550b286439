"""time.Duration: parsing (1h30m) and printing; a duration is an int of nanoseconds.

Input: texts and counts from the date functions. Output: the same.
"""

import re

from secretcore.template.golib.integers import MAX_INT64, MIN_INT64, wrap64

SECOND = 1_000_000_000
_UNITS = {
    "ns": 1, "us": 1000, "µs": 1000, "μs": 1000, "ms": 1_000_000,
    "s": SECOND, "m": 60 * SECOND, "h": 3600 * SECOND,
}  # fmt: skip
_PART = re.compile(r"([0-9]*)(?:(\.)([0-9]*))?([^0-9.]+)")
_LONGEST = 1000


def parse(text: str) -> int | None:
    """time.ParseDuration; None where Go has an error."""
    negative = text[:1] == "-"
    body = text[1:] if text[:1] in ("-", "+") and text else text
    if body == "0":
        return 0
    total, at = 0, 0
    if not body or len(body) > _LONGEST:
        return None
    while at < len(body):
        part = _PART.match(body, at)
        if part is None:
            return None
        value = _part(part)
        if value is None:
            return None
        total += value
        at = part.end()
        if total > 1 << 63:
            return None
    if negative:
        return -total
    return total if total <= MAX_INT64 else None


def _part(part: re.Match[str]) -> int | None:
    whole, fraction, unit = part[1], part[3] or "", _UNITS.get(part[4])
    if unit is None or not (whole or fraction):
        return None
    number = int(whole or "0")
    if number > (1 << 63) // unit:
        return None
    value = number * unit
    if fraction:
        digits = fraction[:18]
        value += int(float(int(digits)) * (float(unit) / 10.0 ** len(digits)))
    return value if value <= 1 << 63 else None


def show(duration: int) -> str:
    """Duration.String: 1h0m0s, 1.5s, 20ms, 0s."""
    if duration == 0:
        return "0s"
    amount, sign = abs(duration), "-" if duration < 0 else ""
    if amount < SECOND:
        unit, size = ("ns", 1) if amount < 1000 else ("µs", 1000) if amount < 1_000_000 else ("ms", 1_000_000)
        return f"{sign}{_decimal(amount, size)}{unit}"
    minutes, rest = divmod(amount, 60 * SECOND)
    hours, minutes = divmod(minutes, 60)
    text = f"{_decimal(rest, SECOND)}s"
    if hours:
        return f"{sign}{hours}h{minutes}m{text}"
    return f"{sign}{minutes}m{text}" if minutes else f"{sign}{text}"


def _decimal(amount: int, unit: int) -> str:
    whole, rest = divmod(amount, unit)
    if rest == 0:
        return str(whole)
    return f"{whole}." + str(rest).zfill(len(str(unit)) - 1).rstrip("0")


def round_to_second(duration: int) -> int:
    """Duration.Round(time.Second): halves away from zero."""
    rounded = (abs(duration) + SECOND // 2) // SECOND * SECOND
    return max(-rounded, MIN_INT64) if duration < 0 else min(rounded, MAX_INT64)


def clamp(duration: int) -> int:
    """What Time.Sub gives for differences beyond int64."""
    return min(max(duration, MIN_INT64), MAX_INT64)


def in_seconds(count: int) -> int:
    """time.Duration(count) * time.Second, with Go's wrap-around."""
    return wrap64(count * SECOND)


def approximate(duration: int) -> str:
    """sprig's durationRound: the largest unit only, cut off (years of 365 days, months of 30)."""
    amount = abs(duration)
    day = 24 * 3600 * SECOND
    for size, unit in (
        (365 * day, "y"),
        (30 * day, "mo"),
        (day, "d"),
        (3600 * SECOND, "h"),
        (60 * SECOND, "m"),
    ):
        if amount > size:
            return f"{amount // size}{unit}"
    return f"{amount // SECOND}s" if amount > SECOND else "0s"
