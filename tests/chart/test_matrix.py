"""The matrix of values leaves nothing of values.yaml out, and nothing of values.yaml is without effect."""

import copy

import pytest
import yaml

from tests.chart.helm import FOLDER, chart
from tests.chart.matrix import MATRIX

DEFAULTS = yaml.safe_load((FOLDER / "values.yaml").read_text())


def paths(values, above=()):
    """The path of each value that has no parts of its own."""
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from paths(value, (*above, key))
        else:
            yield (*above, key)


def at(values, path):
    """What values say there; None when they say nothing."""
    for key in path:
        values = values.get(key) if isinstance(values, dict) else None
    return values


def without(values, path):
    """The same values, but for that one, which is as values.yaml has it."""
    left = copy.deepcopy(values)
    *above, last = path
    del at(left, above)[last]
    return left


def rows(path):
    return [row for row in MATRIX.values() if at(row, path) not in (None, at(DEFAULTS, path))]


OF_DEFINITIONS = {"installCRDs", "crds", "commonLabels"}


def texts(values, *, definitions):
    """What Helm writes, as text: to be compared, it needs not be read. The definitions are most of it."""
    given = values if definitions else {**values, "installCRDs": False}
    return chart().render(given, name="demo", namespace="team")


@pytest.mark.parametrize("path", list(paths(DEFAULTS)), ids=".".join)
def test_each_value_is_in_a_row_and_changes_what_is_rendered(path):
    found = rows(path)
    assert found, f"{'.'.join(path)} is in no row of tests/chart/matrix.py"
    definitions = path[0] in OF_DEFINITIONS
    changes = (
        texts(row, definitions=definitions) != texts(without(row, path), definitions=definitions) for row in found
    )
    assert any(changes), f"{'.'.join(path)} changes nothing"
