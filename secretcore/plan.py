"""What one ExternalSecret reads and what is done with it, as values. `parse` builds plans, `fetch` runs them, `render`
finishes them. The union of sources is closed: `match` on it ends with `assert_never`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from msgspec import Struct

from secretcore.errors import SecretError
from secretcore.model.external_secret import (
    ConversionStrategy,
    DecodingStrategy,
    GeneratorRef,
    MetadataPolicy,
    NullBytePolicy,
    Rewrite,
    StoreKind,
    Template,
)
from secretcore.secret_data import SecretData


class StoreRef(Struct, frozen=True):
    """A store as an ExternalSecret names it. `kind` says which namespace rules hold."""

    name: str
    kind: StoreKind = "SecretStore"

    def __str__(self) -> str:
        return f'{self.kind} "{self.name}"'


class RemoteRef(Struct, frozen=True):
    """What to read at the backend. Nothing about what to do with it."""

    key: str
    property: str = ""
    version: str = ""
    metadata_policy: MetadataPolicy = "None"


class Find(Struct, frozen=True):
    """Which secrets of the backend are meant. None and the empty tuple are criteria that were not given."""

    path: str | None = None
    name_regexp: str | None = None
    tags: tuple[tuple[str, str], ...] = ()


class Get(Struct, frozen=True):
    """One value under one key of the Secret."""

    secret_key: str
    ref: RemoteRef


class Extract(Struct, frozen=True):
    """The members of one JSON object, a key each."""

    ref: RemoteRef


class FindAll(Struct, frozen=True):
    """Whole secrets by name, path or tags, a key each."""

    find: Find


class Generate(Struct, frozen=True):
    """Values that a generator makes; no store is read."""

    generator: GeneratorRef


Source = Get | Extract | FindAll | Generate


class Transform(Struct, frozen=True):
    """What to do with what was read, in the order of the fields."""

    rewrite: tuple[Rewrite, ...] = ()
    conversion: ConversionStrategy = "Default"
    decoding: DecodingStrategy = "None"
    null_bytes: NullBytePolicy = "Ignore"


class FetchStep(Struct, frozen=True):
    """One read. `path` names it in messages: `spec.dataFrom[2].extract`."""

    path: str
    store: StoreRef | None
    """None for a generator."""
    source: Source
    transform: Transform = Transform()


class FetchPlan(Struct, frozen=True):
    """The steps in merge order (a later one wins), and the template that is laid over the result."""

    steps: tuple[FetchStep, ...]
    template: Template | None = None
    skip_missing: bool = False
    """Whether a secret that the backend does not have is left out (deletionPolicy Delete and Merge) or a failure."""
    needs_data: bool = True
    """Whether nothing at all is an answer that no template changes (deletionPolicy Retain and Delete)."""


class TemplateSource(Struct, frozen=True):
    """A ConfigMap or Secret of the ExternalSecret's namespace that holds templates."""

    kind: Literal["ConfigMap", "Secret"]
    name: str


Sources = Mapping[TemplateSource, Mapping[str, bytes]]
"""What the shell read of them: the keys of each object."""


def sources_of(template: Template | None) -> Iterator[TemplateSource]:
    """The objects that must be read before the template can be rendered."""
    for source in template.template_from if template else ():
        if source.config_map:
            yield TemplateSource("ConfigMap", source.config_map.name)
        if source.secret:
            yield TemplateSource("Secret", source.secret.name)


class Fetched(Struct, frozen=True):
    """A step that was answered."""

    step: FetchStep
    data: SecretData


class Missing(Struct, frozen=True):
    """A step whose secret the backend does not have."""

    step: FetchStep
    error: SecretError


class Failed(Struct, frozen=True):
    """A step that failed for any other reason."""

    step: FetchStep
    error: SecretError


Outcome = Fetched | Missing | Failed


class Rendered(Struct, frozen=True):
    """The finished data, and the steps that were left out because the backend has nothing for them."""

    data: SecretData
    missing: tuple[Missing, ...] = ()
    labels: Mapping[str, str] | None = None
    annotations: Mapping[str, str] | None = None
    """What the template makes of the Secret's metadata; None without a template: the ExternalSecret's own."""
    nothing: bool = False
    """Whether the backends had nothing, whatever a template makes of that."""
