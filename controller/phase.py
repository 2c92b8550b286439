"""Spreads what happens regularly: every object has a moment of its own within an interval, given by its UID, so that
objects that were made together are not all read together, not even after a restart. Pure.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def next_in_phase(uid: str, after: datetime, interval: timedelta) -> datetime:
    """The object's next moment, later than `after` and by one interval at most. The first one may be sooner."""
    digest = hashlib.sha256(uid.encode()).digest()
    phase = interval * (int.from_bytes(digest[:8]) / 2**64)
    return after + interval - (after - _EPOCH - phase) % interval
