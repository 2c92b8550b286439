"""Finds providers: by entry point, so that one can come from another distribution. `parse` asks it for the class that
stands for `spec.provider.<key>`. Nothing is imported before it is asked for: an agent pays for its own provider only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from msgspec import Struct

from secretcore.errors import InvalidSpec
from secretcore.provider import Provider

GROUP = "external_secrets_injector.providers"


class Entry(Protocol):
    """An entry point, as far as a registry needs one."""

    @property
    def value(self) -> str:
        """`module:attribute`."""

    def load(self) -> Any:
        """The attribute. Raises whatever its module does."""


class Registry(Struct, frozen=True):
    """Providers by the key under `spec.provider`."""

    entries: Mapping[str, Entry]

    @classmethod
    def installed(cls) -> Registry:
        """The providers of every installed distribution."""
        from importlib.metadata import entry_points  # noqa: PLC0415  # the agent finds them at less cost

        return cls({entry.name: entry for entry in entry_points(group=GROUP)})

    @property
    def keys(self) -> Iterable[str]:
        """The installed keys, sorted."""
        return sorted(self.entries)

    def provider(self, key: str) -> type[Provider]:
        """The class for a key. Raises `InvalidSpec` when none is installed."""
        if key not in self.entries:
            raise InvalidSpec(
                f"spec.provider.{key}",
                f'no provider "{key}" is installed (installed: {", ".join(self.keys) or "none"})',
                remedy=f'use an installed provider, or install the distribution that brings "{key}"',
            )
        try:
            loaded: type[Provider] = self.entries[key].load()
        except Exception as error:  # noqa: BLE001  # anything may stand in another distribution's module
            raise InvalidSpec(
                f"spec.provider.{key}",
                f'the provider "{key}" can\'t be loaded ({type(error).__name__})',
                remedy="reinstall the distribution that brings it",
            ) from None
        return loaded
