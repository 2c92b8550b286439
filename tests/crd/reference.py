"""Where ESO's CRDs and example manifests are: data to compare with, never part of this repository.

The folder is named by ESO_REFERENCE, or is `shared` beside the checkout. It holds `reference/eso-crds/*.yaml` and
`corpus/eso-manifests/*.yaml`.
"""

import os
from functools import cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("ESO_REFERENCE") or ROOT.parent / "shared")
ESO_CRDS = FOLDER / "reference" / "eso-crds"
ESO_MANIFESTS = FOLDER / "corpus" / "eso-manifests"

needs_crds = pytest.mark.skipif(
    not ESO_CRDS.is_dir(), reason="ESO's CRDs are not here: set ESO_REFERENCE, or lay `shared` beside the checkout"
)
needs_manifests = pytest.mark.skipif(
    not ESO_MANIFESTS.is_dir(), reason="ESO's manifests are not here: set ESO_REFERENCE, or lay `shared` beside it"
)


def eso_file(plural: str) -> Path:
    """Where ESO's CustomResourceDefinition of a kind is."""
    return ESO_CRDS / f"external-secrets.io_{plural}.yaml"


@cache
def eso_definition(plural: str) -> dict:
    """ESO's CustomResourceDefinition of a kind. Shared: not to be changed."""
    return yaml.load(eso_file(plural).read_text(), yaml.CSafeLoader)


def schema(definition: dict, version: str) -> dict:
    """The schema of one version in a CustomResourceDefinition."""
    found = next(each for each in definition["spec"]["versions"] if each["name"] == version)
    return found["schema"]["openAPIV3Schema"]
