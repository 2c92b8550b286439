"""What may be told of each step of an ExternalSecret. Pure: plan, outcomes and results in, values for printing out,
which hold names, sizes and hashes and never a value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import assert_never

from injector.fingerprint import Fingerprint, KeyFacts
from secretcore.model.external_secret import ExternalSecret, Rewrite, Template, TemplateFrom
from secretcore.plan import (
    Extract,
    Failed,
    Fetched,
    FetchStep,
    FindAll,
    Generate,
    Get,
    Missing,
    Outcome,
    RemoteRef,
    Rendered,
    Source,
)

Words = Mapping[str, str]
"""What is asked for, in the words of the manifest."""


@dataclass(frozen=True, slots=True)
class ExplainedStep:
    """One read."""

    path: str
    store: str
    provider: str
    """The key under spec.provider; empty where the store is not known."""
    call: Words
    """`call` is get, extract, find or generate; then key, version, property, or the criteria."""
    transform: tuple[str, ...]
    """What is done to keys and values, in order."""
    read: tuple[KeyFacts, ...] = ()
    gives: tuple[KeyFacts, ...] = ()
    """After the transformation."""
    overwritten: Words = field(default_factory=dict)
    """Keys that a later step has too, and its path."""
    note: str = ""
    """Why it gives nothing, where that is no failure."""
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explained:
    """An ExternalSecret and what becomes of it."""

    name: str
    target: str
    steps: tuple[ExplainedStep, ...] = ()
    template: tuple[str, ...] = ()
    data: tuple[KeyFacts, ...] | None = None
    """Of the Secret; None where there is none."""
    labels: tuple[KeyFacts, ...] = ()
    annotations: tuple[KeyFacts, ...] = ()
    """That the template makes; what it renders may be a value, so these are hashed too."""
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StepResult:
    """A step that was carried out alone: what it gives, or the lines that say why it gives nothing."""

    outcome: Outcome
    gives: Mapping[str, bytes] | None
    errors: tuple[str, ...] = ()


def explain_steps(
    results: Sequence[StepResult], providers: Mapping[str, str], fingerprint: Fingerprint
) -> tuple[ExplainedStep, ...]:
    """`providers` has the key under `spec.provider` by the store's words."""
    return tuple(
        _step(result, providers, fingerprint, _overwritten(result, results[index + 1 :]))
        for index, result in enumerate(results)
    )


def explain_rendered(known: Explained, rendered: Rendered, fingerprint: Fingerprint) -> Explained:
    """The same with the finished Secret."""
    return replace(
        known,
        data=fingerprint.facts(rendered.data),
        labels=fingerprint.facts(_octets(rendered.labels)),
        annotations=fingerprint.facts(_octets(rendered.annotations)),
    )


def explain_template(external_secret: ExternalSecret) -> tuple[str, ...]:
    """What the template is made of, without its texts."""
    template = external_secret.spec.target.template
    return () if template is None else tuple(_template_words(template))


def planned_step(step: FetchStep, providers: Mapping[str, str]) -> ExplainedStep:
    """What the manifest asks for, nothing of what came of it."""
    store = str(step.store) if step.store else ""
    provider = providers.get(store, "")
    return ExplainedStep(step.path, store, provider, _call(step.source), tuple(_transform_words(step)))


def _step(
    result: StepResult, providers: Mapping[str, str], fingerprint: Fingerprint, overwritten: Words
) -> ExplainedStep:
    planned = planned_step(result.outcome.step, providers)
    match result.outcome:
        case Fetched(_, data):
            gives = fingerprint.facts(result.gives or {})
            return replace(
                planned, read=fingerprint.facts(data), gives=gives, overwritten=overwritten, errors=result.errors
            )
        case Missing(_, error) if not result.errors:
            return replace(planned, note=f"left out: {error}")
        case Missing() | Failed():
            return replace(planned, errors=result.errors)
        case _:
            assert_never(result.outcome)


def _overwritten(result: StepResult, later: Sequence[StepResult]) -> Words:
    """A later step wins; the last of them is named."""
    return {
        key: step.outcome.step.path for key in sorted(result.gives or {}) for step in later if key in (step.gives or {})
    }


def _call(source: Source) -> Words:
    match source:
        case Get(secret_key, ref):
            return {"call": "get", **_ref(ref), "secretKey": secret_key}
        case Extract(ref):
            return {"call": "extract", **_ref(ref)}
        case FindAll(find):
            tags = ", ".join(f"{name}={value}" for name, value in find.tags)
            given = {"path": find.path or "", "name": find.name_regexp or "", "tags": tags}
            return {"call": "find", **{word: text for word, text in given.items() if text}}
        case Generate(generator):
            return {"call": "generate", "kind": generator.kind, "name": generator.name}
        case _:
            assert_never(source)


def _ref(ref: RemoteRef) -> Words:
    policy = "" if ref.metadata_policy == "None" else ref.metadata_policy
    given = {"key": ref.key, "version": ref.version, "property": ref.property, "metadataPolicy": policy}
    return {word: text for word, text in given.items() if text}


def _transform_words(step: FetchStep) -> Iterator[str]:
    wanted = step.transform
    for index, operation in enumerate(wanted.rewrite):
        yield f"rewrite[{index}]: {_rewrite_words(operation)}"
    many = not isinstance(step.source, Get)
    if many and not wanted.rewrite:  # a rewrite takes the place of the conversion
        yield f"conversionStrategy: {wanted.conversion}"
    if wanted.decoding != "None":
        yield f"decodingStrategy: {wanted.decoding}"
    if wanted.null_bytes != "Ignore":
        yield f"nullBytePolicy: {wanted.null_bytes}"


def _rewrite_words(operation: Rewrite) -> str:
    if operation.regexp is not None:
        return f'regexp "{operation.regexp.source}" becomes "{operation.regexp.target}"'
    if operation.merge is not None:
        into = f' into "{operation.merge.into}"' if operation.merge.into else ""
        return f"merge, strategy {operation.merge.strategy}{into}"
    return "transform, a template over the key"


def _template_words(template: Template) -> Iterator[str]:
    yield f"mergePolicy: {template.merge_policy}"
    if template.type:
        yield f"type: {template.type}"
    for index, source in enumerate(template.template_from):
        yield f"templateFrom[{index}]: {_source_words(source)}"
    for key in template.data:
        yield f"data[{key}]"
    for part in ("labels", "annotations"):
        for key in getattr(template.metadata, part, {}):
            yield f"metadata.{part}[{key}]"


def _source_words(source: TemplateFrom) -> str:
    of = source.config_map or source.secret
    kind = "ConfigMap" if source.config_map else "Secret"
    items = ", ".join(f"{item.key} as {item.template_as}" for item in of.items) if of else ""
    what = f'{kind} "{of.name}" ({items})' if of else "a literal"
    return f"{what}, to {source.target or 'Data'}"


def _octets(texts: Mapping[str, str] | None) -> Mapping[str, bytes]:
    return {key: text.encode("utf-8", "surrogateescape") for key, text in (texts or {}).items()}
