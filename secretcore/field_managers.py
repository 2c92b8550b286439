"""Who wrote the status of an object, as the API server recorded it. Pure; the controller and `doctor` ask it whether
ESO is at work as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def written_at(manifest: Mapping[str, Any], manager: str) -> str:
    """When a field manager wrote the status last, as the API server has it (later is greater); "" where never."""
    entries = (manifest.get("metadata") or {}).get("managedFields") or ()
    return max(
        (
            str(each.get("time") or "")
            for each in entries
            if each.get("manager") == manager and each.get("subresource") == "status"
        ),
        default="",
    )
