"""Times as Kubernetes writes them: RFC 3339, UTC, whole seconds. Pure."""

from __future__ import annotations

from datetime import UTC, datetime


def parse_time(text: str) -> datetime | None:
    """None for what is no time with a zone."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else None


def print_time(time: datetime) -> str:
    """Fractions of a second are dropped: a time that is read back is never in the future."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
