"""One process of a pod, inside the pod's mount namespace; `node` starts it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

LAUNCHER = Path(__file__).with_name("container.py")


def entering(pid: int) -> list[str]:
    return ["nsenter", f"--mount=/proc/{pid}/ns/mnt", "--"]


def in_namespace(pid: int, argv: list[str]) -> None:
    """Run a command where the pod's volumes are mounted."""
    subprocess.run([*entering(pid), *argv], check=True)


class PodProcess:
    """A container's process. What it writes stands in files, so that nothing waits for a reader."""

    def __init__(self, holder: int, specification: dict[str, Any], folder: Path, name: str) -> None:
        run = len(list(folder.glob(f"{name}.*.out")))
        self.out, self.err, self.termination = (folder / f"{name}.{run}.{end}" for end in ("out", "err", "termination"))
        self.termination.touch()
        self.termination.chmod(0o666)
        specification = {**specification, "termination": str(self.termination)}
        unshare = ["unshare", "--mount", "--propagation", "private", "--"]
        argv = [*entering(holder), *unshare, sys.executable, str(LAUNCHER), json.dumps(specification)]
        with self.out.open("wb") as out, self.err.open("wb") as err:
            self.process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True
            )

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def send(self, signum: signal.Signals) -> None:
        """To the container's program: every step to it replaced itself by exec."""
        os.kill(self.process.pid, signum)

    def wait(self, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """Its end: exit code, output, errors."""
        code = self.process.wait(seconds)
        return subprocess.CompletedProcess(self.process.args, code, self.out.read_text(), self.err.read_text())

    def terminate(self, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """SIGTERM, and its end."""
        self.send(signal.SIGTERM)
        return self.wait(seconds)

    def kill(self) -> None:
        """End it at once, if it still runs."""
        with contextlib.suppress(ProcessLookupError):
            self.send(signal.SIGKILL)
        self.process.wait()
