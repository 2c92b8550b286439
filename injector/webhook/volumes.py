"""The volumes of a pod that gets an agent. Pure; `mutate` puts them into it.

- the files: in memory, of bounded size, mounted by the agent and by who reads them;
- the hand-off: an annotation of the pod as a file;
- credentials: tokens, and keys of Secrets and ConfigMaps, mounted by the agent only;
- an empty one, mounted where the API server's token would stand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from injector import handoff
from injector.webhook.external_secrets import ObjectKey
from injector.webhook.options import Options

FILES = "external-secrets-files"
HANDOFF = "external-secrets-handoff"
CREDENTIALS = "external-secrets-credentials"
NO_TOKEN = "external-secrets-no-token"  # noqa: S105
OWN = (FILES, HANDOFF, CREDENTIALS, NO_TOKEN)
"""Names that a pod's own volumes can't have: in a pod that has the agent, one that the webhook could have written is
replaced; any other is refused.
"""
TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105
TOKEN_SECONDS = 3600
_READABLE = 0o444


def token_files(audiences: Sequence[str]) -> dict[str, str]:
    """The file of each audience's token, below `tokens/`."""
    return {audience: str(number) for number, audience in enumerate(sorted(audiences))}


def volumes(audiences: Sequence[str], keys: Sequence[ObjectKey], options: Options) -> list[dict[str, Any]]:
    """All of them; without the credentials where there are none."""
    made = [
        {"name": FILES, "emptyDir": {"medium": "Memory", "sizeLimit": options.volume_size}},
        {"name": HANDOFF, "downwardAPI": {"defaultMode": _READABLE, "items": [_annotation()]}},
        {"name": NO_TOKEN, "emptyDir": {}},
    ]
    sources = [*_tokens(audiences), *_objects(keys)]
    if sources:
        # Every uid may read them: the kubelet gives a token the uid of the pod, or its fsGroup, where it has one.
        made.append({"name": CREDENTIALS, "projected": {"defaultMode": _READABLE, "sources": sources}})
    return made


def is_own(volume: Mapping[str, Any]) -> bool:
    """Whether a volume of one of these names is what the webhook makes of it, for whatever pod and settings."""
    name = volume["name"]
    match volume:
        case {"emptyDir": {"medium": "Memory", "sizeLimit": _}}:
            return bool(name == FILES)
        case {"emptyDir": source}:
            return name == NO_TOKEN and not source
        case {"downwardAPI": {"items": items}}:
            return bool(name == HANDOFF and items == [_annotation()])
        case {"projected": {"sources": [*sources]}}:
            return name == CREDENTIALS and all(map(_is_own_source, sources))
        case _:
            return False


def _is_own_source(source: Mapping[str, Any]) -> bool:
    match source:
        case {"serviceAccountToken": {"path": path}}:
            return bool(path.startswith(handoff.token_path("")))
        case {"secret": {"name": name, "items": [*items]}}:
            return all(item["path"] == handoff.secret_path(name, item["key"]) for item in items)
        case {"configMap": {"name": name, "items": [*items]}}:
            return all(item["path"] == handoff.config_map_path(name, item["key"]) for item in items)
        case _:
            return False


def _annotation() -> dict[str, Any]:
    field = {"apiVersion": "v1", "fieldPath": f"metadata.annotations['{handoff.ANNOTATION}']"}
    return {"path": handoff.HANDOFF_FILE, "fieldRef": field}


def _tokens(audiences: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {
            "serviceAccountToken": {
                **({"audience": audience} if audience else {}),
                "expirationSeconds": TOKEN_SECONDS,
                "path": handoff.token_path(file),
            }
        }
        for audience, file in token_files(audiences).items()
    ]


def _objects(keys: Sequence[ObjectKey]) -> list[dict[str, Any]]:
    """Optional all of them, so that the agent starts, says which is missing, and goes on as soon as it is there."""
    sources = []
    for (kind, name), group in groupby(sorted(keys), lambda key: key[:2]):
        path = handoff.secret_path if kind == "Secret" else handoff.config_map_path
        items = [{"key": key, "path": path(name, key)} for _, _, key in group]
        source = {"name": name, "items": items, "optional": True}
        sources.append({"secret" if kind == "Secret" else "configMap": source})
    return sources
