"""Server processes of the test bed: start, wait until ready, stop, and what they logged.

Every process runs on a leash (`tests/support/leash.py`), so none is left behind by an interrupted run.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import httpx

LEASH = Path(__file__).with_name("leash.py")
START_LIMIT = 90.0  # seconds: a server that is not ready by then is reported with its log
SHOWN = 8_000  # characters of a log in a report


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """One running process. `running` lists all of them, so that a failing test can show their logs."""

    running: list["Server"] = []

    def __init__(self, name: str, argv: Sequence[str], *, log: Path, env: Mapping[str, str] | None = None) -> None:
        self.name = name
        self.log = log
        log.touch()
        self._leash = subprocess.Popen(
            [sys.executable, str(LEASH), str(log), *argv],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=None if env is None else {**os.environ, **env},
            start_new_session=True,
        )
        assert self._leash.stdout is not None
        first = self._leash.stdout.readline().strip()
        if not first:
            self.stop()
            raise RuntimeError(f"{name} could not be started: {argv[0]}")
        self.pid = int(first)
        Server.running.append(self)

    def wait_until(self, ready: Callable[[], bool]) -> None:
        """Ask `ready` again and again; connection errors and False mean not yet."""
        deadline = time.monotonic() + START_LIMIT
        while not self._asked(ready):
            if self._leash.poll() is not None or time.monotonic() > deadline:
                code = self._leash.poll()
                self.stop()
                raise RuntimeError(f"{self.name} did not become ready (exit code {code}); {self.log}:\n{self.logged()}")
            time.sleep(0.05)

    @staticmethod
    def _asked(ready: Callable[[], bool]) -> bool:
        try:
            return ready()
        except (httpx.TransportError, OSError):
            return False

    def send(self, signum: signal.Signals) -> None:
        """Send a signal to the server itself: SIGSTOP freezes, SIGCONT thaws, SIGKILL crashes it."""
        os.kill(self.pid, signum)

    def crash(self) -> None:
        """End it at once, as the kernel would, and wait until it is gone."""
        self.send(signal.SIGKILL)
        self._leash.wait()
        self.stop()

    @property
    def alive(self) -> bool:
        return self._leash.poll() is None

    @property
    def exit_code(self) -> int | None:
        """Of the process, once it has ended."""
        return self._leash.poll()

    def stop(self) -> None:
        """End it politely, forcibly after some seconds. May be called twice."""
        for pipe in (self._leash.stdin, self._leash.stdout):
            if pipe is not None:
                pipe.close()
        self._leash.wait()
        if self in Server.running:
            Server.running.remove(self)

    def logged(self, since: int = 0) -> str:
        """The end of what it logged from byte `since` on."""
        with self.log.open("rb") as file:
            file.seek(max(since, self.log.stat().st_size - SHOWN))
            return file.read().decode(errors="replace")
