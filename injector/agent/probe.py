"""`agent --probe`: whether the running agent is started, or ready, from the note that it keeps in the volume.

For pods on the host's network, where a port of the agent's would be the node's. Standard library only: it runs every
few seconds.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

NOTE = "..agent/status.json"
"""Below the volume; `record` says what is in it, `files` writes it."""


def probe(what: str, volume: str) -> int:
    """0 where the agent of this volume is `started` or `ready`, else 1 with a line on standard error."""
    note = _note(volume)
    why = ""
    if note.get("started") is not True:
        why = "not every ExternalSecret has its files yet"
    elif what == "ready" and (stale := note.get("staleAt")) is not None and time.time() > stale:
        why = "an ExternalSecret was not refreshed for too long"
    if why:
        print(why, file=sys.stderr)
    return 1 if why else 0


def volume_of(handoff: str) -> str:
    """The mount path that a hand-off names; the usual one where it can't be read."""
    found = _read(handoff)
    path = found.get("mountPath", "/secrets")
    return path if isinstance(path, str) else "/secrets"


def _note(volume: str) -> dict[str, Any]:
    return _read(os.path.join(volume, NOTE))  # pathlib costs a third of the probe


def _read(path: str) -> dict[str, Any]:
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            found = json.load(file)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
