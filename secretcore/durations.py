"""Durations as Go writes them: `1h0m0s`, `1.5s`, `300ms`.

Input are the durations of manifests, annotations and templates (refreshInterval, windows, sprig's
`duration`); the numbers are nanoseconds, as in Go, and go to whoever waits or compares.
"""

import re
from functools import lru_cache
from typing import Final

NANOSECOND: Final = 1
MICROSECOND: Final = 1000 * NANOSECOND
MILLISECOND: Final = 1000 * MICROSECOND
SECOND: Final = 1000 * MILLISECOND
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE

_UNITS = {
    "ns": NANOSECOND,
    "us": MICROSECOND,
    "\u00b5s": MICROSECOND,  # micro sign
    "\u03bcs": MICROSECOND,  # Greek letter mu
    "ms": MILLISECOND,
    "s": SECOND,
    "m": MINUTE,
    "h": HOUR,
}
_LIMIT = 1 << 63
_TERM = re.compile(r"([0-9]*+)(?:\.([0-9]*+))?+([^0-9.]*+)")


@lru_cache(maxsize=1024)  # the same few, again and again
def parse_duration(text: str) -> int:
    """The nanoseconds that `text` says, exactly as Go's time.ParseDuration reads it.

    Raises ValueError with Go's sentence for anything else, and for what does not fit into 64 bits.
    """
    invalid = f"time: invalid duration {_quote(text)}"
    unsigned = text[1:] if text.startswith(("-", "+")) else text
    if unsigned == "0":
        return 0
    if not unsigned:
        raise ValueError(invalid)
    total = position = 0
    while position < len(unsigned):
        term = _TERM.match(unsigned, position)
        assert term is not None
        position = term.end()
        whole, fraction, unit = term.groups(default="")
        number = int(whole.lstrip("0")[:20] or "0")
        if (not whole and not fraction) or number > _LIMIT:
            raise ValueError(invalid)
        if not unit:
            raise ValueError(f"time: missing unit in duration {_quote(text)}")
        if unit not in _UNITS:
            raise ValueError(f"time: unknown unit {_quote(unit)} in duration {_quote(text)}")
        total += number * _UNITS[unit] + _fraction(fraction, _UNITS[unit])
        if total > _LIMIT:
            raise ValueError(invalid)
    if text.startswith("-"):
        return -total
    if total == _LIMIT:
        raise ValueError(invalid)
    return total


def _fraction(digits: str, unit: int) -> int:
    """What the digits after the point are worth: in floats, cut off, of as many digits as Go takes in."""
    number, scale = 0, 1.0
    for digit in digits[:19]:
        longer = number * 10 + int(digit)
        if number > (_LIMIT - 1) // 10 or longer > _LIMIT:
            break
        number, scale = longer, scale * 10
    return int(number * (unit / scale))


def _quote(text: str) -> str:
    """Go's quotes of the time package: every byte that is not printable ASCII as \\x.."""
    quoted = []
    for byte in text.encode("utf-8", "surrogateescape"):
        if byte < 0x20 or byte >= 0x80:
            quoted.append(f"\\x{byte:02x}")
        else:
            quoted.append(("\\" if byte in b'"\\' else "") + chr(byte))
    return f'"{"".join(quoted)}"'


def format_duration(nanoseconds: int) -> str:
    """The text that Go's Duration.String() gives: `0s`, `1.5µs`, `2m30s`, `1h0m0s`."""
    sign, rest = "-" if nanoseconds < 0 else "", abs(nanoseconds)
    if rest == 0:
        return "0s"
    if rest < SECOND:
        unit, name = next(
            (unit, name)
            for unit, name in ((MILLISECOND, "ms"), (MICROSECOND, "\u00b5s"), (NANOSECOND, "ns"))
            if rest >= unit
        )
        return sign + _decimal(rest, unit) + name
    minutes, rest = divmod(rest, MINUTE)
    text = _decimal(rest, SECOND) + "s"
    if minutes:
        hours, minutes = divmod(minutes, 60)
        text = f"{hours}h{minutes}m{text}" if hours else f"{minutes}m{text}"
    return sign + text


def _decimal(amount: int, unit: int) -> str:
    """amount / unit in decimal digits, without zeros at the end."""
    whole, rest = divmod(amount, unit)
    if not rest:
        return str(whole)
    return f"{whole}.{rest:0{len(str(unit)) - 1}d}".rstrip("0")
