"""Kills a writer before each of its steps and reports what can be seen then, and after the next writer.

`python -m tests.injector.agent.crashing FOLDER SCENARIO` prints JSON: a list of what was found for step 1, 2, …; the
last one is the writer that nobody killed. A process of its own, because it forks.
"""

import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from injector.agent.files import Volume, open_volume

OLD = {"db/password": b"old", "db/user": b"old", "gone/k": b"old"}
NEW = {"db/password": b"new", "db/user": b"new", "more/k": b"new"}
SCENARIOS: dict[str, tuple[list[Mapping[str, bytes]], Mapping[str, bytes], int]] = {
    "first": ([], NEW, 0o444),
    "change": ([{"gone/k": b"older"}, OLD], NEW, 0o444),
    "full": ([{"a/k": b"1"}, {"a/k": b"2"}, {"a/k": b"3"}, OLD], NEW, 0o444),
    "mode": ([OLD], OLD, 0o400),
    "nothing": ([OLD], {}, 0o444),
}


def visible(folder: Path) -> dict[str, str]:
    """What a container reads."""
    found = {}
    for name in os.listdir(folder):
        path = folder / name
        if not name.startswith("..") and path.is_dir():
            found |= {f"{name}/{each.name}": each.read_text() for each in path.iterdir()}
    return found


def killed_before(step: int, volume: Path, files: Mapping[str, bytes], mode: int) -> bool:
    """Publishes in a process that kills itself before its n-th step. Whether it came that far."""
    child = os.fork()
    if child == 0:
        steps = iter(range(1, 10_000))

        def count(_: str) -> None:
            if next(steps) == step:
                os.kill(os.getpid(), signal.SIGKILL)

        with open_volume(volume, step=count) as opened:
            publish(opened, files, mode)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def publish(volume: Volume, files: Mapping[str, bytes], mode: int) -> None:
    volume.publish(files, mode)
    volume.write_note("note", b"new")


def main(folder: str, scenario: str) -> None:
    before, files, mode = SCENARIOS[scenario]
    report = []
    for step in range(1, 1_000):
        volume = Path(folder) / str(step)
        volume.mkdir()
        with open_volume(volume) as opened:
            for each in before:
                opened.publish(each, 0o444)
            opened.write_note("note", b"old")
        killed = killed_before(step, volume, files, mode)
        found = {"killed": killed, "seen": visible(volume), "note": (volume / "..agent/note").read_text()}
        with open_volume(volume) as opened:
            publish(opened, files, mode)
        found["after"] = visible(volume)
        found["left"] = sorted(name for name in os.listdir(volume) if not name.startswith("..2"))
        found["generations"] = sum(name.startswith("..2") for name in os.listdir(volume))
        report.append(found)
        if not killed:
            break
    print(json.dumps(report))


if __name__ == "__main__":
    main(*sys.argv[1:])
