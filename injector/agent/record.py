"""What the agent knows of each ExternalSecret while it runs, and the note of it that outlives the process. `refresh`
keeps records; `health`, `metrics` and the probe read them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from injector.agent.subject import Subject
from secretcore.errors import FetchFailed, SecretError, Throttled

NOTE = "status.json"


@dataclass(slots=True)
class Record:
    """One ExternalSecret. Times are seconds since the epoch, but `due_at` and `begun_at`, which are of the loop's
    clock.
    """

    subject: Subject
    files: Mapping[str, bytes] | None = field(default=None, repr=False)
    """What it has in the volume; None before it was ever delivered."""
    version: str = ""
    """Of the subject that was delivered."""
    refreshed_at: float = 0.0
    """When the stores last answered and the files were in place."""
    sources: str = ""
    """A digest of what its template read."""
    due_at: float | None = 0.0
    """None for never by time."""
    asked: bool = False
    """Whether something other than time makes it due, so that no window holds it up."""
    busy: bool = False
    begun_at: float = 0.0
    """When the stores were asked last."""
    reading: str = ""
    """The subject's version that is being read."""
    failures: int = 0
    error: SecretError | None = None
    refreshes: int = 0
    fetched: Fetched | None = None
    """What waits to be published."""

    @property
    def is_delivered(self) -> bool:
        """Whether its files are, or once were, in the volume."""
        return self.files is not None

    def commit(self) -> None:
        """What was fetched is in the volume."""
        if self.fetched is None:
            return
        if self.fetched.files is not None:
            self.files = self.fetched.files
        self.version, self.sources = self.fetched.version, self.fetched.sources
        self.refreshed_at, self.fetched = self.fetched.at, None
        self.failures, self.error = 0, None
        self.refreshes += 1


@dataclass(frozen=True, slots=True)
class Fetched:
    """The answer to one refresh."""

    files: Mapping[str, bytes] | None = field(repr=False)
    """None to keep what is there."""
    version: str
    sources: str
    at: float


class Note(msgspec.Struct, frozen=True, rename="camel"):
    """What the next agent of this volume, and the probe, should know. Names and times, nothing secret."""

    started: bool
    stale_at: float | None = None
    """When the agent stops being ready unless something is refreshed; None for never. Seconds since the epoch."""
    deliveries: dict[str, Delivered] = {}


class Delivered(msgspec.Struct, frozen=True, rename="camel"):
    """One ExternalSecret that has its files."""

    version: str
    refreshed_at: float
    sources: str = ""


def note_of(records: Iterable[Record], max_staleness: float, *, started: bool) -> bytes:
    """The note for these records."""
    known = list(records)
    delivered = {
        record.subject.key: Delivered(record.version, record.refreshed_at, record.sources)
        for record in known
        if record.is_delivered
    }
    return msgspec.json.encode(Note(started, stale_at(known, max_staleness), delivered))


def stale_at(records: Iterable[Record], max_staleness: float) -> float | None:
    """When the oldest of what is refreshed by time becomes too old; None where nothing does."""
    if not max_staleness:
        return None
    times = [record.refreshed_at for record in records if record.is_delivered and _is_refreshed(record.subject)]
    return min(times) + max_staleness if times else None


def _is_refreshed(subject: Subject) -> bool:
    return bool(subject.interval) and not subject.is_fetched_once


def read_note(content: bytes | None) -> Note:
    """The note that was written; an empty one where there is none that can be read."""
    try:
        return msgspec.json.decode(content or b"", type=Note)
    except msgspec.MsgspecError:
        return Note(started=False)


def retry_after(error: SecretError) -> float:
    """The longest pause, in seconds, that a store asked for."""
    errors = [failure.error for failure in error.failures] if isinstance(error, FetchFailed) else [error]
    return max((each.retry_after or 0.0 for each in errors if isinstance(each, Throttled)), default=0.0)


def error_class(error: SecretError) -> str:
    """The class of what went wrong; of several steps, that of the first."""
    if isinstance(error, FetchFailed) and error.failures:
        return type(error.failures[0].error).__name__
    return type(error).__name__
