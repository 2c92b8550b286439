"""What a pod asks for: its annotations under `injector.external-secrets.io/`, read into an `Injection`. Pure.

`inject` takes it. Whatever is wrong with an annotation is said here, all of it at once; docs/annotations.md is the
table of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from injector.handoff import ANNOTATION, Format, OnChange
from secretcore.durations import SECOND, parse_duration
from secretcore.errors import InvalidSpec
from secretcore.model.declaration import DNS_SUBDOMAIN

Mode = Literal["init", "sidecar", "native"]

PREFIX = "injector.external-secrets.io/"
MODES: tuple[Mode, ...] = get_args(Mode)
FORMATS: tuple[Format, ...] = get_args(Format)
MOUNT_PATH = "/secrets"
OWN = frozenset({ANNOTATION})
"""Written by the webhook itself, whatever stood there."""
_RESERVED = ("/proc", "/sys", "/dev", "/var/run/secrets/kubernetes.io", "/run/secrets/kubernetes.io")
_SYSTEM = frozenset(
    ["/", "/var", "/var/lib", "/var/run", "/var/run/secrets", "/run/secrets", "/usr/bin", "/usr/lib", "/usr/local"]
    + [f"/{name}" for name in ("bin", "boot", "etc", "home", "lib", "lib64", "opt", "root", "run", "sbin", "srv")]
    + ["/tmp", "/usr"]  # noqa: S108  # refused, not used
)
_NAME = re.compile(DNS_SUBDOMAIN)
_ON_CHANGE = re.compile(r"http:([0-9]{1,5})(/[!-~]*)")
MOST_NAMES = 64
LONGEST = 8 * 1024
"""Characters of one annotation: what a pod says of itself is read for everyone."""
_OCTAL = re.compile(r"0?[0-7]{3}")


@dataclass(frozen=True, slots=True)
class Injection:
    """The annotations of one pod, checked. What they leave open is None, for the administrator's default."""

    names: tuple[str, ...]
    """ExternalSecrets of the pod's namespace."""
    mode: Mode | None = None
    containers: tuple[str, ...] | None = None
    """None for all of the pod's ordinary containers."""
    mount_path: str = MOUNT_PATH
    file_mode: int | None = None
    formats: Mapping[str, Format] = field(default_factory=dict)
    """By name of the ExternalSecret; `files` for those that it lacks."""
    on_change: OnChange | None = None
    max_staleness: float = 0
    """Seconds; 0 for never."""
    first: bool = True
    """Whether the agent comes before the pod's own init containers."""


def wants_injection(annotations: Mapping[str, Any]) -> bool:
    """Whether a pod opts in, if only by an annotation that turns out to be wrong."""
    return any(name.startswith(PREFIX) for name in annotations)


def read_annotations(annotations: Mapping[str, Any]) -> Injection:
    """What the annotations ask for. Raises `InvalidSpec` that names each one that is wrong, and what it may be."""
    given = {
        name.removeprefix(PREFIX): value
        for name, value in annotations.items()
        if name.startswith(PREFIX) and name not in OWN
    }
    errors = [_unknown(name) for name in given if name not in READERS][:MOST_NAMES]
    fields: dict[str, Any] = {}
    for name, read in READERS.items():
        if name not in given:
            continue
        try:
            fields[_FIELDS.get(name, name.replace("-", "_"))] = read(_bounded(str(given[name]).strip()))
        except ValueError as error:
            errors.append(f"{PREFIX}{name}: {error}")
    if "inject" not in given:
        errors.append(f"{PREFIX}inject: is required, it names the ExternalSecrets that the pod reads")
    if "names" in fields and "formats" in fields:
        try:
            fields["formats"] = dict(_formats_of(fields["names"], fields["formats"]))
        except ValueError as error:
            errors.append(f"{PREFIX}format: {error}")
    if errors:
        raise InvalidSpec("metadata.annotations", "; ".join(errors), remedy="see docs/annotations.md")
    return Injection(**fields)


def _bounded(value: str) -> str:
    if len(value) > LONGEST:
        raise ValueError(f"has {len(value)} characters, the most is {LONGEST}")
    return value


