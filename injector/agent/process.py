"""The agent as a process: the hand-off as its settings, signals, the sentence that it leaves when it fails."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from injector.agent import logs
from injector.agent.files import open_volume
from injector.agent.providers import installed
from injector.agent.run import Folders, once, refresh
from injector.agent.work import Work, read_handoff, work_of
from secretcore.errors import SecretError

PATIENCE = 0.7
"""Seconds after a signal in which connections are closed and tokens given up."""
LONGEST_MESSAGE = 4096
"""Bytes of a termination message that the kubelet takes."""


class Options(Protocol):
    """The arguments, as `command_line` has them."""

    mode: str
    handoff: str
    credentials: str
    out: str
    termination_log: str


class Handoff:
    """The file with the hand-off, read again when it may have changed."""

    def __init__(self, file: str, credentials: str) -> None:
        self._file, self._credentials = Path(file), Path(credentials)
        self._registry = installed()
        self._seen: object = None

    def work(self) -> Work:
        """What it asks for now. Raises `InvalidSpec`."""
        config = read_handoff(self._file)
        work = work_of(config, self._credentials, self._registry)
        self._seen = config
        return work

    def reload(self) -> Work | None:
        """The same, None where it still asks for what it did."""
        return None if read_handoff(self._file) == self._seen else self.work()

    @property
    def folders(self) -> Folders:
        """Where changes show: volumes may be mounted below the credentials."""
        return {self._file.parent: False, self._credentials: True}


def run_agent(options: Options) -> int:
    """Runs to the end. Returns the exit code."""
    logs.log_to()
    unfinished = 128 + signal.SIGTERM if options.mode == "--once" else 0
    try:
        return run_until_signal(_run(options), unfinished=unfinished)
    except SecretError as error:
        return fail(f"{error} ({error.remedy})" if error.remedy else str(error), options.termination_log)
    except OSError as error:
        return fail(f"the port for probes and metrics can't be opened: {error.strerror}", options.termination_log)


async def _run(options: Options) -> None:
    handoff = Handoff(options.handoff, options.credentials)
    work = handoff.work()
    with open_volume(options.out or work.mount_path) as volume:
        if options.mode == "--once":
            await once(volume, work)
        else:
            await refresh(volume, work, handoff.reload, handoff.folders)


def run_until_signal(work: Coroutine[Any, Any, None], *, unfinished: int = 0) -> int:
    """Runs the work to its end, or to SIGTERM or SIGINT, which end the process within a second whatever hangs.
    Returns 0, or `unfinished` after a signal.
    """

    async def until_signal() -> int:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None

        def end() -> None:
            task.cancel()
            loop.call_later(PATIENCE, os._exit, unfinished)

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, end)
        try:
            await work
        except asyncio.CancelledError:
            return unfinished
        return 0

    return asyncio.run(until_signal())


def fail(sentence: str, termination_log: str) -> int:
    """Says why, in the log and where `kubectl describe pod` shows it. Returns the exit code."""
    sentence = " ".join(sentence.split())
    logs.error(sentence)
    with suppress(OSError):
        # Not created where it isn't there: outside of a container nobody reads it.
        descriptor = os.open(termination_log, os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC | os.O_NONBLOCK)
        with open(descriptor, "wb") as file:
            file.write(sentence.encode()[:LONGEST_MESSAGE])
    return 1
