"""Writes docs/providers.md from the docstrings of the installed providers: `make docs`. A test keeps it current.

A docstring ends with three lines that the table is made of (`FACTS`): what the provider can do, how it logs in, and
when a store of it is said to be valid.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path

from secretcore.registry import Registry

HEAD = """# Providers

The backends that this version reads, by the key under `spec.provider`. Written from the docstrings in
`secretcore/providers/` by `make docs`. Every field: `kubectl explain secretstore.spec.provider`, or the schemas in
`crds/`. Another distribution may bring more: [writing a provider](writing-a-provider.md).

Each reads single secrets, all keys of one (`dataFrom.extract`), and properties in it: a gjson path such as
`hosts.0.name`, with `\\.` for a dot in a name. What differs:
"""
ABILITIES = ("find by name", "find by tags", "find by path", "versions", "metadata", "use from a pod")
FACTS = re.compile(r"\n\nCan: (?P<can>.*)\.\nLogins: (?P<logins>.*)\.\nValid: (?P<valid>.*)\.$")
NOTES = """
*versions*: `remoteRef.version`; *metadata*: `metadataPolicy: Fetch`, what is noted beside the secret. With KV version 1
of Vault and OpenBao there are neither, nor `find` by tags. *use from a pod*: the injector gives it to
[agents](annotations.md#what-a-pod-cant-have). All only read; nothing here writes to a backend.
"""


def abilities(docstring: str) -> set[str]:
    """What a provider's docstring says that it can."""
    return set(_facts(docstring)["can"].split(", "))


def providers_page() -> str:
    """The page as Markdown."""
    registry = Registry.installed()
    rows, sections = [], []
    for key in registry.keys:
        text = (importlib.import_module(registry.provider(key).__module__).__doc__ or "").strip()
        rows.append(_row(key, text))
        sections.append(f"## {key}\n\n{FACTS.sub('', text)}\n")
    titles = ["provider", *ABILITIES, "logins", "a store is valid when"]
    table = ["| " + " | ".join(titles) + " |", "|" + "---|" * len(titles), *rows]
    return "\n".join([HEAD, *table, NOTES, *sections])


def _row(key: str, text: str) -> str:
    facts, can = _facts(text), abilities(text)
    cells = ["yes" if ability in can else "" for ability in ABILITIES]
    return "| " + " | ".join([f"[{key}](#{key.lower()})", *cells, facts["logins"], facts["valid"]]) + " |"


def _facts(text: str) -> dict[str, str]:
    found = FACTS.search(text.strip())
    if not found:
        raise ValueError("the docstring does not end with the lines Can, Logins and Valid")
    return found.groupdict()


if __name__ == "__main__":
    Path(__file__).with_name("providers.md").write_text(providers_page())
