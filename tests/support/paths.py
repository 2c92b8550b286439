"""Where the test bed keeps what it installs and builds, and how it makes each thing exactly once.

Everything under CACHE can be removed at any time: it is made again on the next use.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"


def made_once(directory: Path, version: str, make: Callable[[Path], None]) -> Path:
    """Return `directory`, filled by `make(directory)` unless an earlier run filled it for the same `version`.

    A lock file beside it lets parallel test workers (and parallel runs) wait for one another. What a
    killed run left behind is thrown away, because only a finished directory holds the `.made` mark.
    """
    mark = directory / ".made"
    if _holds(mark, version):
        return directory
    directory.parent.mkdir(parents=True, exist_ok=True)
    with (directory.parent / f"{directory.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _holds(mark, version):
            shutil.rmtree(directory, ignore_errors=True)
            directory.mkdir()
            make(directory)
            mark.write_text(version)
    return directory


def _holds(mark: Path, version: str) -> bool:
    return mark.exists() and mark.read_text() == version


def fingerprint(*files: Path) -> str:
    """A short hash of the content of files: the version of what is made from them."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def virtual_environment(name: str, requirements: Path) -> Path:
    """Return the folder of a virtual environment of its own, `.cache/<name>`, made from a hashed lock
    file.
    """
    return made_once(CACHE / name, fingerprint(requirements), lambda folder: _install(folder, requirements))


def _install(folder: Path, requirements: Path) -> None:
    run([sys.executable, "-m", "venv", str(folder)])
    pip = [str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
    run([*pip, "--require-hashes", "--only-binary", ":all:", "-r", str(requirements)])


def run(argv: list[str], *, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    """Run a set-up command to its end and return its output; a failure shows that output."""
    environment = None if env is None else {**os.environ, **env}
    done = subprocess.run(argv, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(argv)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout
