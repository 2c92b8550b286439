"""Writes the table of values in the chart's README from values.yaml, whose comments say what each is: `make chart`.

A test keeps it current.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

CHART = Path(__file__).with_name("external-secrets-injector")
BEGIN, END = "<!-- values: written by `make chart` -->", "<!-- end of values -->"


def readme() -> str:
    """The README with its table as values.yaml has it now."""
    text = (CHART / "README.md").read_text()
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n{table((CHART / 'values.yaml').read_text())}{END}{rest.partition(END)[2]}"


def table(values: str) -> str:
    """A row per value, in the order of the file."""
    rows = ["| value | default | what it is |", "|---|---|---|"]
    for path, default, comment in described(yaml.compose(values), values.splitlines()):
        shown = f"`{json.dumps(default, ensure_ascii=False)}`" if default is not ... else ""
        rows.append(f"| `{path}` | {shown.replace('|', '&#124;')} | {comment.replace('|', '&#124;')} |")
    return "\n".join(rows) + "\n"


def described(node: Any, lines: list[str], above: str = "") -> Iterator[tuple[str, Any, str]]:
    """Path, default (`...` for what has parts of its own) and comment of each key."""
    for key, value in node.value:
        path = f"{above}{key.value}"
        comment = _comment(lines, key.start_mark.line)
        if isinstance(value, yaml.MappingNode) and value.value:
            if comment:
                yield path, ..., comment
            yield from described(value, lines, f"{path}.")
        else:
            yield path, yaml.safe_load(yaml.serialize(value)), comment


def _comment(lines: list[str], line: int) -> str:
    found: list[str] = []
    while line > 0 and lines[line - 1].lstrip().startswith("#"):
        line -= 1
        found.insert(0, lines[line].lstrip().removeprefix("#").strip())
    return " ".join(found)


if __name__ == "__main__":
    (CHART / "README.md").write_text(readme())
