"""A writer that is killed at any step leaves one whole generation visible, and readers never see two mixed."""

import json
import subprocess
import sys

import pytest

from tests.injector.agent.crashing import SCENARIOS


def run(module, *arguments):
    ran = subprocess.run(
        [sys.executable, "-m", f"tests.injector.agent.{module}", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_crash_before_any_step_leaves_one_whole_generation_and_the_next_writer_finishes(folder, scenario):
    before, files, _ = SCENARIOS[scenario]
    old = {path: value.decode() for path, value in (before[-1] if before else {}).items()}
    new = {path: value.decode() for path, value in files.items()}
    report = run("crashing", folder, scenario)
    assert len(report) > 10
    assert [found["killed"] for found in report] == [True] * (len(report) - 1) + [False]
    for step, found in enumerate(report, 1):
        assert found["seen"] in (old, new), f"step {step}"
        assert found["note"] in ("old", "new"), f"step {step}"
        assert found["after"] == new, f"step {step}"
        assert found["left"] == sorted({path.partition("/")[0] for path in new} | {"..data", "..agent"}), f"step {step}"
        assert found["generations"] <= 3, f"step {step}"
    # Once the new set was seen, it stays: there is one moment of change.
    became_new = [found["seen"] == new for found in report]
    assert became_new == sorted(became_new)


def test_readers_of_one_data_directory_never_see_two_generations_mixed(small):
    found = run("swapping", small, 10_000)
    assert found["swaps"] == 10_000
    assert min(found["sets"]) > 100
    assert found["mixed"] == [0, 0]
    assert found["lost"] == [0, 0]
