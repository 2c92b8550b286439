"""Our CRDs against ESO's, field by field. Run with -s to see every difference and why it is there."""

import pytest

from secretcore.crd.kinds import KINDS, Kind, definition
from secretcore.crd.providers import own_providers
from secretcore.registry import Registry
from tests.crd.allowed import ALLOWED, PROVIDERS, Allowed
from tests.crd.comparison import Difference, differences
from tests.crd.reference import eso_definition, needs_crds, schema

INSTALLED = own_providers(Registry.installed())


def allowed() -> list[Allowed]:
    return [*ALLOWED, *(entry for key in sorted(INSTALLED) for entry in PROVIDERS.get(key, ()))]


def compare(kind: Kind) -> list[Difference]:
    theirs = eso_definition(kind.plural)
    described = {
        key
        for version in ("v1", "v1beta1")
        for key in schema(theirs, version)["properties"]["spec"]["properties"].get("provider", {}).get("properties", {})
    }
    return list(differences(theirs, definition(kind, INSTALLED), described - set(INSTALLED)))


@needs_crds
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_difference_from_eso_has_a_reason(kind: Kind):
    unexplained = []
    for difference in compare(kind):
        reason = next((entry.reason for entry in allowed() if entry.covers(difference)), None)
        print(f"{difference}\n    {reason or 'NO REASON'}")
        if reason is None:
            unexplained.append(str(difference))
    assert not unexplained


@needs_crds
def test_every_reason_explains_a_difference():
    found = [difference for kind in KINDS for difference in compare(kind)]
    idle = [
        f"{kind} {version} {entry.path}: {entry.word} does not differ"
        for entry in allowed()
        for kind, version in entry.cases()
        if not any(
            entry.covers(difference) and (difference.kind, difference.version) == (kind, version)
            for difference in found
        )
    ]
    assert not idle
