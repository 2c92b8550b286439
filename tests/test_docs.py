"""The pages that are written from code are current, links lead somewhere, and words are spelt as they are."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted(path for path in ROOT.rglob("*.md") if not {".venv", ".cache"} & set(path.relative_to(ROOT).parts))


def module(name):
    """A program of docs/, imported."""
    spec = importlib.util.spec_from_file_location(name, ROOT / f"docs/{name}.py")
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def test_the_page_of_providers_is_current():
    assert (ROOT / "docs/providers.md").read_text() == module("generate").providers_page(), "run `make docs`"


def anchors(page):
    """Of its headings, as GitHub makes them; in code nothing is a heading."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    titles = [re.sub(r"[^\w\s-]", "", title.lower()) for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE)]
    return {title.strip().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    prose = re.sub(r"`[^`\n]*`", "", page.read_text())
    links = re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", prose)
    lost = [path for path, _ in links if not (page.parent / path).exists()]
    assert not lost
    files = [(page.parent / path if path else page, anchor) for path, anchor in links if anchor]
    assert not [anchor for file, anchor in files if anchor not in anchors(file)]


def test_the_readme_leads_to_every_page():
    linked = set(re.findall(r"\]\(([^)#]+)\)", (ROOT / "README.md").read_text()))
    pages = {str(page.relative_to(ROOT)) for page in (ROOT / "docs").glob("*.md")}
    assert not pages - linked


def test_targets_and_paths_in_the_readme_are_there():
    readme = (ROOT / "README.md").read_text()
    for target in re.findall(r"`?make ([a-z-]+)", readme):
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE), target
    for path in re.findall(r"(?:examples|docs|crds|charts)/[a-z0-9/.-]*", readme):
        assert (ROOT / path.rstrip(".")).exists(), path


EXAMPLES = {
    "express": "providers/test_express.py",
    "pod": "pages/test_readme_files.py",
    "quickstart": "pages/test_readme_no_cluster.py",
    "vault": "providers/test_vault_example.py",
}
"""Which test runs which folder of examples/."""


def test_every_example_is_run_by_a_test():
    assert {folder.name for folder in (ROOT / "examples").iterdir()} == EXAMPLES.keys()
    readme = (ROOT / "README.md").read_text()
    for folder, test in EXAMPLES.items():
        text = (ROOT / "tests" / test).read_text()
        named = f"examples/{folder}" in text or ("README.md" in text and f" examples/{folder}" in readme)
        assert named, test


def test_every_word_is_known():
    assert not module("spelling").unknown_words(), "mend it, or add it to docs/words.txt"


@pytest.mark.parametrize("word", ["adress", "recieves", "teh", "occured", "seperate", "Secrte", "begining", "wich"])
def test_a_word_that_is_misspelt_is_not_known(word):
    spelling = module("spelling")
    assert spelling.unknown_in(f"The {word} of a store's `code`.", spelling.known_words()) == [word]


def test_imports_keep_their_layers():
    """The contracts in pyproject.toml: so a test run holds the architecture, not only `make check`."""
    ran = subprocess.run([Path(sys.executable).with_name("lint-imports")], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_sources_that_a_page_names_are_there(page):
    """But for absolute paths: those files the reader writes."""
    names = set(re.findall(r"`([a-z0-9_.-][a-z0-9_./-]*\.py)`", page.read_text()))
    sources = [
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*.py")
        if not {".venv", ".cache"} & set(path.relative_to(ROOT).parts)
    ]
    assert not [name for name in names if not any(f"/{source}".endswith(f"/{name}") for source in sources)]
