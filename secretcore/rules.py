"""ESO's admission rules for manifests, beyond what the schema says. Pure: `parse` runs them, so that they hold with no
API server at hand; the CRDs carry as CEL what CEL can say.
"""

from __future__ import annotations

from collections.abc import Iterator

from secretcore.durations import parse_duration
from secretcore.errors import InvalidSpec
from secretcore.model.external_secret import DataFromEntry, ExternalSecretSpec, SourceRef, Target
from secretcore.model.store import StoreSpec
from secretcore.regexp import compile as compile_regexp

_OWNED_TARGETS = ("", "data", "labels", "annotations")
ACCOUNT_TOKEN, ACCOUNT_NAME = "kubernetes.io/service-account-token", "kubernetes.io/service-account.name"
BOOTSTRAP_TOKEN = "bootstrap.kubernetes.io/token"  # noqa: S105


def check_external_secret(spec: ExternalSecretSpec) -> None:
    """Raises `InvalidSpec` for the first rule that is broken."""
    for error in external_secret_errors(spec):
        raise error


def external_secret_errors(spec: ExternalSecretSpec) -> Iterator[InvalidSpec]:
    """Every rule that is broken, in ESO's order."""
    yield from _policies(spec.target)
    if not spec.data and not spec.data_from:
        yield InvalidSpec("spec", "either data or dataFrom should be specified")
    for index, entry in enumerate(spec.data_from):
        yield from _data_from(f"spec.dataFrom[{index}]", entry)
    yield from _template(spec.target)
    if spec.target.deletion_policy == "Retain":
        yield from _duplicates(spec)
    yield from _duration("spec.refreshInterval", spec.refresh_interval)
    if spec.sync_windows:
        for index, window in enumerate(spec.sync_windows.windows):
            yield from _duration(f"spec.syncWindows.windows[{index}].duration", window.duration)


def check_store(spec: StoreSpec) -> None:
    """Raises `InvalidSpec` for the first rule that is broken. The provider checks its own part."""
    if len(spec.provider) != 1:
        found = ", ".join(sorted(spec.provider)) or "none"
        raise InvalidSpec("spec.provider", f"must have exactly one provider, has {found}")
    for error in _store_errors(spec):
        raise error


def _store_errors(spec: StoreSpec) -> Iterator[InvalidSpec]:
    match spec.refresh_interval:
        case int() as seconds if seconds < 0:
            yield InvalidSpec("spec.refreshInterval", "must not be negative")
        case str() as text:
            yield from _duration("spec.refreshInterval", text)
        case _:
            pass
    if spec.retry_settings and spec.retry_settings.retry_interval:
        yield from _duration("spec.retrySettings.retryInterval", spec.retry_settings.retry_interval)
    for number, condition in enumerate(spec.conditions):
        for index, pattern in enumerate(condition.namespace_regexes):
            try:
                compile_regexp(pattern)
            except ValueError as error:
                yield InvalidSpec(f"spec.conditions[{number}].namespaceRegexes[{index}]", str(error))


def _policies(target: Target) -> Iterator[InvalidSpec]:
    if target.deletion_policy == "Delete" and target.creation_policy in ("Merge", "None", "CreateOrMerge"):
        yield InvalidSpec(
            "spec.target.deletionPolicy",
            "deletionPolicy=Delete must not be used when the controller doesn't own the secret. "
            "Please set creationPolicy=Owner",
        )
    if target.deletion_policy == "Merge" and target.creation_policy == "None":
        yield InvalidSpec(
            "spec.target.deletionPolicy",
            "deletionPolicy=Merge must not be used with creationPolicy=None. There is no Secret to merge with",
        )


def _data_from(path: str, entry: DataFromEntry) -> Iterator[InvalidSpec]:
    source = entry.source_ref or SourceRef()
    reads = (entry.extract is not None) + (entry.find is not None) + (source.generator_ref is not None)
    if reads > 1:
        yield InvalidSpec(path, "extract, find, or generatorRef cannot be set at the same time")
    if not reads and entry.source_ref is None:
        yield InvalidSpec(path, "either extract, find, or sourceRef must be set to dataFrom")
    elif not reads:
        yield InvalidSpec(path, "a storeRef says where to read; extract or find must say what")


def _template(target: Target) -> Iterator[InvalidSpec]:
    template = target.template
    if template is None:
        return
    to_annotations = any(source.target.lower() == "annotations" for source in template.template_from)
    path = "spec.target.template.type"
    if template.type == ACCOUNT_TOKEN:
        if template.metadata and ACCOUNT_NAME in template.metadata.annotations:
            yield InvalidSpec(path, f'template.type="{template.type}" with annotation "{ACCOUNT_NAME}" is not allowed')
        if to_annotations:
            yield InvalidSpec(
                path, f'template.type="{template.type}" with templateFrom target="Annotations" is not allowed'
            )
    if template.type == BOOTSTRAP_TOKEN:
        yield InvalidSpec(path, f'template.type="{template.type}" is not allowed')
    manifest = target.manifest
    if manifest and (manifest.api_version, manifest.kind) != ("v1", "Secret"):
        return
    for index, source in enumerate(template.template_from):
        if source.target.lower() not in _OWNED_TARGETS:
            yield InvalidSpec(
                f"spec.target.template.templateFrom[{index}].target",
                f'templateFrom target="{source.target}" is not allowed when targeting a Secret, '
                'must be one of "Data", "Annotations" or "Labels"',
            )


def _duplicates(spec: ExternalSecretSpec) -> Iterator[InvalidSpec]:
    seen: set[str] = set()
    for index, entry in enumerate(spec.data):
        if entry.secret_key in seen:
            yield InvalidSpec(f"spec.data[{index}].secretKey", f"duplicate secretKey found: {entry.secret_key}")
        seen.add(entry.secret_key)


def _duration(path: str, text: str) -> Iterator[InvalidSpec]:
    try:
        parse_duration(text)
    except ValueError as error:
        yield InvalidSpec(path, str(error), remedy='write a duration such as "1h" or "15m"')
