"""The README of the chart describes the values that there are."""

import importlib.util

from tests.chart.helm import FOLDER

SPEC = importlib.util.spec_from_file_location("readme", FOLDER.parent / "readme.py")
readme = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(readme)


def test_it_is_current():
    assert (FOLDER / "README.md").read_text() == readme.readme(), "run `make chart`"


def test_a_value_has_a_row_with_its_default_and_the_comment_above_it():
    rows = readme.table(
        '# Top.\n\n# Several\n# lines.\na: 1\nb:\n  # Of c.\n  c: ""\n  d: [x]\n# With parts.\ne:\n  f: {}\n'
    )
    assert rows.splitlines()[2:] == [
        "| `a` | `1` | Several lines. |",
        '| `b.c` | `""` | Of c. |',
        '| `b.d` | `["x"]` |  |',
        "| `e` |  | With parts. |",
        "| `e.f` | `{}` |  |",
    ]
