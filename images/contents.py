"""What the images hold: called by the Dockerfile, twice for an image.

    contents.py controller|agent ROOT     after pip has installed the locked dependencies and our wheel into ROOT/app:
                                          removes what the image's programs never import, compiles what is left
    contents.py library BASE ROOT         compiles the standard library in BASE/usr, the base's, into ROOT

Each ROOT is then copied over the base as it is. The library is compiled because bases without its bytecode exist: the
root is read-only in a pod, so each start would compile it anew, which doubles its time.

Standard library only. Ends with an error that says what to do when base and builder are of different Pythons.
"""

import ast
import os
import py_compile
import shutil
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import distributions
from pathlib import Path

CACHE_TAG = sys.implementation.cache_tag

OURS = {"secretcore", "kubecore", "controller", "injector"}
PROGRAMS = {
    "controller": ("controller.__main__", "injector.__main__", "injector.webhook.command_line"),
    "agent": ("injector.__main__", "injector.agent.command_line"),
}
"""The modules that an image is for. With them stay the providers and all that these import."""

UNUSED = (
    "bin",
    "pycparser*",  # cffi reads C declarations with it, at build time; cryptography needs cffi's compiled half alone
    "cffi",
    "kubernetes/client/apis",
    "kubernetes/client/api/*_api.py",  # typed calls and models, loaded by name only: kubecore makes its calls itself
    "kubernetes/client/models/*_*.py",
    "kubernetes/aio/client/api/*_api.py",
    "kubernetes/aio/client/models/*_*.py",
)
"""Of what pip installed, below ROOT/app."""

NEVER_RUN = ("*.pyi", "*.typed", "*.pyx", "*.px[di]", "*.[ch]", "*.cpp", "*.rs", "*_test.py", "pytest_plugin.py")
"""Files of any package: types, sources of what is compiled, tests."""
TEST_FOLDERS = ("tests", "test", "e2e_test")

INSTALLERS = ("RECORD", "INSTALLER", "REQUESTED", "WHEEL", "direct_url.json", "top_level.txt")
"""Of a *.dist-info. What stays says what is installed (METADATA), where providers are found (entry_points.txt), and
under which licence.
"""

LIBRARY_LEFT_OUT = {
    "__phello__", "curses", "dbm", "dist-packages", "ensurepip", "idlelib", "lib2to3", "pydoc_data",
    "site-packages", "sqlite3", "test", "tkinter", "turtledemo", "unittest", "venv", "xmlrpc",
}  # fmt: skip
"""Packages of the standard library that no server imports: they stay as the base has them."""


def make_app(image: str, root: Path) -> None:
    """Trim and compile what is in ROOT/app."""
    app = root / "app"
    remove_unused(app)
    remove_modules_but(app, reached(app, (*PROGRAMS[image], *providers(app))))
    compile_app(app)
    open_to_all(root)


def make_library(base: Path, root: Path) -> None:
    """Compile the base's standard library into ROOT, which may stay empty."""
    root.mkdir()
    compile_library(library(base), base, root)
    open_to_all(root)


def providers(app: Path) -> Iterator[str]:
    """The modules of our providers, which are found by name."""
    for distribution in distributions(name="external-secrets-injector", path=[str(app)]):
        yield from (entry.module for entry in distribution.entry_points if entry.group.endswith(".providers"))


def reached(app: Path, starts: Iterable[str]) -> set[Path]:
    """The files of our modules that `starts` import, those among them, wherever in a module an import stands."""
    found: set[Path] = set()
    names = [*starts]
    while names:
        name = names.pop()
        path = app / name.replace(".", "/")
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if name.partition(".")[0] not in OURS or file in found or not file.exists():
            continue
        found.add(file)
        names.append(name.rpartition(".")[0])
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.Import):
                names += [each.name for each in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names += [node.module, *(f"{node.module}.{each.name}" for each in node.names)]
    return found


def remove_modules_but(app: Path, kept: set[Path]) -> None:
    """Leave of our modules those."""
    for file in [file for package in OURS for file in (app / package).rglob("*.py")]:
        if file not in kept:
            file.unlink()
    for folder in sorted((folder for package in OURS for folder in (app / package).rglob("")), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()


def remove_unused(app: Path) -> None:
    """Remove what is never imported or read at run time."""
    for pattern in UNUSED:
        for found in app.glob(pattern):
            if not found.name.startswith("__"):
                _remove(found)
    for pattern in NEVER_RUN:
        for found in app.rglob(pattern):
            found.unlink()
    for info in app.glob("*.dist-info"):
        for name in INSTALLERS:
            (info / name).unlink(missing_ok=True)
    for name in (*TEST_FOLDERS, "__pycache__"):
        for found in [*app.rglob(name)]:
            _remove(found)


def compile_app(app: Path) -> None:
    """Compile every module under the path that it has in the image. The bytecode is taken as it is, never compared with
    its source: both are in the same layer.
    """
    for source in app.rglob("*.py"):
        where = "/" / source.relative_to(app.parent)
        mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
        py_compile.compile(str(source), dfile=str(where), doraise=True, invalidation_mode=mode)


def library(base: Path) -> Path:
    """The standard library of the base, which must be of the builder's minor version."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for prefix in ("usr/lib", "usr/local/lib"):
        if (base / prefix / name / "os.py").exists():
            return base / prefix / name
    found = " ".join(sorted(path.parent.name for path in base.glob("usr/**/lib/python3*/os.py"))) or "no Python"
    sys.exit(f"BUILD_BASE has {name}, BASE has {found}: choose bases of the same minor version")


def compile_library(source: Path, base: Path, root: Path) -> None:
    """Compile the base's modules that it has no bytecode of, beside them as seen from the image. This bytecode is
    compared with its source, which lies in another layer.
    """
    for module in _modules(source):
        cached = module.parent / "__pycache__" / f"{module.stem}.{CACHE_TAG}.pyc"
        if cached.exists():
            continue
        target = root / cached.relative_to(base)
        target.parent.mkdir(parents=True, exist_ok=True)
        mode = py_compile.PycInvalidationMode.CHECKED_HASH
        where = "/" / module.relative_to(base)
        py_compile.compile(str(module), str(target), str(where), doraise=True, invalidation_mode=mode)


def _modules(source: Path) -> Iterator[Path]:
    for folder, names, files in os.walk(source):
        names[:] = sorted(set(names) - LIBRARY_LEFT_OUT - {"__pycache__"})
        yield from (Path(folder, file) for file in sorted(files) if file.endswith(".py"))


def open_to_all(root: Path) -> None:
    """Everyone may read, nobody but root may write."""
    for path in root.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


if __name__ == "__main__":
    if sys.argv[1] == "library":
        make_library(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        make_app(sys.argv[1], Path(sys.argv[2]))
