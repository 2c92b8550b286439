"""Golden vectors: templates, their data and what Go made of them, in `tests/vectors/template/*.json`.

A file is {"strings" or "document": the data that its cases share, "cases": [{"text": ..., "output": ...} or
{"text": ..., "error": ..., "phase": ..., "line": ...}]}; a case may have "strings", "document" or
"delimiters" of its own. "differs" says why we deliberately give something else: "error" (our message leaves
out a value; there still is one, at the same line) or "output" with our output under "ours". To add cases,
write their texts and run `make vectors-template`, which asks Go."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.secretcore.template.oracle import ROOT, Answer, Case, Oracle

FOLDER = ROOT / "tests" / "vectors" / "template"


def load(path: Path) -> Iterator[tuple[dict[str, Any], Case]]:
    """The entries of a file, each with its case."""
    content = json.loads(path.read_text())
    for entry in content["cases"]:
        yield entry, _case(content, entry)


def _case(content: dict[str, Any], entry: dict[str, Any]) -> Case:
    source = entry if "strings" in entry or "document" in entry else content
    left, right = entry.get("delimiters", ("{{", "}}"))
    return Case(entry["text"], source.get("strings"), source.get("document"), (left, right))


def answer_of(entry: dict[str, Any]) -> Answer:
    """What an entry says that Go made of it."""
    return Answer(entry.get("output", ""), entry.get("error", ""), entry.get("phase", ""), entry.get("line", 0))


def regenerate(path: Path, oracle: Oracle) -> int:
    """Ask Go about every case of a file and write it anew, a case a line. The number of cases."""
    content = json.loads(path.read_text())
    lines = []
    for entry in content["cases"]:
        said = oracle.ask(_case(content, entry))
        kept = {key: entry[key] for key in ("text", "strings", "document", "delimiters") if key in entry}
        if said.error:
            kept |= {"error": said.error, "phase": said.phase, "line": said.line}
        else:
            kept["output"] = said.output
        kept |= {key: entry[key] for key in ("differs", "ours") if key in entry}
        lines.append("  " + json.dumps(kept))
    shared = {key: content[key] for key in ("strings", "document") if key in content}
    head = "".join(f" {json.dumps(key)}: {json.dumps(value)},\n" for key, value in shared.items())
    path.write_text("{\n" + head + ' "cases": [\n' + ",\n".join(lines) + "\n ]\n}\n")
    return len(lines)


def main() -> None:
    """Regenerate the files that are named, or all."""
    paths = [Path(name) for name in sys.argv[1:]] or sorted(FOLDER.glob("*.json"))
    with Oracle(operator=True) as oracle:
        for path in paths:
            print(f"{regenerate(path, oracle):5} {path.name}")


if __name__ == "__main__":
    main()
