"""docs/operations.md names each series of the webhook. (Those of the controller: tests/chart/test_operations.py.)"""

import re

from injector.webhook.metrics import RESULTS, Metrics
from tests.support.pages import section
from tests.support.paths import ROOT

PAGE = section((ROOT / "docs/operations.md").read_text(), "The webhook")


def test_each_series_has_its_row():
    families = Metrics().registry.collect()
    names = {f"{family.name}_total" if family.type == "counter" else family.name: family.type for family in families}
    assert dict(re.findall(r"^\| `(injector_\w+)` \| (\w+) \|", PAGE, re.MULTILINE)) == names


def test_each_result_is_said():
    (row,) = re.findall(r"^\| `injector_admissions_total`.*$", PAGE, re.MULTILINE)
    assert not [result for result in RESULTS if result not in row]
