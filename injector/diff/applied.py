"""What an ExternalSecret from a file would be once it is applied: its labels and annotations become its Secret's, and
what else is on the object in the cluster stays there. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

Manifest = Mapping[str, Any]

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def as_applied(manifest: Manifest, live: Manifest | None) -> dict[str, Any]:
    """The manifest with the identity of the one in the cluster, and with those labels and annotations of it that an
    apply would leave alone: all that the last apply (as kubectl records it) did not set.
    """
    metadata = dict(manifest.get("metadata") or {})
    present = (live or {}).get("metadata") or {}
    last = _last_applied(present)
    for field in ("labels", "annotations"):
        kept = {key: text for key, text in (present.get(field) or {}).items() if key not in (last.get(field) or {})}
        metadata[field] = kept | (metadata.get(field) or {})
    if "uid" in present:
        metadata["uid"] = present["uid"]
    return {**manifest, "metadata": metadata}


def _last_applied(metadata: Manifest) -> Manifest:
    """The metadata that kubectl applied last; empty where it did not, or where that can't be read."""
    try:
        applied = json.loads((metadata.get("annotations") or {}).get(LAST_APPLIED, "{}"))["metadata"]
    except (ValueError, KeyError, TypeError):
        return {}
    return applied if isinstance(applied, dict) else {}
