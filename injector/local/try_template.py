"""`render --template FILE --values FILE`: one template tried by hand, over values from a file."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from injector.local.manifests import Unreadable, WrongCall, read_document
from injector.local.opening import rendering
from secretcore.errors import TransformFailed
from secretcore.template.values import octets


def try_template(template: str, values: str | None) -> int:
    """Prints what the template renders to. Returns 0, or 1 with a line on standard error; raises `WrongCall`."""
    try:
        data = _strings(values) if values else {}
        rendered = rendering().text(Path(template).name, _text(template), data)
    except (Unreadable, TransformFailed) as error:
        print(f"{template}: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    sys.stdout.flush()
    sys.stdout.buffer.write(octets(rendered))
    sys.stdout.buffer.flush()
    return 0


def _strings(path: str) -> Mapping[str, str]:
    document = read_document(_text(path).encode("utf-8", "surrogateescape"), path)
    if not isinstance(document, dict):
        raise Unreadable(f"{path}: a map of keys to strings is expected")
    for key, value in document.items():
        if not isinstance(value, str):
            raise Unreadable(f'{path}: the value of "{key}" is not a string; quote it, as fetched values are strings')
    return {str(key): value for key, value in document.items()}


def _text(path: str) -> str:
    try:
        return Path(path).read_bytes().decode("utf-8", "surrogateescape")
    except OSError as error:
        raise WrongCall(f"{path}: {error.strerror}") from None