def _unknown(name: str) -> str:
    return f"{PREFIX}{name}: is not an annotation of the injector, which are {', '.join(READERS)}"


def _names(value: str) -> tuple[str, ...]:
    names = _listed(value)
    if not names:
        raise ValueError("names no ExternalSecret; write their names, separated by commas")
    for name in names:
        if not _NAME.fullmatch(name):
            raise ValueError(f'"{name}" can\'t be the name of an ExternalSecret')
    return names


def _containers(value: str) -> tuple[str, ...]:
    names = _listed(value)
    if not names:
        raise ValueError("names no container; leave it out for all of them")
    return names


def _listed(value: str) -> tuple[str, ...]:
    names = tuple(filter(None, (part.strip() for part in value.split(","))))
    if len(names) > MOST_NAMES:
        raise ValueError(f"has {len(names)} names, the most is {MOST_NAMES}")
    for name, times in Counter(names).items():
        if times > 1:
            raise ValueError(f'names "{name}" twice')
    return names


def _mode(value: str) -> Mode:
    for mode in MODES:
        if value == mode:
            return mode
    raise ValueError(f'must be one of {", ".join(MODES)}, is "{value}"')


def _mount_path(value: str) -> str:
    path = value.rstrip("/") or "/"
    parts = path.split("/")
    if not path.startswith("/") or "" in parts[1:-1] or {".", ".."} & set(parts) or ":" in path or len(path) > 512:
        raise ValueError(f'must be an absolute path without ".", ".." and ":", is "{value}"')
    if path in _SYSTEM or any(path == each or path.startswith(f"{each}/") for each in _RESERVED):
        raise ValueError(f'"{value}" belongs to the system; choose a folder of its own, such as {MOUNT_PATH}')
    return path


def _file_mode(value: str) -> int:
    mode = int(value, 8) if _OCTAL.fullmatch(value) else 0
    if not mode & 0o400 or mode & 0o022:
        raise ValueError(
            f'must be octal, let the owner read and nobody else write, such as 0400, 0440 or 0444, is "{value}"'
        )
    return mode


def _formats(value: str) -> Format | dict[str, Format]:
    """One format for all, or one by name."""
    if "=" not in value:
        return _format(value)
    pairs = [part.partition("=") for part in _listed(value)]
    formats = {name.strip(): _format(chosen.strip()) for name, _, chosen in pairs}
    if len(formats) < len(pairs):
        raise ValueError("names an ExternalSecret twice")
    return formats


def _format(value: str) -> Format:
    for format_ in FORMATS:
        if value == format_:
            return format_
    raise ValueError(f'must be one of {", ".join(FORMATS)}, for all or as NAME=FORMAT each, is "{value}"')


def _formats_of(names: tuple[str, ...], formats: Format | dict[str, Format]) -> Iterator[tuple[str, Format]]:
    if isinstance(formats, str):
        yield from ((name, formats) for name in names)
        return
    for name, chosen in formats.items():
        if name not in names:
            raise ValueError(f'"{name}" is not among the injected ExternalSecrets, which are {", ".join(names)}')
        yield name, chosen


def _on_change(value: str) -> OnChange | None:
    if value == "none":
        return None
    found = _ON_CHANGE.fullmatch(value)
    if not found or not 1 <= int(found[1]) <= 65535:
        raise ValueError(f'must be none or http:PORT/PATH, such as http:8080/-/reload, is "{value}"')
    return OnChange(port=int(found[1]), path=found[2])


def _max_staleness(value: str) -> float:
    try:
        duration = parse_duration(value)
    except ValueError:
        duration = -1
    if duration < 0:
        raise ValueError(f'must be a duration such as 2h30m, or 0 for never, is "{value}"')
    return duration / SECOND


def _first(value: str) -> bool:
    if value not in ("true", "false"):
        raise ValueError(f'must be true or false, is "{value}"')
    return value == "true"


READERS: Mapping[str, Callable[[str], Any]] = {
    "inject": _names,
    "mode": _mode,
    "containers": _containers,
    "mount-path": _mount_path,
    "file-mode": _file_mode,
    "format": _formats,
    "on-change": _on_change,
    "max-staleness": _max_staleness,
    "first": _first,
}
_FIELDS = {"inject": "names", "format": "formats"}
