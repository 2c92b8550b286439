"""The providers that the CRDs describe: those of this distribution, whatever else is installed beside it."""

from __future__ import annotations

from secretcore.model.declaration import Model
from secretcore.registry import Registry

DISTRIBUTION = "external-secrets-injector"


def own_providers(registry: Registry) -> dict[str, type[Model]]:
    """Their classes by the key under `spec.provider`. Raises `TypeError` for one that is not a `Model`."""
    distributions = ((key, getattr(entry, "dist", None)) for key, entry in registry.entries.items())
    keys = (key for key, distribution in distributions if distribution and distribution.name == DISTRIBUTION)
    return {key: _model(key, registry.provider(key)) for key in keys}


def _model(key: str, provider: type) -> type[Model]:
    if not issubclass(provider, Model):
        raise TypeError(f'the provider "{key}" must be a subclass of secretcore.model.declaration.Model')
    return provider
