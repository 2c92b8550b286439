"""Prints what would change: as text for a person, as JSON for a program. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from injector.diff.judge import DIFFERENCES, Difference, Verdict
from injector.printable import printable

SIGNS = {"added": "+", "removed": "-", "changed": "~", "equal": "="}


def as_text(verdicts: Sequence[Verdict]) -> str:
    """A block per Secret, a line per key, and the sum."""
    lines = [line for verdict in verdicts for line in _verdict(verdict)]
    counts = {
        what: sum(1 for each in verdicts if each.what == what) for what in dict.fromkeys(v.what for v in verdicts)
    }
    total = ", ".join(f"{count} {what}" for what, count in counts.items())
    return "\n".join([*map(printable, lines), total or "no Secret"]) + "\n"


def as_json(verdicts: Sequence[Verdict]) -> str:
    """A list of verdicts, and whether any is a difference."""
    document = {"different": is_different(verdicts), "secrets": [asdict(verdict) for verdict in verdicts]}
    return json.dumps(document, indent=2) + "\n"


def is_different(verdicts: Sequence[Verdict]) -> bool:
    """Whether the cluster is not as the manifests want it."""
    return any(verdict.what in DIFFERENCES for verdict in verdicts)


def _verdict(verdict: Verdict) -> Iterator[str]:
    of = f'ExternalSecret "{verdict.external_secret}"'
    yield f"Secret {verdict.namespace}/{verdict.name}: {verdict.what}: {verdict.why} ({of})"
    yield from (f"  {_difference(each)}" for each in verdict.differences)


def _difference(difference: Difference) -> str:
    what = f"{difference.field}[{difference.key}]" if difference.key else difference.field
    return f"{SIGNS[difference.how]} {what}{_size(difference)}"


def _size(difference: Difference) -> str:
    sizes = (difference.before, difference.after)
    known = [str(size) for size in sizes if size is not None]
    if not known:
        return ""
    return f"  {known[0] if difference.how == 'equal' else ' -> '.join(known)} bytes"
