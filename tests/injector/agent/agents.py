"""The agent as a container runs it: a process of its own, its hand-off and credentials as the kubelet lays them out."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import httpx

from injector.handoff import AgentConfig, Delivery, encode
from tests.injector.agent.backend import external_secret
from tests.injector.agent.test_files import seen
from tests.support.processes import free_port

LIMIT = 60.0  # seconds: what takes longer is reported with the agent's log


def fake_store(**values):
    data = [{"key": key, "value": value} for key, value in values.items()]
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "SecretStore",
        "metadata": {"name": "s", "namespace": "shop"},
        "spec": {"provider": {"fake": {"data": data}}},
    }


def vault_store(server, auth, **provider):
    return {
        **fake_store(),
        "spec": {
            "retrySettings": {"maxRetries": 0},
            "provider": {"vault": {"server": server, "path": "secret", "auth": auth, **provider}},
        },
    }


class Mount:
    """A folder that is written as the kubelet writes one: everything behind `..data`, swapped by a rename."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self._number = 0

    def write(self, **files):
        """`tokens__0="…"` is the file `tokens/0`."""
        self._number += 1
        real = self.folder / f"..2026_01_01_00_00_00.{self._number:09d}"
        for name, content in files.items():
            path = real / name.replace("__", "/").replace("_dot_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        (self.folder / "..data_tmp").symlink_to(real.name)
        os.rename(self.folder / "..data_tmp", self.folder / "..data")
        for each in real.iterdir():
            with suppress(FileExistsError):
                (self.folder / each.name).symlink_to(f"..data/{each.name}")


class Pod:
    """What the agents of a pod share."""

    def __init__(self, folder, volume):
        self.volume = volume
        self.handoff, self.credentials = Mount(folder / "handoff"), Mount(folder / "credentials")
        self.port = free_port()
        self.log = folder / "log"
        self.message = folder / "termination-log"
        self.message.touch()
        self.running = []

    def hand_over(self, *manifests, store=None, **fields):
        deliveries = tuple(Delivery(external_secret=each) for each in manifests or [external_secret("db")])
        config = AgentConfig(
            **{
                "version": 1,
                "namespace": "shop",
                "service_account": "app",
                "deliveries": deliveries,
                "stores": (store or fake_store(db='{"password":"one"}'),),
                "port": self.port,
                "deadline": 30.0,
                **fields,
            }
        )
        self.handoff.write(config_dot_json=encode(config))

    def start(self, *mode, within=(), variables=None):
        command = [
            *within, sys.executable, "-m", "injector", "agent", *mode, "--handoff", self.handoff.folder / "config.json",
            "--credentials", self.credentials.folder, "--out", self.volume, "--termination-log", self.message,
        ]  # fmt: skip
        with self.log.open("ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **(variables or {})})
        self.running.append(process)
        return process

    def run(self, *mode):
        return self.start(*mode).wait(LIMIT)

    def stop(self):
        for process in self.running:
            if process.poll() is None:
                process.kill()
                process.wait()

    def get(self, path):
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", trust_env=False)

    def status(self, path):
        try:
            return self.get(path).status_code
        except httpx.TransportError:
            return 0

    def until(self, condition):
        deadline = time.monotonic() + LIMIT
        while True:
            with suppress(OSError):  # a reader without a pinned generation may meet a swap
                if condition():
                    return
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)

    def until_seen(self, path, content):
        self.until(lambda: seen(self.volume).get(path) == content)

    def lines(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def terminate(self, process, number=signal.SIGTERM):
        """Exit code, and seconds that it took."""
        started = time.monotonic()
        process.send_signal(number)
        return process.wait(LIMIT), time.monotonic() - started
