"""`python -m controller` as a process of its own, in the words of a test."""

import json
import signal
import sys
import time

import httpx

from tests.controller.cluster import TOO_LONG
from tests.support.processes import Server, free_port


class Process:
    """One replica that serves the namespace of a `Cluster`. It logs at debug level."""

    def __init__(self, cluster, kubeconfig, folder, name, *flags, env=None):
        self.port = free_port()
        address = f"127.0.0.1:{self.port}"
        argv = [
            sys.executable, "-m", "controller", f"--kubeconfig={kubeconfig}", f"--namespace={cluster.namespace}",
            f"--live-addr={address}", f"--metrics-addr={address}", "--loglevel=debug", *flags,
        ]  # fmt: skip
        self.server = Server(name, argv, log=folder / f"{name}.log", env=env)

    def get(self, path):
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", trust_env=False)

    def ready(self):
        self.server.wait_until(lambda: self.get("/readyz").is_success)
        return self

    def end(self):
        """Asked once: a second signal would end it at once."""
        self.server.send(signal.SIGTERM)
        self.ended()

    def ended(self):
        """Returns when the process has come to its end."""
        deadline = time.monotonic() + TOO_LONG
        while self.server.alive and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not self.server.alive, "it does not end"
        self.server.stop()

    def log(self):
        return self.server.log.read_text()

    def lines(self):
        """What it logged, decoded."""
        return [json.loads(line) for line in self.log().splitlines()]

    def changes(self, name):
        """The changes that it logged for an ExternalSecret."""
        return [line["change"] for line in self.lines() if line.get("name") == name and "change" in line]
