"""Waiting for the cluster to show what a measurement ends with, by watches, so that nobody polls on the shared cores.
`bench.controller` calls it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx

LONGEST = 600
"""Seconds after which the API server ends a watch of ours."""

Names = set[tuple[str, str]]
"""Namespace and name."""


def conditions(client: httpx.Client, names: Names, status: str) -> None:
    """Returns when the condition Ready of all these ExternalSecrets is `status`. Raises RuntimeError if some take too
    long.
    """
    waiting, deadline = set(names), time.monotonic() + LONGEST
    while time.monotonic() < deadline:  # the API server ends a watch that reads too slowly for it
        with _watch(client, "/apis/external-secrets.io/v1/externalsecrets", resourceVersion="0") as events:
            for manifest in events:
                key = manifest["metadata"]["namespace"], manifest["metadata"]["name"]
                if key in names:
                    (waiting.discard if _ready(manifest) == status else waiting.add)(key)
                if not waiting:
                    return
        time.sleep(0.1)
    raise RuntimeError(f"{len(waiting)} ExternalSecrets did not become Ready={status} within {LONGEST} s")


@contextmanager
def first_secret(client: httpx.Client, namespace: str, name: str) -> Iterator[Callable[[], None]]:
    """Gives a function that returns when the Secret exists; the watch is open before it is given."""
    path = f"/api/v1/namespaces/{namespace}/secrets"
    with _watch(client, path, fieldSelector=f"metadata.name={name}") as events:

        def appeared() -> None:
            if next(events, None) is None:
                raise RuntimeError(f"Secret {namespace}/{name} did not appear within {LONGEST} s")

        yield appeared


@contextmanager
def _watch(client: httpx.Client, path: str, **parameters: str) -> Iterator[Iterator[dict[str, Any]]]:
    asked = {"watch": "1", "timeoutSeconds": str(LONGEST), **parameters}
    with client.stream("GET", path, params=asked, timeout=httpx.Timeout(30, read=LONGEST)) as answer:
        answer.raise_for_status()
        yield (json.loads(line)["object"] for line in answer.iter_lines())


def _ready(manifest: dict[str, Any]) -> str:
    found = manifest.get("status", {}).get("conditions", ())
    return next((each["status"] for each in found if each["type"] == "Ready"), "")
