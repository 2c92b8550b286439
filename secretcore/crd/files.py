"""CustomResourceDefinitions as the text of files. Takes them from `kinds`; `__main__` writes them. Pure."""

from __future__ import annotations

from typing import Any

import yaml

from secretcore.crd.kinds import GROUP, KINDS, Providers, definition

_HEADER = "# Generated from secretcore/model and secretcore/providers: `make crds`.\n"


def files(providers: Providers) -> dict[str, str]:
    """The text of every file by its name, one kind each."""
    return {f"{GROUP}_{kind.plural}.yaml": f"{_HEADER}---\n{_as_yaml(definition(kind, providers))}" for kind in KINDS}


class _NoAliases(yaml.SafeDumper):
    """Writes what occurs twice twice: `kubectl explain` and people read it in place."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _as_yaml(document: Any) -> str:
    text: str = yaml.dump(document, Dumper=_NoAliases, width=110, allow_unicode=True)
    return text
