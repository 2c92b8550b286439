"""Time zones by name: the one place of the templates that reads files, those of the system's time zone
database.

Environments use it unless they are given another source. Each zone is read once; names lead nowhere but
into the database, because zoneinfo refuses paths that leave it.
"""

from datetime import tzinfo
from functools import lru_cache


@lru_cache(maxsize=64)
def find_zone(name: str) -> tzinfo | None:
    """The zone's rules; None where the database has no such zone."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None
