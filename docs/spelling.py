"""Lists words that nobody knows: `python docs/spelling.py` prints each with its file and line, and ends with 1 if there
is one. The test run calls it.

It reads the prose of the project: pages without their code, docstrings and comments of the sources, comments of YAML
and of the chart's templates. A word is known when the dictionary of pyspellchecker has it, or `docs/words.txt`.
"""

from __future__ import annotations

import ast
import gzip
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORDS = Path(__file__).with_name("words.txt")
CODE = re.compile(
    r"```.*?```|``.*?``|`[^`]*`|\]\([^)]*\)|https?://\S+|<!--.*?-->|^(?: {4}|\t).*$", re.DOTALL | re.MULTILINE
)
NOT_PROSE = re.compile(
    r"\S*[\w)\]][./_@\\=:#$%&|~{}<>]+\w\S*|\S*[_/\\@=$%&|~{}<>\[\]]\S*|\b\w*\d\w*\b|[A-Za-z]+[a-z][A-Z]\w*"
)
COMMENT = re.compile(r"(?:^|  ) *# (.*)$")
"""Of Python as ruff formats it; tokenize would take three seconds more."""
WORD = re.compile(r"[A-Za-z]+(?:'[a-z]+)?")

Line = tuple[int, str]
"""Number and text of a line of prose."""


def known_words() -> set[str]:
    """In small letters: the dictionary's, without its statistics, and the project's own."""
    packed = files("spellchecker").joinpath("resources/en.json.gz").read_bytes()
    return set(json.loads(gzip.decompress(packed))) | set(WORDS.read_text().split())


def unknown_in(text: str, known: set[str]) -> list[str]:
    """The words of a line of prose that are not known."""
    return [word for word in WORD.findall(NOT_PROSE.sub(" ", text)) if not _is_known(word, known)]


def unknown_words() -> list[str]:
    """`file:line: word` of each word that is not known."""
    known = known_words()
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [
        f"{name}:{number}: {word}"
        for name in tracked.stdout.splitlines()
        for number, text in _prose(ROOT / name)
        for word in unknown_in(text, known)
    ]


def _is_known(word: str, known: set[str]) -> bool:
    """Words of one or two letters and acronyms are; so are a known word's genitive and plural acronyms."""
    stem = word.removesuffix("'s").rstrip("'")
    return (
        len(stem) < 3 or stem.isupper() or stem.rstrip("s").isupper() or {stem.lower(), word.lower()} & known != set()
    )


def _prose(path: Path) -> Iterator[Line]:
    if not path.exists() or "vectors" in path.parts:
        return
    match path.suffix:
        case ".md":
            yield from _without_code(1, path.read_text())
        case ".py":
            yield from _of_python(path.read_text())
        case ".yaml" | ".yml" | ".tpl" | ".sh" | ".toml":
            yield from _comments(path.read_text())


def _of_python(text: str) -> Iterator[Line]:
    for number, line in enumerate(text.splitlines(), 1):
        found = COMMENT.search(line)
        if found and not found[1].startswith(("noqa", "type:", "fmt:")):
            yield number, CODE.sub(" ", found[1].split("# noqa")[0])
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Expr(value=ast.Constant(value=str(said))):
                yield from _without_code(node.lineno, said)


def _comments(text: str) -> Iterator[Line]:
    for number, line in enumerate(text.splitlines(), 1):
        if found := re.search(r"(?:^|\s)#+ (.*)$|\{\{-? ?/\*(.*)\*/", line):
            yield number, CODE.sub(" ", found[1] or found[2])


def _without_code(first: int, text: str) -> Iterator[Line]:
    blank = CODE.sub(lambda code: " " + "\n" * code[0].count("\n"), text)
    yield from enumerate(blank.splitlines(), first)


if __name__ == "__main__":
    found = unknown_words()
    print("\n".join(found))
    sys.exit(1 if found else 0)
