"""Prometheus' own engine as a program that tests ask: `tests/tools/promql`, built on first use (a minute, uncached)."""

import json
import re
import subprocess

from tests.support.binaries import go_tool
from tests.support.paths import ROOT, fingerprint, made_once, run

SOURCE = ROOT / "tests" / "tools" / "promql"
STEP = 60
"""Seconds between two samples."""
UNITS = {"s": 1, "m": 60, "h": 3600}


def binary():
    """Made anew when its source changes."""

    def build(folder):
        argv = ["nice", str(go_tool()), "build", "-buildvcs=false", "-o", str(folder / "promql"), "."]
        run(argv, cwd=SOURCE, env={"CGO_ENABLED": "0"})

    return made_once("promql", fingerprint(*sorted(SOURCE.iterdir())), build) / "promql"


def firing(rules, series):
    """Alerts that fire over those series (`{"labels", "values"}`, a value per step): the annotations of each element,
    by the alert's name.
    """
    asked = {"step": STEP, "series": series, "rules": rules}
    done = subprocess.run([binary()], input=json.dumps(asked), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = {}
    for rule, over in zip(rules, json.loads(done.stdout), strict=True):
        if elements := list(_lasting(over, _seconds(rule.get("for", "0s")) // STEP)):
            found[rule["alert"]] = elements
    return found


def _lasting(over, steps):
    """The last annotations of what was there for so many steps in a row."""
    since, fired = {}, {}
    for index, elements in enumerate(over):
        present = {json.dumps(each["labels"], sort_keys=True): each["annotations"] for each in elements}
        since = {labels: since.get(labels, index) for labels in present}
        fired |= {labels: present[labels] for labels in present if index - since[labels] >= steps}
    return fired.values()


def _seconds(duration):
    number, unit = re.fullmatch(r"(\d+)([smh])", duration).groups()
    return int(number) * UNITS[unit]
