"""A certificate that somebody else renews, such as cert-manager: files in a folder that the kubelet replaces. Whoever
renews it also sees to it that the API server trusts it. Feeds `served`; `app` runs it.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from injector.webhook.served import Served

ANYWAY = 60.0
"""Seconds after which the files are read again, events or not."""
SETTLE = 0.2
"""Seconds for a change of two files to be through."""
_CHANGES = ("created", "deleted", "modified", "moved")


class MountedCertificate:
    """`run` watches the folder, never a file: the kubelet renames a link in it."""

    def __init__(self, folder: Path, served: Served) -> None:
        self._folder = folder
        self._served = served

    async def run(self) -> None:
        """Load now, and at each change."""
        changed = asyncio.Event()
        observer = Observer()
        observer.schedule(_Teller(asyncio.get_running_loop(), changed), str(self._folder))
        observer.start()
        try:
            while True:
                self._served.load(self._folder)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), ANYWAY)
                    await asyncio.sleep(SETTLE)
                changed.clear()
        finally:
            observer.stop()
            await asyncio.to_thread(observer.join)

    def problem(self) -> str:
        """Only that there is none: who trusts it is not known here."""
        return "" if self._served.loaded.is_set() else f"no certificate in {self._folder} can be used yet"


class _Teller(FileSystemEventHandler):
    def __init__(self, loop: asyncio.AbstractEventLoop, changed: asyncio.Event) -> None:
        self._loop = loop
        self._changed = changed

    def on_any_event(self, event: FileSystemEvent) -> None:
        """In the observer's thread."""
        if event.event_type in _CHANGES:
            self._loop.call_soon_threadsafe(self._changed.set)
