"""Notices that mounted files changed: watches their folders, since the kubelet renames `..data` there and a watch on a
file would die with the first change. `run` looks at what it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.polling import PollingObserver

from injector.agent import logs

POLL = 10.0
"""Seconds between two looks where the node has no watches left to give."""
Folders = Mapping[Path, bool]
"""What to watch, and whether with all folders below."""
_CHANGES = ("created", "modified", "moved", "deleted")


class _Handler(FileSystemEventHandler):
    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type in _CHANGES:
            self._tell()


@contextmanager
def watching(folders: Folders, changed: Callable[[], None]) -> Iterator[None]:
    """Calls `changed` in the running loop after something in these folders did, while inside."""
    loop = asyncio.get_running_loop()

    def tell() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(changed)

    there = {folder.resolve(): deep for folder, deep in folders.items() if folder.is_dir()}
    try:
        observer = _started(Observer(), there, tell)
    except OSError as error:  # a user's inotify instances are shared by all pods of that uid on a node
        logs.warning(f"files are looked at every {POLL:g} s: the node gives no watch ({error.strerror})")
        observer = _started(PollingObserver(timeout=POLL), there, tell)
    try:
        yield
    finally:
        observer.stop()
        observer.join()


def _started(observer: Any, folders: Folders, tell: Callable[[], None]) -> Any:
    for folder, deep in folders.items():
        observer.schedule(_Handler(tell), str(folder), recursive=deep)
    observer.start()
    return observer
