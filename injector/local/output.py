"""Prints rendered Secrets as YAML, JSON or variables; values masked unless asked for. Pure: Secrets in, text out."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from injector.formats import variable_name
from secretcore.errors import TransformFailed
from secretcore.model.external_secret import ExternalSecret
from secretcore.plan import Rendered
from secretcore.secret_data import SecretData

MASK = "********"


@dataclass(frozen=True, slots=True)
class RenderedSecret:
    """An ExternalSecret and what it resolved to."""

    external_secret: ExternalSecret
    namespace: str
    rendered: Rendered

    @property
    def data(self) -> SecretData:
        """The data of the Secret."""
        return self.rendered.data

    @property
    def name(self) -> str:
        """Name of the Secret."""
        return self.external_secret.target_name


def as_yaml(secrets: Sequence[RenderedSecret], *, show_values: bool) -> str:
    """A document per Secret."""
    manifests = [_manifest(secret, show_values=show_values) for secret in secrets]
    return yaml.safe_dump_all(manifests, sort_keys=False, allow_unicode=True, width=1_000_000)


def as_json(secrets: Sequence[RenderedSecret], *, show_values: bool) -> str:
    """A List."""
    items = [_manifest(secret, show_values=show_values) for secret in secrets]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items}, indent=2, ensure_ascii=False) + "\n"


def as_env(secrets: Sequence[RenderedSecret], *, show_values: bool) -> str:
    """A line per key that a shell can read: `name='value'`. Characters that a variable can't have become `_`.

    Raises `TransformFailed` when two keys become one variable, or a value can't be one.
    """
    origins: dict[str, str] = {}
    lines: list[str] = []
    for secret in secrets:
        for key, value in secret.data.items():
            variable = variable_name(key)
            origin = f'key "{key}" of Secret "{secret.namespace}/{secret.name}"'
            if variable in origins:
                raise TransformFailed(
                    f"{origins[variable]} and {origin} both become the variable {variable}",
                    remedy="render them one by one, or rename a key",
                )
            origins[variable] = origin
            lines.append(f"{variable}={_quoted(value, origin) if show_values else _quoted(MASK.encode(), origin)}\n")
    return "".join(lines)


def _manifest(secret: RenderedSecret, *, show_values: bool) -> Mapping[str, Any]:
    target = secret.external_secret.spec.target
    metadata: dict[str, Any] = {"name": secret.name, "namespace": secret.namespace}
    source = secret.rendered if target.template else secret.external_secret.metadata
    for field in ("labels", "annotations"):
        if found := getattr(source, field):
            metadata[field] = dict(found)
    manifest: dict[str, Any] = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata}
    manifest["type"] = (target.template.type if target.template else "") or "Opaque"
    if target.immutable:
        manifest["immutable"] = True
    manifest["data"] = {
        key: base64.b64encode(value).decode() if show_values else MASK for key, value in sorted(secret.data.items())
    }
    return manifest


def _quoted(value: bytes, origin: str) -> str:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise TransformFailed(f"{origin} can't be a variable: it is not text", remedy="use --output yaml or json")
    return "'" + text.replace("'", "'\\''") + "'"
