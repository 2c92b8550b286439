"""The pages that are written from code are current, and links lead somewhere."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted(path for path in ROOT.rglob("*.md") if not {".venv", ".cache"} & set(path.relative_to(ROOT).parts))


def test_the_page_of_providers_is_current():
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs/generate.py")
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    assert (ROOT / "docs/providers.md").read_text() == generate.providers_page(), "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_to_files_lead_somewhere(page):
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())
    assert not [link for link in links if not (page.parent / link).exists()]


def test_the_commands_of_the_readme_are_those_that_are_tested():
    readme = (ROOT / "README.md").read_text()
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"`?make ([a-z-]+)", readme):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for path in re.findall(r"(?:examples|docs)/[a-z0-9/.-]+", readme):
        assert (ROOT / path.rstrip(".")).exists(), path


def test_the_calls_of_the_quickstart_in_the_readme_work(tmp_path):
    readme = (ROOT / "README.md").read_text()
    calls = re.findall(r"^    \.venv/bin/python (-m injector render examples/quickstart.*)$", readme, re.MULTILINE)
    assert len(calls) >= 2
    for call in calls:
        once = call.replace("/tmp/secrets", str(tmp_path)).replace(" --watch", "")
        ran = subprocess.run([sys.executable, *once.split(), "--no-progress"], cwd=ROOT, capture_output=True, text=True)
        assert ran.returncode == 0, f"{call}: {ran.stderr}"
        if "--watch" in call:
            assert (tmp_path / "database").is_dir()
        else:
            assert (ran.stdout != "", ran.stderr) == (True, ""), call


def test_imports_keep_their_layers():
    """The contracts in pyproject.toml: so a test run holds the architecture, not only `make check`."""
    ran = subprocess.run([Path(sys.executable).with_name("lint-imports")], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout
