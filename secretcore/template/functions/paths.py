"""Go's path package, for slashes; the os* functions are the same, since ESO runs on Linux. No file is
touched.

Input and output: Go strings.
"""

from collections.abc import Mapping

from secretcore.template.declare import Function, function
from secretcore.template.functions.charging import charged


def _clean(path: str) -> str:
    rooted = path.startswith("/")
    out: list[str] = []
    for part in path.split("/"):
        if part in ("", "."):
            continue
        if part != "..":
            out.append(part)
        elif out and out[-1] != "..":
            out.pop()
        elif not rooted:
            out.append(part)
    return "/" + "/".join(out) if rooted else "/".join(out) or "."


def _base(path: str) -> str:
    if not path:
        return "."
    return path.rstrip("/").rpartition("/")[2] or "/"


def _dir(path: str) -> str:
    return _clean(path[: path.rfind("/") + 1])


def _ext(path: str) -> str:
    name = path[path.rfind("/") + 1 :]
    dot = name.rfind(".")
    return name[dot:] if dot >= 0 else ""


def _is_abs(path: str) -> bool:
    return path.startswith("/")


_ONE = "func(string) string"
_CALLS = {
    "base": function(_ONE, charged(_base), env=True),
    "clean": function(_ONE, charged(_clean, 8), env=True),
    "dir": function(_ONE, charged(_dir, 8), env=True),
    "ext": function(_ONE, charged(_ext), env=True),
    "isAbs": function("func(string) bool", _is_abs),
}

FUNCTIONS: Mapping[str, Function] = {
    **_CALLS,
    "osBase": _CALLS["base"],
    "osClean": _CALLS["clean"],
    "osDir": _CALLS["dir"],
    "osExt": _CALLS["ext"],
    "osIsAbs": _CALLS["isAbs"],
}
