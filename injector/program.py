"""How this program was called, for usage texts: `python -m injector`, `external-secrets-injector`, or as a plugin
`kubectl external-secrets`.
"""

from __future__ import annotations

import sys
from pathlib import PurePath

PLUGIN = "kubectl-"


def program_name(called: str | None = None) -> str:
    """What a person types before the name of a command. kubectl makes a dash of each space and `_` of each dash."""
    name = PurePath(sys.argv[0] if called is None else called).name
    if name.startswith(PLUGIN):
        return " ".join(["kubectl", *(part.replace("_", "-") for part in name.removeprefix(PLUGIN).split("-"))])
    return name if name == "external-secrets-injector" else "python -m injector"
