"""ESO's example manifests on a real API server: admitted or refused, pruned and filled in, as `structural` has it."""

import pytest

from secretcore.crd.kinds import KINDS, definition
from secretcore.crd.providers import own_providers
from secretcore.model.admission import DATA_FROM, EXTERNAL_SECRET, TARGET, TEMPLATE
from secretcore.model.external_secret import ExternalSecretSpec
from secretcore.model.reading import read
from secretcore.registry import Registry
from secretcore.rules import external_secret_errors
from tests.crd.manifests import Manifest, manifests
from tests.crd.reference import needs_manifests, schema
from tests.crd.structural import admitted, errors

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("crds")]

DEFINITIONS = {kind.name: definition(kind, own_providers(Registry.installed())) for kind in KINDS}
SAID_BY_CEL = {cel.message for rules in (DATA_FROM, EXTERNAL_SECRET, TARGET, TEMPLATE) for cel in rules}
SERVED = [manifest for manifest in manifests() if manifest.version in ("v1", "v1beta1")]


@needs_manifests
@pytest.mark.parametrize("manifest", SERVED, ids=str)
def test_the_server_does_with_a_manifest_what_the_schema_says(control_plane, manifest):
    crd = DEFINITIONS[manifest.document["kind"]]
    # Metadata is the server's own business: one example has an annotation that is a number.
    document = manifest.document | {"metadata": {"name": "example"}}
    expected = admitted(document, schema(crd, manifest.version))
    with control_plane.client() as client:
        # Not an apply: that refuses unknown fields, which two of the examples have.
        answer = client.post(f"{_collection(manifest, crd)}?dryRun=All", json=document)
    if refusals := [*errors(expected, schema(crd, manifest.version))] or _said_by_cel(expected):
        assert answer.is_client_error, refusals
    else:
        assert answer.is_success, answer.text
        assert answer.json()["spec"] == expected["spec"]


def _collection(manifest: Manifest, crd: dict) -> str:
    scope = "/namespaces/default" if crd["spec"]["scope"] == "Namespaced" else ""
    return f"/apis/external-secrets.io/{manifest.version}{scope}/{crd['spec']['names']['plural']}"


def _said_by_cel(stored: dict) -> list[str]:
    if stored["kind"] != "ExternalSecret":
        return []
    said = (error.reason for error in external_secret_errors(read(stored["spec"], ExternalSecretSpec)))
    return [message for message in said if message in SAID_BY_CEL]
