"""Writes docs/providers.md from the docstrings of the installed providers: `make docs`. A test keeps it current."""

from __future__ import annotations

import importlib
from pathlib import Path

from secretcore.registry import Registry

HEAD = """# Providers

The backends that this version reads, by the key under `spec.provider`. Written from the docstrings in
`secretcore/providers/` by `make docs`. Every field: `kubectl explain secretstore.spec.provider`, or the schemas in
`crds/`. Another distribution may bring more: [writing a provider](writing-a-provider.md).
"""


def providers_page() -> str:
    """The page as Markdown."""
    registry = Registry.installed()
    sections = [HEAD]
    for key in registry.keys:
        provider = registry.provider(key)
        text = (importlib.import_module(provider.__module__).__doc__ or "").strip()
        sections.append(f"## {key}\n\nCapabilities: {provider.capabilities}.\n\n{text}\n")
    return "\n".join(sections)


if __name__ == "__main__":
    Path(__file__).with_name("providers.md").write_text(providers_page())
