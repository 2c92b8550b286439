"""Starting local mode: time and memory of `python -m injector render` with one Vault secret, against `python -c pass`
in the same run, on a real OpenBao.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from tests.support.openbao import dev_server

RUNS = 15
PYTHON = str(Path(__file__).parents[1] / ".cache/runtime/bin/python")
"""An interpreter with what an installation has; `make bench` makes it."""


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


def environment(cache: str) -> dict[str, str]:
    """With compiled modules, as an installation has them."""
    return {**os.environ, "PYTHONPYCACHEPREFIX": cache, "PYTHONDONTWRITEBYTECODE": ""}


def milliseconds(variables: dict[str, str], *command: str) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=variables)
    return (time.perf_counter() - started) * 1e3


def peak_mebibytes(variables: dict[str, str], *command: str) -> float:
    """Of the command alone: a child of its own reports the peak of its children."""
    measure = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL); "
    measure += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    ran = subprocess.run(
        [sys.executable, "-c", measure, *command], check=True, capture_output=True, text=True, env=variables
    )
    return int(ran.stdout) / 1024


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        bao = dev_server(Path(folder))
        try:
            bao.put_kv("secret", "db", {"password": "swordfish"})
            file = Path(folder) / "manifests.yaml"
            file.write_text(manifests(bao.url, bao.token))
            report(str(file), environment(f"{folder}/compiled"))
        finally:
            bao.stop()


def report(file: str, variables: dict[str, str]) -> None:
    commands = {
        "python -c pass": (PYTHON, "-c", "pass"),
        "import injector": (PYTHON, "-c", "import injector.local.command"),
        "render, one Vault secret": (PYTHON, "-m", "injector", "render", file),
    }
    for command in commands.values():
        milliseconds(variables, *command)  # compiles
    rounds = [{name: milliseconds(variables, *command) for name, command in commands.items()} for _ in range(RUNS)]
    times = {name: statistics.median(each[name] for each in rounds) for name in commands}
    bare = times["python -c pass"]
    for name, command in commands.items():
        print(
            f"{name:26} {times[name]:7.1f} ms  {times[name] / bare:5.1f} x python -c pass  "
            f"{peak_mebibytes(variables, *command):6.1f} MiB peak"
        )


if __name__ == "__main__":
    main()
