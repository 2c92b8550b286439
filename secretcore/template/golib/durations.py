"""time.Duration beyond parsing and printing, which are `secretcore.durations`'; a duration is an int of nanoseconds.

Input: texts and counts from the date functions. Output: the same.
"""

from secretcore.durations import SECOND, format_duration, parse_duration
from secretcore.template.golib.integers import MAX_INT64, MIN_INT64, wrap64

show = format_duration


def parse(text: str) -> int | None:
    """time.ParseDuration; None where Go has an error."""
    try:
        return parse_duration(text)
    except ValueError:
        return None


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
