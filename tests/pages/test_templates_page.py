"""docs/templates.md: its examples are rendered, and its tables are those of the code."""

import base64
import re

import pytest
import yaml

from injector.__main__ import main
from secretcore.rendering import Rendering
from secretcore.template import Budget
from secretcore.template.builtin_functions import BUILTINS
from secretcore.template.functions import FUNCTIONS
from tests.support.pages import fenced, section
from tests.support.paths import ROOT

PAGE = (ROOT / "docs/templates.md").read_text()
ROWS = re.findall(r"^\| `(\{\{.*?)` \| (.*) \|$", section(PAGE, "What a template sees"), re.MULTILINE)


def test_the_example_gives_what_the_page_shows(tmp_path, capsys):
    (manifests,) = fenced(PAGE, "yaml")
    (result,) = fenced(PAGE, "result")
    (tmp_path / "example.yaml").write_text(manifests)
    store = str(ROOT / "examples/quickstart/store.yaml")
    assert main(["render", "--no-progress", "--show-values", str(tmp_path), store]) == 0
    secret = yaml.safe_load(capsys.readouterr().out)
    assert {key: base64.b64decode(value).decode() for key, value in secret["data"].items()} == yaml.safe_load(result)
    assert secret["metadata"]["labels"]["user"] == "payments"


def test_there_are_rows():
    assert len(ROWS) > 8


@pytest.mark.parametrize(("template", "gives"), ROWS, ids=lambda text: text[:40])
def test_a_row_of_templates_gives_what_it_says(template, gives, tmp_path, capfd):
    (values,) = re.findall(r"With these values \((.*)\):", PAGE)
    (tmp_path / "values").write_text("\n".join(re.findall(r"`([^`]*)`", values)))
    (tmp_path / "template").write_text(template.replace("\\|", "|"))
    code = main(["render", "--template", str(tmp_path / "template"), "--values", str(tmp_path / "values")])
    printed = capfd.readouterr()
    if gives.startswith("an error"):
        assert (code, printed.out) == (1, "")
    else:
        assert (code, printed.out) == (0, gives.strip("`")), printed.err


def test_the_functions_are_those_that_there_are():
    text = section(PAGE, "Functions")
    (own,) = re.findall(r"Go's own \(`([^`]*)`\)", text)
    listed = [name for row in re.findall(r"^\| [^`|]* \| `([^`]*)` \|$", text, re.MULTILINE) for name in row.split()]
    assert (sorted(listed), sorted(own.split())) == (sorted(FUNCTIONS), sorted(BUILTINS))


@pytest.mark.parametrize(
    ("row", "numbers"),
    [
        ("steps", [Budget().steps, Rendering.__dataclass_fields__["steps_left"].default]),
        ("output", [Budget().output >> 20, Budget().string >> 20]),
        ("elements", [Budget().elements]),
        ("depth", [Budget().depth]),
        ("slow work", [Budget().native, Rendering.__dataclass_fields__["native_left"].default]),
        ("a PEM", [Budget().document >> 20]),
        ("a regular expression", [Budget().regex]),
    ],
)
def test_the_limits_are_those_of_the_code(row, numbers):
    (said,) = re.findall(rf"^\| {row}.*\| (.*) \|$", section(PAGE, "Limits"), re.MULTILINE)
    assert {int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", said)} == set(numbers)
