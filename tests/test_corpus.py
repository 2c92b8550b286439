"""ESO's own example manifests: our CRDs judge them as ESO's do, and the core parses and plans them or says why not."""

import pytest

from secretcore.crd.kinds import KINDS, definition
from secretcore.crd.providers import own_providers
from secretcore.errors import InvalidSpec
from secretcore.parse import parse_external_secret, parse_store, plan_external_secret
from secretcore.registry import Registry
from tests.crd.manifests import Manifest, manifests, unreadable
from tests.crd.reference import eso_definition, needs_crds, needs_manifests, schema
from tests.crd.structural import admitted, errors

REGISTRY = Registry.installed()
DESCRIBED = own_providers(REGISTRY)
PLURALS = {kind.name: kind.plural for kind in KINDS}
OURS = {kind.name: definition(kind, DESCRIBED) for kind in KINDS}

# No YAML: a template with double quotes stands in a string with double quotes.
UNREADABLE = {
    "filtercertchain-template-v2-external-secret.yaml",
    "filterpem-template-v2-external-secret.yaml",
    "pkcs12-template-v2-external-secret.yaml",
}

_NO_STORE = "spec.secretStoreRef: is required: an entry has no sourceRef of its own"
_NO_DATA = "spec: either data or dataFrom should be specified"
# Fragments that leave out a part (shown as "..."), placeholders, and mistakes in ESO's documentation.
REFUSED = {
    "certsans-template-v2-external-secret.yaml": _NO_DATA,
    "jwk-template-v2-external-secret.yaml": _NO_DATA,
    "helm-template-v2-escape-sequence.yaml": _NO_STORE,
    "ibm-es-types.yaml": _NO_STORE,
    "multiline-template-v2-external-secret.yaml": _NO_STORE,
    "rsadecrypt-template-v2-external-secret.yaml": _NO_STORE,
    "template-v1-from-secret.yaml": _NO_STORE,
    "template-v2-from-secret.yaml": _NO_STORE,
    "template-v2-literal-example.yaml": _NO_STORE,
    "template-v2-scope-and-target.yaml": _NO_STORE,
    # All providers at once, to show each.
    "full-cluster-secret-store.yaml": (
        "spec.provider: must have exactly one provider, has aws, gcpsm, kubernetes, oracle, vault"
    ),
    "full-secret-store.yaml": "spec.provider: must have exactly one provider, has aws, gcpsm, vault",
    # An annotation that is a number: Kubernetes refuses it as well.
    "full-external-secret.yaml": "metadata.annotations[...]: must be a string, is an integer",
    # The auth is "...", a text.
    "vault-mtls-store.yaml": "spec.provider.vault.auth: must be a map, is a string",
    # What a provider that we have does not do yet.
    "aws-acm-store.yaml": (
        "spec.provider.aws.service: CertificateManager is not supported yet, only SecretsManager is"
    ),
    "aws-parameter-store.yaml": (
        "spec.provider.aws.service: ParameterStore is not supported yet, only SecretsManager is"
    ),
    "vault-iam-store-controller-pod-identity.yaml": (
        "spec.provider.vault.auth.iam: this auth method is not supported yet"
    ),
    # ESO gave up both.
    "passworddepot-external-secret-json.yaml": (
        "apiVersion: must be one of external-secrets.io/v1, external-secrets.io/v1beta1"
    ),
    "pkcs12-template-v1-external-secret.yaml": "spec.target.template.engineVersion: must be one of v2",
}

every_manifest = pytest.mark.parametrize("manifest", manifests(), ids=str)


def provider_key(manifest: Manifest) -> str:
    """The provider of a store that has exactly one, else nothing."""
    keys = list(manifest.document.get("spec", {}).get("provider", {}))
    return keys[0] if len(keys) == 1 else ""


def expected_refusal(manifest: Manifest) -> str | None:
    key = provider_key(manifest)
    if key and key not in REGISTRY.entries:
        return f'spec.provider.{key}: no provider "{key}" is installed (installed: {", ".join(REGISTRY.keys)})'
    return REFUSED.get(manifest.file)


@needs_manifests
@every_manifest
def test_a_manifest_is_parsed_and_planned_or_refused_with_a_sentence(manifest):
    expected = expected_refusal(manifest)
    if expected is None:
        assert parse(manifest)
        return
    with pytest.raises(InvalidSpec) as refused:
        parse(manifest)
    assert str(refused.value) == expected


def parse(manifest: Manifest) -> object:
    if manifest.document["kind"] == "ExternalSecret":
        return plan_external_secret(parse_external_secret(manifest.document).spec).steps
    return parse_store(manifest.document, REGISTRY)


@needs_crds
@needs_manifests
@every_manifest
def test_our_schema_judges_a_manifest_as_esos_does(manifest):
    theirs, ours = eso_definition(PLURALS[manifest.document["kind"]]), OURS[manifest.document["kind"]]
    served = {version["name"] for version in ours["spec"]["versions"]}
    if manifest.version not in served:
        assert manifest.version not in {version["name"] for version in theirs["spec"]["versions"]}
        return
    verdicts = [verdict(manifest, schema(each, manifest.version)) for each in (theirs, ours)]
    assert verdicts[1] == verdicts[0]


def verdict(manifest: Manifest, of_version: dict) -> tuple[list[str], dict]:
    """What a schema has against a manifest and what it makes of it, without providers that ours leaves as they are."""
    stored = admitted(manifest.document, of_version)
    found = list(errors(stored, of_version))
    for key in set(manifest.document["spec"].get("provider", {})) - set(DESCRIBED):
        found = [error for error in found if not error.startswith(f".spec.provider.{key}")]
        stored["spec"]["provider"].pop(key, None)
    return found, stored


@needs_manifests
def test_the_tables_name_files_that_exist_and_need_them():
    assert set(unreadable()) == UNREADABLE
    assert set(REFUSED) <= {manifest.file for manifest in manifests()}


@needs_manifests
def test_the_corpus_is_whole():
    counts = dict.fromkeys(PLURALS, 0)
    for manifest in manifests():
        counts[manifest.document["kind"]] += 1
    print(counts)
    assert counts == {"ExternalSecret": 88, "SecretStore": 43, "ClusterSecretStore": 9}
