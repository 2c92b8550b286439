"""Keeps the files of a volume fresh: reads what is due, publishes what came, remembers the rest.

`run` drives it and tells it of changes; `fetching` reads, `files` writes. One ExternalSecret that fails keeps its files
and is tried again later; the others don't notice.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from random import SystemRandom

from injector.agent import logs
from injector.agent.due import backoff, next_interval
from injector.agent.fetching import fetch_all, template_sources
from injector.agent.files import Files, Volume, VolumeFailed
from injector.agent.record import NOTE, Fetched, Record, error_class, note_of, read_note, retry_after
from injector.agent.work import Work
from secretcore.errors import ProviderBroken, SecretError, StoreUnavailable

SETTLE = 0.5
"""Seconds that the first answer waits for others of the same time, to be published with them."""
ENDING = 2.0
"""Seconds at the end in which sessions are closed and tokens given up."""
VOLUME_RETRY = 10.0
"""Seconds after which a volume that couldn't be written is tried again."""
_DICE = SystemRandom()


class Refresher:
    """The records of a volume's ExternalSecrets. Made for one volume and one work, which may be exchanged."""

    def __init__(self, volume: Volume, work: Work) -> None:
        self.records: dict[str, Record] = {}
        self.publications = 0
        self.is_started = False
        """Whether there was a moment when every ExternalSecret had its files."""
        self.volume_error: VolumeFailed | None = None
        self.changed: Callable[[], None] = lambda: None
        """Called after a publication that is news to readers."""
        self._volume = volume
        self._wake = asyncio.Event()
        self._passes: set[asyncio.Task[None]] = set()
        self._publish_at: float | None = None
        self._restore(work)

    @property
    def work(self) -> Work:
        """What is worked on."""
        return self._work

    @property
    def is_whole(self) -> bool:
        """Whether every ExternalSecret has its files."""
        return all(record.is_delivered for record in self.records.values())

    def adopt(self, work: Work) -> None:
        """Takes up another work: what changed is due now, what is gone loses its files with the next publication."""
        known, self._work = self.records, work
        self.records = {}
        for subject in work.subjects:
            record = known.get(subject.key) or Record(subject)
            record.subject = subject
            self.records[subject.key] = record
            if record.fetched is not None and record.fetched.version != subject.version:
                record.fetched = None
            if record.fetched is None and record.version != subject.version:
                record.failures = 0
                self.make_due([record])
        self._publish_soon()

    def make_due(self, records: Iterable[Record]) -> None:
        """They are read again now, but those that are fetched once and have their files."""
        now = asyncio.get_running_loop().time()
        for record in records:
            if not (record.subject.is_fetched_once and record.is_delivered):
                record.due_at, record.asked = now, True
        self._wake.set()

    async def credentials_changed(self) -> None:
        """Something among the mounted files is another: what failed is tried again, unless its store asked to be left
        alone, and what a template reads is looked at. Tokens alone are no reason, they are read when they are needed.
        """
        for record in list(self.records.values()):
            failed = record.error is not None and not retry_after(record.error)
            if failed or await self._sources_changed(record):
                self.make_due([record])

    async def pass_over(self, seconds: float = 0) -> None:
        """One pass over what is due, without publishing anything. Where `seconds` are given, what is not answered by
        then has failed.
        """
        self._start_passes()
        if self._passes:
            await asyncio.wait(self._passes, timeout=seconds or None)
        for record in self.records.values():
            if record.busy:
                self._settled(record, StoreUnavailable(f"no answer within {seconds:g} s"))

    async def run(self) -> None:
        """Refreshes and publishes until it is cancelled."""
        while True:
            self._wake.clear()
            self._start_passes()
            if self._may_publish(asyncio.get_running_loop().time()):
                self.publish_what_came()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._wait(asyncio.get_running_loop().time())):
                    await self._wake.wait()

    async def close(self) -> None:
        """Ends what is under way."""
        for each in self._passes:
            each.cancel()
        if self._passes:
            await asyncio.wait(self._passes, timeout=ENDING)

    def publish_what_came(self) -> None:
        """Puts in place what was fetched. What the volume refuses is fetched again later, the rest is published."""
        self._publish_at = self.volume_error = None
        fetched = [record for record in self.records.values() if record.fetched is not None]
        try:
            self.publish(fetched)
        except VolumeFailed as error:
            self.volume_error = error
            if len(fetched) > 1:
                for record in fetched:
                    try:
                        self.publish([record])
                    except VolumeFailed as its_own:
                        self._refused(record, its_own)
            elif fetched:
                self._refused(fetched[0], error)
            else:
                logs.error(str(error), remedy=error.remedy)
                self._publish_at = asyncio.get_running_loop().time() + VOLUME_RETRY

    def publish(self, fetched: list[Record]) -> None:
        """Puts in place what was fetched for these records, beside what the others have. Raises `VolumeFailed`; not
        for what stands in the way of the others.
        """
        owners = {record.subject.root: record for record in self.records.values()}
        files = {
            path: content
            for record in self.records.values()
            for path, content in self._files(record, new=record in fetched).items()
            # What it had under another target goes once somebody else has that name.
            if owners.get(path.partition("/")[0], record) is record
        }
        needed = {record.subject.root for record in fetched}
        changed = self._volume.publish(files, self._work.file_mode, size=self._work.volume_bytes, needed=needed)
        for record in fetched:
            record.commit()
            self._schedule(record)
        self.is_started = self.is_started or self.is_whole
        self.write_note()
        if changed:
            self.publications += 1
            logs.info("files published", files=len(files), bytes=sum(map(len, files.values())))
            self.changed()

    def write_note(self) -> None:
        """Notes for the probe and for the next agent what there is."""
        note = note_of(self.records.values(), self._work.max_staleness, started=self.is_started)
        try:
            self._volume.write_note(NOTE, note)
        except VolumeFailed as error:
            logs.warning(f"the agent can't note what it did: {error}")

    def _restore(self, work: Work) -> None:
        """Begins with what an agent before this one left in the volume."""
        note, found = read_note(self._volume.read_note(NOTE)), self._volume.load().files
        self._work = work
        for subject in work.subjects:
            record = self.records[subject.key] = Record(subject)
            files = {path: found[path] for path in found if path.partition("/")[0] == subject.root}
            left = note.deliveries.get(subject.key)
            if not files and not (left and subject.spec.target.deletion_policy != "Retain"):
                continue
            if left is None and not subject.is_fetched_once:
                continue
            record.files = files
            if left is not None:
                record.version, record.refreshed_at, record.sources = left.version, left.refreshed_at, left.sources
            self._schedule(record)
        self.is_started = self.is_whole

    def _schedule(self, record: Record) -> None:
        """When a record that has its files is due next."""
        subject, now = record.subject, asyncio.get_running_loop().time()
        if subject.is_fetched_once:
            record.due_at = None
        elif record.version != subject.version:
            record.due_at = now
        elif subject.interval:
            age = max(0.0, time.time() - record.refreshed_at)
            record.due_at = now + max(0.0, next_interval(subject.interval, _DICE.random()) - age)
        else:
            record.due_at = None

    async def _sources_changed(self, record: Record) -> bool:
        if not record.is_delivered or record.subject.is_fetched_once:
            return False
        try:
            return await template_sources(record, self._work.stores) != record.sources
        except SecretError:
            return True  # reading it properly says what is wrong

    def _may_publish(self, now: float) -> bool:
        """Whether enough came, or whether what came has waited long enough."""
        if self._publish_at is None or now >= self._publish_at:
            return self._publish_at is not None
        records = self.records.values()
        return any(record.fetched for record in records) and not any(record.busy for record in records)

    def _start_passes(self) -> None:
        now = asyncio.get_running_loop().time()
        due = [
            record
            for record in self.records.values()
            if not record.busy and record.fetched is None and record.due_at is not None and record.due_at <= now
        ]
        due = [record for record in due if not self._is_held_up(record)]
        if not due:
            return
        for record in due:
            record.busy, record.asked, record.due_at, record.begun_at = True, False, None, now
            record.reading = record.subject.version
        task = asyncio.create_task(self._pass(due))
        self._passes.add(task)
        task.add_done_callback(self._passes.discard)

    def _is_held_up(self, record: Record) -> bool:
        """Whether the sync windows of one that is due by time alone are closed; then it is due when that changes."""
        windows = record.subject.spec.sync_windows
        if windows is None or record.asked or not record.is_delivered:
            return False
        from secretcore.windows import next_change, permits  # noqa: PLC0415  # few have any

        now = datetime.now(UTC)
        if permits(windows, now):
            return False
        opens, clock = next_change(windows, now), asyncio.get_running_loop().time()
        record.due_at = clock + (opens - now).total_seconds() if opens else None
        return True

    async def _pass(self, due: list[Record]) -> None:
        try:
            await fetch_all(due, self._work.stores, self._settled)
        except Exception as error:  # noqa: BLE001  # of a provider that can't even be closed
            broken = ProviderBroken.by(error)
            logs.warning(str(broken))
            for record in due:
                if record.busy:
                    self._settled(record, broken)

    def _settled(self, record: Record, outcome: Fetched | SecretError) -> None:
        record.busy = False
        if self.records.get(record.subject.key) is not record:
            return  # another work has come
        if record.reading != record.subject.version:
            self.make_due([record])  # its manifest changed meanwhile: neither answer nor error says anything of it
        elif isinstance(outcome, SecretError):
            self._failed(record, outcome)
        else:
            record.fetched = outcome
            self._publish_soon()
        self._wake.set()

    def _failed(self, record: Record, error: SecretError) -> None:
        record.failures += 1
        record.error = error
        seconds = backoff(record.failures, record.subject.interval, _DICE.random(), retry_after(error))
        record.due_at = asyncio.get_running_loop().time() + seconds
        logs.warning(
            f'ExternalSecret "{record.subject.name}": {error}',
            remedy=error.remedy,
            error=error_class(error),
            retry_in=round(seconds, 1),
            has_files=record.is_delivered,
        )

    def _publish_soon(self) -> None:
        if self._publish_at is None:
            self._publish_at = asyncio.get_running_loop().time() + SETTLE
        self._wake.set()

    def _refused(self, record: Record, error: VolumeFailed) -> None:
        self.volume_error, record.fetched = error, None
        self._failed(record, error)

    def _files(self, record: Record, *, new: bool) -> Files:
        if new and record.fetched is not None and record.fetched.files is not None:
            return record.fetched.files
        return record.files or {}

    def _wait(self, now: float) -> float | None:
        times = [record.due_at for record in self.records.values() if record.due_at is not None and not record.busy]
        if self._publish_at is not None:
            times.append(self._publish_at)
        return max(0.0, min(times) - now) if times else None
