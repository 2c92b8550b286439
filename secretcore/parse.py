"""Manifests in, values out: a dict from YAML or an API server becomes an ExternalSecret with its plan, or a Store.

Pure. `resolve` and the shells take what comes out. Whatever is wrong with a manifest is said here, with the path of the
field, before anything is fetched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from secretcore.errors import InvalidSpec
from secretcore.limits import Limits
from secretcore.model.external_secret import (
    DataFromEntry,
    DataRemoteRef,
    ExternalSecret,
    ExternalSecretSpec,
    SecretStoreRef,
    SourceRef,
)
from secretcore.model.reading import read
from secretcore.model.store import SecretStore
from secretcore.plan import (
    Extract,
    FetchPlan,
    FetchStep,
    Find,
    FindAll,
    Generate,
    Get,
    RemoteRef,
    StoreRef,
    Transform,
)
from secretcore.provider import Provider
from secretcore.regexp import compile as compile_regexp
from secretcore.registry import Registry
from secretcore.rules import check_external_secret, check_store
from secretcore.store import Store

API_VERSIONS = ("external-secrets.io/v1", "external-secrets.io/v1beta1")
STORE_KINDS = ("SecretStore", "ClusterSecretStore")


def parse_external_secret(manifest: Mapping[str, Any], spec: ExternalSecretSpec | None = None) -> ExternalSecret:
    """The ExternalSecret, checked by schema and by ESO's admission rules. Raises `InvalidSpec`.

    Whoever has its `spec` from before, as it was parsed of the same generation, saves most of that.
    """
    _check_version(manifest)
    if spec is not None:
        rest = {field: value for field, value in manifest.items() if field != "spec"}
        return msgspec.structs.replace(read(rest, ExternalSecret), spec=spec)
    external_secret = read(manifest, ExternalSecret)
    check_external_secret(external_secret.spec)
    return external_secret


def parse_store(manifest: Mapping[str, Any], registry: Registry) -> Store:
    """The SecretStore or ClusterSecretStore with its provider. Raises `InvalidSpec`."""
    _check_version(manifest)
    declared = read(manifest, SecretStore)
    check_store(declared.spec)
    (key, configuration), *_ = declared.spec.provider.items()
    path = f"spec.provider.{key}"
    provider: Provider = read(configuration, registry.provider(key), path)
    store = Store(
        kind=declared.kind,
        namespace=declared.metadata.namespace if declared.kind == "SecretStore" else "",
        name=declared.metadata.name,
        provider=provider,
        provider_key=key,
        uid=declared.metadata.uid,
        generation=declared.metadata.generation,
        controller=declared.spec.controller,
        retry=declared.spec.retry_settings,
        conditions=declared.spec.conditions,
    )
    _check_namespaces(store, path)
    try:
        warnings = provider.validate(store.context(Limits()))
    except InvalidSpec as error:
        at = f"{path}.{error.path}" if error.path else path
        raise InvalidSpec(at, error.reason, remedy=error.remedy) from None
    except Exception as error:  # noqa: BLE001  # of an outside provider
        raise InvalidSpec(path, f"the provider failed to validate it ({type(error).__name__})") from None
    return replace(store, warnings=tuple(warnings))


def plan_external_secret(spec: ExternalSecretSpec) -> FetchPlan:
    """The steps in merge order: dataFrom as listed, then data, a later key wins. Raises `InvalidSpec`."""
    return FetchPlan(
        steps=(*_data_from_steps(spec), *_data_steps(spec)),
        template=spec.target.template,
        skip_missing=spec.target.deletion_policy != "Retain",
        needs_data=spec.target.deletion_policy != "Merge",
    )


def _check_version(manifest: Mapping[str, Any]) -> None:
    version = manifest.get("apiVersion")
    if version not in API_VERSIONS:
        raise InvalidSpec("apiVersion", f"must be one of {', '.join(API_VERSIONS)}")


def _check_namespaces(store: Store, path: str) -> None:
    if store.kind == "ClusterSecretStore":
        return
    for where, selector in store.selectors:
        if selector.namespace not in (None, store.namespace):
            raise InvalidSpec(
                f"{path}.{where}.namespace",
                "namespace should either be empty or match the namespace of the SecretStore for a namespaced "
                "SecretStore",
            )


def _data_steps(spec: ExternalSecretSpec) -> Iterator[FetchStep]:
    for index, entry in enumerate(spec.data):
        path = f"spec.data[{index}]"
        source = entry.source_ref or SourceRef()
        yield FetchStep(
            path=path,
            store=_store_ref(source.store_ref, spec, f"{path}.sourceRef.storeRef"),
            source=Get(entry.secret_key, _remote_ref(entry.remote_ref)),
            transform=Transform(
                decoding=entry.remote_ref.decoding_strategy or "None",
                null_bytes=entry.remote_ref.null_byte_policy or "Ignore",
            ),
        )


def _data_from_steps(spec: ExternalSecretSpec) -> Iterator[FetchStep]:
    for index, entry in enumerate(spec.data_from):
        yield _data_from_step(spec, entry, f"spec.dataFrom[{index}]")


def _data_from_step(spec: ExternalSecretSpec, entry: DataFromEntry, path: str) -> FetchStep:
    source = entry.source_ref or SourceRef()
    if source.generator_ref is not None:
        generated = Generate(source.generator_ref)
        return FetchStep(f"{path}.sourceRef.generatorRef", None, generated, Transform(rewrite=entry.rewrite))
    store = _store_ref(source.store_ref, spec, f"{path}.sourceRef.storeRef")
    options = entry.find or entry.extract
    assert options is not None  # `rules` refused an entry without a source
    transform = Transform(
        rewrite=entry.rewrite,
        conversion=options.conversion_strategy or "Default",
        decoding=options.decoding_strategy or "None",
        null_bytes=options.null_byte_policy or "Ignore",
    )
    if entry.find is not None:
        pattern = entry.find.name.regexp if entry.find.name else None
        _check_regexp(f"{path}.find.name.regexp", pattern)
        find = Find(entry.find.path, pattern, tuple(sorted(entry.find.tags.items())))
        return FetchStep(f"{path}.find", store, FindAll(find), transform)
    assert entry.extract is not None
    return FetchStep(f"{path}.extract", store, Extract(_remote_ref(entry.extract)), transform)


def _store_ref(override: SecretStoreRef | None, spec: ExternalSecretSpec, path: str) -> StoreRef:
    ref = override or spec.secret_store_ref
    if ref is None:
        raise InvalidSpec("spec.secretStoreRef", "is required: an entry has no sourceRef of its own")
    if not ref.name:
        raise InvalidSpec(f"{path if override else 'spec.secretStoreRef'}.name", "is required")
    return StoreRef(ref.name, ref.kind or "SecretStore")


def _remote_ref(ref: DataRemoteRef) -> RemoteRef:
    return RemoteRef(ref.key, ref.property, ref.version, ref.metadata_policy or "None")


def _check_regexp(path: str, pattern: str | None) -> None:
    if pattern is None:
        return
    try:
        compile_regexp(pattern)
    except ValueError as error:
        raise InvalidSpec(path, str(error), remedy="write an RE2 expression") from None
