"""`python -m secretcore.crd [DIR]`: writes one file per kind to a folder, `crds` unless said.

Only the providers of this distribution are described; a provider from elsewhere is kept by the API server as it is.
"""

from __future__ import annotations

import sys
from pathlib import Path

from secretcore.crd.files import files
from secretcore.crd.providers import own_providers
from secretcore.registry import Registry


def main(arguments: list[str]) -> int:
    """Returns the exit code: 2 for a wrong call."""
    if len(arguments) > 1 or any(argument.startswith("-") for argument in arguments):
        print("usage: python -m secretcore.crd [DIR]", file=sys.stderr)
        return 2
    folder = Path(arguments[0] if arguments else "crds")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files(own_providers(Registry.installed())).items():
        (folder / name).write_text(text, encoding="utf-8")
        print(folder / name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
