"""ESO's example manifests on a real API server: admitted or refused, pruned and filled in, as `structural` has it."""

import httpx
import pytest

from secretcore.crd.kinds import KINDS, definition
from secretcore.crd.providers import own_providers
from secretcore.model.admission import DATA_FROM, EXTERNAL_SECRET, TARGET, TEMPLATE
from secretcore.model.external_secret import ExternalSecretSpec
from secretcore.model.reading import read
from secretcore.registry import Registry
from secretcore.rules import external_secret_errors
from tests.crd.manifests import Manifest, manifests
from tests.crd.reference import eso_file, needs_crds, needs_manifests, schema
from tests.crd.structural import admitted, errors
from tests.support.crds import install_crds

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
        answer = client.post(f"{_collection(manifest.document['kind'], manifest.version)}?dryRun=All", json=document)
    if refusals := [*errors(expected, schema(crd, manifest.version))] or _said_by_cel(expected):
        assert answer.is_client_error, refusals
    else:
        assert answer.is_success, answer.text
        assert answer.json()["spec"] == expected["spec"]


@needs_crds
@needs_manifests
def test_objects_written_under_esos_crds_stay_as_they_are(control_plane, namespace):
    control_plane.kubectl(
        "apply", "--server-side", "--force-conflicts", *(f"-f={eso_file(kind.plural)}" for kind in KINDS)
    )
    with control_plane.client() as client:
        control_plane.apiserver.wait_until(lambda: _under_esos(client))
        paths = [path for path in (_created(client, each, namespace) for each in enumerate(SERVED)) if path]
        before = {path: client.get(path).json() for path in paths}
        install_crds(control_plane)
        after = {path: client.get(path).json() for path in paths}
        for path in paths:
            client.delete(path).raise_for_status()
    assert len(paths) > 100
    assert {path: each["spec"] for path, each in after.items()} == {path: each["spec"] for path, each in before.items()}
    assert {path: _identity(each) for path, each in after.items()} == {
        path: _identity(each) for path, each in before.items()
    }


def _under_esos(client: httpx.Client) -> bool:
    """Whether the server judges as ESO's CRDs alone do: no rules in CEL, no unknown providers."""
    names = {"apiVersion": "external-secrets.io/v1", "metadata": {"name": "probe"}}
    specs = {
        "ExternalSecret": {},
        "SecretStore": {"provider": {"x": {}}},
        "ClusterSecretStore": {"provider": {"x": {}}},
    }
    return [
        client.post(
            f"{_collection(kind, 'v1')}?dryRun=All",
            json={**names, "kind": kind, "spec": spec},
        ).is_success
        for kind, spec in specs.items()
    ] == [True, False, False]


def _created(client: httpx.Client, numbered: tuple[int, Manifest], namespace: str) -> str | None:
    """The path of the object, or None where ESO's CRDs refuse it."""
    number, manifest = numbered
    collection = _collection(manifest.document["kind"], "v1", namespace)
    document = manifest.document | {"apiVersion": "external-secrets.io/v1", "metadata": {"name": f"example-{number}"}}
    return f"{collection}/example-{number}" if client.post(collection, json=document).is_success else None


def _identity(stored: dict) -> tuple:
    return stored["metadata"]["uid"], stored["metadata"]["resourceVersion"], stored["metadata"]["generation"]


def _collection(kind: str, version: str, namespace: str = "default") -> str:
    spec = DEFINITIONS[kind]["spec"]
    scope = f"/namespaces/{namespace}" if spec["scope"] == "Namespaced" else ""
    return f"/apis/external-secrets.io/{version}{scope}/{spec['names']['plural']}"


def _said_by_cel(stored: dict) -> list[str]:
    if stored["kind"] != "ExternalSecret":
        return []
    said = (error.reason for error in external_secret_errors(read(stored["spec"], ExternalSecretSpec)))
    return [message for message in said if message in SAID_BY_CEL]
