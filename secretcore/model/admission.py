"""ESO's admission rules as far as CEL can say them to the API server, with ESO's messages. `rules` has all of them.

Some cost too much on lists that ESO does not bound, and stay with `rules`: duplicate secretKeys, and the target of a
templateFrom in any mixture of upper and lower case. An API server older than 1.30 checks these rules on every update,
status included; later ones leave alone what an update does not change.
"""

from __future__ import annotations

from secretcore.model.declaration import CEL

EXTERNAL_SECRET = (
    CEL(
        "(has(self.data) && self.data.size() > 0) || (has(self.dataFrom) && self.dataFrom.size() > 0)",
        "either data or dataFrom should be specified",
    ),
)

TARGET = (
    CEL(
        "self.deletionPolicy != 'Delete' || !(self.creationPolicy in ['Merge', 'None', 'CreateOrMerge'])",
        "deletionPolicy=Delete must not be used when the controller doesn't own the secret. "
        "Please set creationPolicy=Owner",
    ),
    CEL(
        "self.deletionPolicy != 'Merge' || self.creationPolicy != 'None'",
        "deletionPolicy=Merge must not be used with creationPolicy=None. There is no Secret to merge with",
    ),
)

# One pair a rule: a million entries fit into a request, so an entry's rule may cost nine units.
_ONE_SOURCE = "extract, find, or generatorRef cannot be set at the same time"
DATA_FROM = (
    CEL("!has(self.extract) || !has(self.find)", _ONE_SOURCE),
    CEL("!has(self.extract) || !has(self.sourceRef) || !has(self.sourceRef.generatorRef)", _ONE_SOURCE),
    CEL("!has(self.find) || !has(self.sourceRef) || !has(self.sourceRef.generatorRef)", _ONE_SOURCE),
    CEL(
        "has(self.extract) || has(self.find) || has(self.sourceRef)",
        "either extract, find, or sourceRef must be set to dataFrom",
    ),
)

_ACCOUNT_TOKEN = "kubernetes.io/service-account-token"  # noqa: S105
_ACCOUNT_NAME = "kubernetes.io/service-account.name"
_BOOTSTRAP_TOKEN = "bootstrap.kubernetes.io/token"  # noqa: S105
TEMPLATE = (
    CEL(
        f"!has(self.type) || self.type != '{_ACCOUNT_TOKEN}' || !has(self.metadata)"
        f" || !has(self.metadata.annotations) || !('{_ACCOUNT_NAME}' in self.metadata.annotations)",
        f'template.type="{_ACCOUNT_TOKEN}" with annotation "{_ACCOUNT_NAME}" is not allowed',
    ),
    CEL(
        f"!has(self.type) || self.type != '{_ACCOUNT_TOKEN}' || !has(self.templateFrom)"
        " || !self.templateFrom.exists(t, t.target == 'Annotations')",
        f'template.type="{_ACCOUNT_TOKEN}" with templateFrom target="Annotations" is not allowed',
    ),
    CEL(
        f"!has(self.type) || self.type != '{_BOOTSTRAP_TOKEN}'",
        f'template.type="{_BOOTSTRAP_TOKEN}" is not allowed',
    ),
)
