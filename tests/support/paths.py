"""Where the test bed keeps what it installs and builds, and how it makes each thing exactly once.

The cache stands outside the tree, so that a fresh clone does not build a control plane again; TEST_CACHE names another
folder. Everything in it can be removed at any time: it is made again on the next use.
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
CACHE = Path(
    os.environ.get("TEST_CACHE")
    or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "external-secrets-injector"
)


def made_once(name: str, version: str, make: Callable[[Path], None]) -> Path:
    """Return the folder `<name>-<version>` of the cache, filled by `make(folder)` unless an earlier run filled it.

    A lock file beside it lets parallel test workers (and parallel runs) wait for one another. What a
    killed run left behind is thrown away, because only a finished folder holds the `.made` mark, which says where it
    was made: what an installer wrote into a folder that was moved since does not work.
    """
    folder = CACHE / f"{name}-{version}"
    mark = folder / ".made"
    if _was_made_here(mark):
        return folder
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _was_made_here(mark):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            mark.write_text(str(folder))
    return folder


def _was_made_here(mark: Path) -> bool:
    return mark.exists() and mark.read_text() == str(mark.parent)


def fingerprint(*files: Path) -> str:
    """A short hash of the content of files: the version of what is made from them."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def virtual_environment(name: str, requirements: Path) -> Path:
    """Return the folder of a virtual environment of its own, made from a hashed lock file."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    version = f"{fingerprint(requirements)}-{python}"
    return made_once(name, version, lambda folder: _install(folder, requirements))


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
