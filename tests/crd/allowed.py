"""Where our CRDs differ from ESO's on purpose. An entry that no longer differs fails the comparison."""

from collections.abc import Iterator
from dataclasses import dataclass

from secretcore.crd.kinds import KINDS
from tests.crd.comparison import Difference

ALL = tuple(kind.name for kind in KINDS)
STORES = ("SecretStore", "ClusterSecretStore")
EXTERNAL_SECRET = ("ExternalSecret",)
BOTH = ("v1", "v1beta1")


@dataclass(frozen=True, slots=True)
class Allowed:
    """One difference, in every kind and version that it names. A path that ends in `*` means all that begin so."""

    kinds: tuple[str, ...]
    versions: tuple[str, ...]
    path: str
    word: str
    reason: str

    def covers(self, difference: Difference) -> bool:
        return (
            difference.kind in self.kinds
            and difference.version in self.versions
            and difference.word == self.word
            and (
                difference.path.startswith(self.path[:-1]) if self.path.endswith("*") else difference.path == self.path
            )
        )

    def cases(self) -> Iterator[tuple[str, str]]:
        """The kinds and versions that it must hold for."""
        return ((kind, version) for kind in self.kinds for version in self.versions)


_RULES = "x-kubernetes-validations"
_WEBHOOK = "ESO refuses the same with the same message, but in a webhook; where CEL can say it, no webhook has to run"

ALLOWED = (
    Allowed(ALL, ("v1beta1",), "", "served", "a manifest of a cluster that has not migrated is taken as it is"),
    Allowed(ALL, ("v1beta1",), "", "deprecationWarning", "says what to write instead, in our name"),
    Allowed(EXTERNAL_SECRET, BOTH, "spec", _RULES, _WEBHOOK),
    Allowed(EXTERNAL_SECRET, BOTH, "spec.dataFrom[]", _RULES, _WEBHOOK),
    Allowed(EXTERNAL_SECRET, BOTH, "spec.target", _RULES, _WEBHOOK),
    Allowed(EXTERNAL_SECRET, BOTH, "spec.target.template", _RULES, _WEBHOOK),
    Allowed(
        STORES,
        BOTH,
        "spec.provider",
        "x-kubernetes-preserve-unknown-fields",
        "a provider of another distribution needs no change of the CRD",
    ),
)

_KEPT_IN_V1BETA1 = "an edit through v1beta1 keeps what v1 has: a field more does no harm, a field lost does"

# By the key of the provider; looked at when the provider is described.
PROVIDERS = {
    "fake": (Allowed(STORES, ("v1beta1",), "spec.provider.fake.validationResult", "field", _KEPT_IN_V1BETA1),),
}
