"""An ExternalSecret as the webhook sees it: what of its manifest the agent needs, and what it refers to. Pure.

`view` examines each generation once, `compile` puts what a pod names together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from secretcore.errors import InvalidSpec
from secretcore.model.external_secret import ExternalSecret, Template
from secretcore.parse import parse_external_secret, plan_external_secret
from secretcore.plan import Generate, StoreRef

API_VERSION = "external-secrets.io/v1"
KEPT = ("name", "namespace", "uid", "generation")
"""Of metadata, in the hand-off."""

ObjectKey = tuple[Literal["Secret", "ConfigMap"], str, str]
"""Kind, name and key of what the agent reads in the pod's namespace."""


@dataclass(frozen=True, slots=True)
class Examined:
    """An ExternalSecret that a pod can use."""

    manifest: Mapping[str, Any]
    stores: tuple[tuple[str, StoreRef], ...]
    """With the path of the first entry that reads from it."""
    templates: tuple[tuple[str, ObjectKey], ...]
    """Keys that its template reads, with their path."""


def examine(manifest: Mapping[str, Any]) -> Examined:
    """Raises `InvalidSpec` for what can't be used, with its path."""
    parsed = parse_external_secret(manifest)
    _check_supported(parsed)
    plan = plan_external_secret(parsed.spec)
    stores: dict[StoreRef, str] = {}
    for step in plan.steps:
        if isinstance(step.source, Generate):
            raise InvalidSpec(
                step.path,
                "generators can't be used in pods",
                remedy="generate into a Secret, and read that through a store",
            )
        if step.store is not None:
            stores.setdefault(step.store, step.path)
    return Examined(
        kept(manifest, "ExternalSecret"),
        tuple((path, ref) for ref, path in stores.items()),
        tuple(_templates(parsed.spec.target.template)),
    )


def kept(manifest: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """What of a manifest goes into the hand-off."""
    metadata = manifest["metadata"]
    return {
        "apiVersion": API_VERSION,
        "kind": kind,
        "metadata": {name: metadata[name] for name in KEPT if name in metadata},
        "spec": manifest["spec"],
    }


def _check_supported(parsed: ExternalSecret) -> None:
    target = parsed.spec.target.manifest
    if target and (target.api_version, target.kind) != ("v1", "Secret"):
        raise InvalidSpec(
            "spec.target.manifest", f"a {target.kind} can't be delivered as files", remedy="leave it out for pods"
        )


def _templates(template: Template | None) -> Iterator[tuple[str, ObjectKey]]:
    for index, source in enumerate(template.template_from if template else ()):
        path = f"spec.target.template.templateFrom[{index}]"
        for item in source.config_map.items if source.config_map else ():
            assert source.config_map is not None
            yield f"{path}.configMap", ("ConfigMap", source.config_map.name, item.key)
        for item in source.secret.items if source.secret else ():
            assert source.secret is not None
            yield f"{path}.secret", ("Secret", source.secret.name, item.key)
