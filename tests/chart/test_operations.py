"""docs/operations.md and docs/controller.md name what there is: each series, each alert, each flag."""

import re

import pytest

from controller.eso_flags import WITHOUT_EFFECT
from controller.settings import Settings
from tests.chart.monitored import rules
from tests.controller.series import ALL
from tests.support.paths import ROOT

OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
CONTROLLER = (ROOT / "docs" / "controller.md").read_text()


@pytest.mark.parametrize("name", sorted(ALL))
def test_each_series_has_its_row(name):
    ending = "_total" if ALL[name][0] == "counter" else ""
    section = OPERATIONS.partition("## Metrics")[2].partition("## Alerts")[0]
    rows = [line for line in section.splitlines() if line.startswith("|") and f"`{name}{ending}`" in line]
    assert len(rows) == 1
    if not name.startswith("process_"):
        assert {word for word in re.split(r"[ ,]+", rows[0].split("|")[3]) if word} == ALL[name][1]


def test_each_alert_says_what_to_do():
    documented = re.findall(r"^\| `(External\w+|Secret\w+|Injector\w+)` \|", OPERATIONS, re.MULTILINE)
    assert sorted(documented) == sorted(rules())


def test_each_flag_is_described_as_what_it_is():
    settings, _, rest = CONTROLLER.partition("Flags of ESO's that have nothing to set here")
    without, _, refused = rest.partition("`--metrics-secure` and `--metrics-auth` are refused")
    assert refused
    ours = {f"--{name.replace('_', '-')}" for name in Settings.model_fields}
    assert set(re.findall(r"`(--[a-z0-9-]+)`", settings)) >= ours
    ignored = {f"--{name}" for name, flag in WITHOUT_EFFECT.items() if not flag.refused}
    rows = [line.split("|")[1] for line in without.splitlines() if line.startswith("| `")]
    found = set(re.findall(r"`(--[a-z0-9-]+)`", "".join(rows)))
    assert found == ignored


def test_rights_are_those_of_the_chart():
    from tests.chart.test_rights import CLUSTER, SERVED

    table = CONTROLLER.partition("## What it may do")[2].partition("With `--namespace`")[0]
    documented = {}
    for line in table.splitlines():
        if line.startswith("| ") and not line.startswith("| resource"):
            resources, verbs, _ = (cell.strip() for cell in line.strip("|").split("|", 2))
            for resource in resources.split(", "):
                documented.setdefault(resource, set()).update(verbs.split(", "))
    documented.pop("leases")
    expected = {
        name.removeprefix("external-secrets.io").removeprefix("/"): verbs for name, verbs in (SERVED | CLUSTER).items()
    }
    assert documented == expected
