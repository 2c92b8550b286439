"""Starting local mode: time and memory of `python -m injector render` with one Vault secret, against `python -c pass`
in the same run, on a real OpenBao.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from tests.support.openbao import dev_server

RUNS = 15


def manifests(url: str, token: str) -> str:
    auth = {"tokenSecretRef": {"name": "vault", "key": "token"}}
    provider = {"vault": {"server": url, "path": "secret", "auth": auth}}
    data = [{"secretKey": "password", "remoteRef": {"key": "db", "property": "password"}}]
    group = {"apiVersion": "external-secrets.io/v1"}
    return yaml.safe_dump_all(
        [
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "vault"}, "stringData": {"token": token}},
            {**group, "kind": "SecretStore", "metadata": {"name": "s"}, "spec": {"provider": provider}},
            {
                **group,
                "kind": "ExternalSecret",
                "metadata": {"name": "es"},
                "spec": {"secretStoreRef": {"name": "s"}, "data": data},
            },
        ]
    )


def milliseconds(*command: str) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - started) * 1e3


def peak_mebibytes(*command: str) -> float:
    """Of the command alone: a child of its own reports the peak of its children."""
    measure = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL); "
    measure += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    ran = subprocess.run([sys.executable, "-c", measure, *command], check=True, capture_output=True, text=True)
    return int(ran.stdout) / 1024


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        bao = dev_server(Path(folder))
        try:
            bao.put_kv("secret", "db", {"password": "swordfish"})
            file = Path(folder) / "manifests.yaml"
            file.write_text(manifests(bao.url, bao.token))
            report(str(file))
        finally:
            bao.stop()


def report(file: str) -> None:
    commands = {
        "python -c pass": (sys.executable, "-c", "pass"),
        "import injector": (sys.executable, "-c", "import injector.local.command"),
        "render, one Vault secret": (sys.executable, "-m", "injector", "render", file),
    }
    rounds = [{name: milliseconds(*command) for name, command in commands.items()} for _ in range(RUNS)]
    times = {name: statistics.median(each[name] for each in rounds) for name in commands}
    bare = times["python -c pass"]
    for name, command in commands.items():
        print(
            f"{name:26} {times[name]:7.1f} ms  {times[name] / bare:5.1f} x python -c pass  "
            f"{peak_mebibytes(*command):6.1f} MiB peak"
        )


if __name__ == "__main__":
    main()
