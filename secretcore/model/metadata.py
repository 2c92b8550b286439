"""Object metadata and conditions, as far as the core reads or the CRDs describe them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from secretcore.model.declaration import Model


class ObjectMeta(Model, frozen=True, kw_only=True):
    """What the core reads of `metadata`."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


ATOMIC_LIST = Meta(extra_json_schema={"x-kubernetes-list-type": "atomic"})


class LabelSelectorRequirement(Model, frozen=True, kw_only=True):
    """One condition on a label."""

    key: Annotated[str, Meta(description="The label.")]
    operator: Annotated[str, Meta(description="In, NotIn, Exists or DoesNotExist.")]
    values: Annotated[tuple[str, ...], ATOMIC_LIST] = ()


class LabelSelector(Model, frozen=True, kw_only=True):
    """Kubernetes' label selector: all of matchLabels and matchExpressions."""

    atomic = True

    match_labels: dict[str, str] = {}
    match_expressions: Annotated[tuple[LabelSelectorRequirement, ...], ATOMIC_LIST] = ()


DateTime = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
