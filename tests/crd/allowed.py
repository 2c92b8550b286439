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
    """One difference, in every kind and version that it names."""

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
            and difference.path == self.path
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

_KEPT = "an edit through v1beta1 keeps what v1 has: a field more does no harm, a field lost does"


def _kept(provider: str, *fields: str) -> tuple[Allowed, ...]:
    return tuple(Allowed(STORES, ("v1beta1",), f"spec.provider.{provider}.{field}", "field", _KEPT) for field in fields)


# By the key of the provider: looked at once the provider is installed.
PROVIDERS = {
    "fake": _kept("fake", "validationResult"),
    "aws": (
        *_kept("aws", "customSessionTags", "sessionTagsPolicy"),
        Allowed(STORES, ("v1beta1",), "spec.provider.aws.service", "enum", _KEPT),
    ),
    "vault": _kept("vault", "auth.cert.path", "auth.cert.vaultRole", "auth.gcp", "checkAndSet"),
    "openBao": (Allowed(STORES, ("v1beta1",), "spec.provider.openBao", "field", _KEPT),),
    "express": (Allowed(STORES, BOTH, "spec.provider.express", "field", "a provider that ESO does not have"),),
}
