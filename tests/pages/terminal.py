"""A terminal in the project's folder, in which a page's commands are typed.

Bash runs them as they stand, with kubectl, bao and this environment's programs on the PATH and KUBECONFIG set. What it
can't be asked to do, `replaced` says. A command that doesn't end (`&` at its end, `--watch`) goes on until `close`.
"""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.binaries import binary
from tests.support.paths import ROOT
from tests.support.processes import Server, free_port

SCRIPTS = Path(sys.executable).parent


class Terminal:
    """`folder` stands for /tmp of the page; `replaced` maps more of its text to what is here."""

    def __init__(self, folder, *, kubeconfig=None, **environment):
        self.folder = folder
        self.environment = {**os.environ, **environment, "PATH": f"{SCRIPTS}:{os.environ['PATH']}"}
        self.replaced = {".venv/bin/": f"{SCRIPTS}/", "/tmp/": f"{folder}/"}
        self.running = []
        if kubeconfig is not None:
            self.replaced["~/.kube/config"] = str(kubeconfig)
            self.environment["KUBECONFIG"] = str(kubeconfig)
            self.environment["PATH"] = f"{binary('kubectl').parent}:{self.environment['PATH']}"

    def here(self, command):
        """The command as it is typed here."""
        for text, replacement in self.replaced.items():
            command = command.replace(text, replacement)
        if command.startswith("export "):
            return command
        # The virtual environment is there, and must not be made anew while tests run in it.
        return (
            command.replace("make ", "make --assume-old=.venv/.ready ", 1) if command.startswith("make ") else command
        )

    def type(self, command):
        """What it prints; raises AssertionError with its complaint."""
        command = self.here(command)
        if command.startswith("export "):
            self.environment |= dict(each.split("=", 1) for each in command.split()[1:])
            return ""
        ran = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command], cwd=ROOT, env=self.environment, capture_output=True, text=True
        )
        assert ran.returncode == 0, f"{command}: {ran.returncode}\n{ran.stdout}\n{ran.stderr}"
        return ran.stdout

    def start(self, command, *more):
        """The same for one that goes on. Returns it."""
        argv = [*self.here(command.removesuffix("&").strip()).split(), *more]
        server = Server(f"terminal-{len(self.running)}", argv, log=self.folder / f"terminal-{len(self.running)}.log")
        self.running.append(server)
        return server

    def close(self):
        for server in self.running:
            server.stop()


def controller_flags():
    """Ports that nobody else on this machine has, for `python -m controller`; the address of its health."""
    address = f"127.0.0.1:{free_port()}"
    return address, (f"--live-addr={address}", "--metrics-addr=0")
