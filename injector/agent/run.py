"""Runs the agent: once, or until it is ended. Puts together what reads, writes, watches, tells and answers.

`command_line` calls it for a pod; local mode, with `--out`, for manifests.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from injector.agent import logs
from injector.agent.files import Volume
from injector.agent.first_run import first_run
from injector.agent.record import Record
from injector.agent.refresh import Refresher
from injector.agent.work import Work
from secretcore.errors import SecretError

if TYPE_CHECKING:
    from injector.agent.health import Health

QUIET = 0.2
"""Seconds that changes of files are collected: the kubelet writes several at a time."""

Folders = Mapping[Path, bool]
"""Where changes show, and whether in all folders below."""
Reload = Callable[[], Work | None]
"""Reads what there is to do anew; None where nothing changed. Raises `SecretError` for what can't be used."""


async def once(volume: Volume, work: Work) -> list[Record]:
    """Delivers everything once. Raises `NotDelivered`, `VolumeFailed`.

    Where a run before this one left everything that is needed, one try is made, no longer than the deadline, and what
    can't be refreshed stays; returns what that is.
    """
    refresher = Refresher(volume, work)
    try:
        if refresher.is_whole:
            refresher.make_due(record for record in refresher.records.values() if _may_be_newer(record))
            await refresher.pass_over(work.deadline)
            refresher.publish_what_came()
        else:
            await first_run(refresher, work.deadline)
        return [record for record in refresher.records.values() if record.error is not None]
    finally:
        await refresher.close()


def _may_be_newer(record: Record) -> bool:
    return bool(record.subject.interval) or record.version != record.subject.version


async def refresh(volume: Volume, work: Work, reload: Reload, folders: Folders, *, serve: bool = True) -> None:
    """Delivers everything, then keeps it fresh until it is cancelled. Raises `NotDelivered`, `VolumeFailed`, and
    OSError where the port is taken.
    """
    from injector.agent.health import Health  # noqa: PLC0415  # an init container needs none of these
    from injector.agent.notify import Notifier  # noqa: PLC0415

    refresher = Refresher(volume, work)
    notifier = Notifier(lambda: refresher.work.on_change)
    health = Health(refresher, notifier)
    try:
        async with _served(health, work.port if serve else 0):
            if any(record.is_delivered for record in refresher.records.values()):
                refresher.changed = notifier.poke  # somebody may be reading already
            if not refresher.is_whole:
                refresher.write_note()
                await first_run(refresher, work.deadline)
            refresher.changed = notifier.poke
            gc.collect()
            gc.freeze()  # what lives now lives on
            gc.enable()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(refresher.run())
                tasks.create_task(notifier.run())
                tasks.create_task(_follow(refresher, health, reload, folders))
    finally:
        await refresher.close()


async def _follow(refresher: Refresher, health: Health, reload: Reload, folders: Folders) -> None:
    """Takes up what changed outside."""
    from injector.agent.watching import watching  # noqa: PLC0415  # after the first run, which needs no watch

    changed = asyncio.Event()
    changed.set()  # what changed before there was a watch
    with watching(folders, changed.set):
        while True:
            await changed.wait()
            await asyncio.sleep(QUIET)
            changed.clear()
            try:
                work = reload()
            except SecretError as error:
                health.handoff_error = str(error)
                logs.error(f"what changed is not taken up: {error}", remedy=error.remedy)
            else:
                health.handoff_error = ""
                if work is not None:
                    logs.info("another hand-off is taken up")
                    refresher.adopt(work)
            await refresher.credentials_changed()


@asynccontextmanager
async def _served(health: Health, port: int) -> AsyncIterator[None]:
    """Probes and figures at the port, while inside; 0 is nowhere."""
    if not port:
        yield
        return
    from injector.agent.http_server import serving  # noqa: PLC0415

    async with serving(port, health.routes()):
        yield
