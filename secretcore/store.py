"""A SecretStore or ClusterSecretStore, parsed: a provider, and who may use it. `parse` makes it, `clients` opens it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from secretcore.limits import Limits
from secretcore.model.external_secret import StoreKind
from secretcore.model.metadata import LabelSelector
from secretcore.model.selectors import Selector
from secretcore.model.store import RetrySettings, StoreCondition
from secretcore.needs import Need, needs_of
from secretcore.plan import StoreRef
from secretcore.provider import Declares, Provider, StoreContext
from secretcore.regexp import compile as compile_regexp


@dataclass(frozen=True, slots=True)
class Store:
    """What the core needs of a store's manifest."""

    kind: StoreKind
    namespace: str
    """Empty for a ClusterSecretStore."""
    name: str
    provider: Provider
    provider_key: str = ""
    """What its configuration stands under in `spec.provider`."""
    uid: str = ""
    generation: int = 0
    controller: str = ""
    retry: RetrySettings | None = None
    conditions: tuple[StoreCondition, ...] = ()
    warnings: tuple[str, ...] = ()
    """What the provider had to say of its configuration."""
    selectors: tuple[tuple[str, Selector], ...] = field(init=False, repr=False)
    """Every reference to a credential in the configuration, with its path below the provider's key."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "selectors", tuple(selectors(self.provider)))  # once: it is asked for at every use

    @property
    def ref(self) -> StoreRef:
        """How an ExternalSecret names it."""
        return StoreRef(self.name, self.kind)

    @property
    def is_referent(self) -> bool:
        """Whether the credentials are those of the namespace that uses the store: a ClusterSecretStore names none."""
        return self.kind == "ClusterSecretStore" and any(each.namespace is None for _, each in self.selectors)

    def context(self, limits: Limits) -> StoreContext:
        """What its provider may know of it."""
        return StoreContext(self.kind, self.namespace, self.name, self.retry, limits)


def needs(store: Store) -> tuple[Need, ...]:
    """What the store asks `Credentials` for, by its provider's word or else by its references."""
    declared = store.provider.needs() if isinstance(store.provider, Declares) else needs_of(store.selectors)
    return tuple(declared)


def is_inline(store: Store) -> bool:
    """Whether the store's manifest holds the secrets themselves."""
    return bool(getattr(store.provider, "inline", False))


def selectors(configuration: Any, path: str = "") -> Iterator[tuple[str, Selector]]:
    """Every reference to a credential in a provider's configuration, with its path below `path`."""
    if isinstance(configuration, Selector):
        yield path, configuration
    elif isinstance(configuration, msgspec.Struct):
        names = zip(configuration.__struct_fields__, configuration.__struct_encode_fields__, strict=True)
        for name, encoded in names:
            yield from selectors(getattr(configuration, name), f"{path}.{encoded}" if path else encoded)
    elif isinstance(configuration, Mapping):
        for key, item in configuration.items():
            yield from selectors(item, f"{path}[{key}]")
    elif isinstance(configuration, tuple | list | set | frozenset):
        for index, item in enumerate(configuration):
            yield from selectors(item, f"{path}[{index}]")


def allows(store: Store, namespace: str, labels: Mapping[str, str]) -> bool:
    """Whether a namespace with these labels may use the store: any criterion of any condition, or no conditions."""
    selectors = namespace_selectors(store)
    return allows_by_name(store, namespace) or any(selects(selector, labels) for selector in selectors)


def allows_by_name(store: Store, namespace: str) -> bool:
    """Whether a namespace may use the store, whatever its labels are."""
    if store.kind == "SecretStore":
        return store.namespace == namespace
    return not store.conditions or any(_names(condition, namespace) for condition in store.conditions)


def namespace_selectors(store: Store) -> Sequence[LabelSelector]:
    """What the conditions ask of the labels of a namespace."""
    if store.kind == "SecretStore":
        return ()
    return [each.namespace_selector for each in store.conditions if each.namespace_selector is not None]


def _names(condition: StoreCondition, namespace: str) -> bool:
    return namespace in condition.namespaces or any(
        compile_regexp(pattern).match(namespace) for pattern in condition.namespace_regexes
    )


def selects(selector: LabelSelector, labels: Mapping[str, str]) -> bool:
    """Kubernetes' rules: every matchLabel and every matchExpression; an empty selector selects all."""
    if any(labels.get(key) != value for key, value in selector.match_labels.items()):
        return False
    for requirement in selector.match_expressions:
        value = labels.get(requirement.key)
        match requirement.operator:
            case "In":
                met = value in requirement.values
            case "NotIn":
                met = value not in requirement.values
            case "Exists":
                met = value is not None
            case "DoesNotExist":
                met = value is None
            case _:
                met = False
        if not met:
            return False
    return True
