"""Our CRDs on a real API server: it takes them, fills in, refuses, and prints as ESO's do."""

import json
from collections.abc import Iterator

import httpx
import pytest
import yaml

from secretcore.crd.kinds import KINDS
from tests.crd.violations import ADMITTED, REFUSED_BY_CEL, REFUSED_LATER, external_secret
from tests.support.controlplane import ControlPlane
from tests.support.crds import CRDS, install_crds

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("crds")]

APPLY = {"Content-Type": "application/apply-patch+yaml"}
MERGE = {"Content-Type": "application/merge-patch+json"}
DATA = {"data": [{"secretKey": "a", "remoteRef": {"key": "k"}}]}


@pytest.fixture
def api(control_plane: ControlPlane) -> Iterator[httpx.Client]:
    with control_plane.client() as client:
        yield client


def path(namespace: str, version: str = "v1", plural: str = "externalsecrets") -> str:
    return f"/apis/external-secrets.io/{version}/namespaces/{namespace}/{plural}"


def apply(api: httpx.Client, collection: str, manifest: dict) -> httpx.Response:
    url = f"{collection}/{manifest['metadata']['name']}?fieldManager=tests&force=true"
    return api.patch(url, content=json.dumps(manifest), headers=APPLY)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_server_takes_a_definition_without_complaint(api, kind):
    crd = api.get(f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{kind.plural}.external-secrets.io").json()
    conditions = {each["type"]: each["status"] for each in crd["status"]["conditions"]}
    assert conditions["Established"] == "True"
    assert conditions["NamesAccepted"] == "True"
    assert conditions.get("NonStructuralSchema", "False") == "False"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_kind_goes_by_its_short_name_and_category(api, kind):
    resources = {each["name"]: each for each in api.get("/apis/external-secrets.io/v1").json()["resources"]}
    assert resources[kind.plural]["shortNames"] == [kind.short_name]
    assert resources[kind.plural]["categories"] == ["external-secrets"]
    assert resources[kind.plural]["namespaced"] == (kind.scope == "Namespaced")
    assert f"{kind.plural}/status" in resources


@pytest.mark.parametrize(("spec", "field", "message"), REFUSED_BY_CEL)
@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_a_broken_rule_is_refused_with_esos_message(api, namespace, version, spec, field, message):
    if version == "v1beta1" and spec.get("target", {}).get("creationPolicy") == "CreateOrMerge":
        message, field = 'Unsupported value: "CreateOrMerge"', "spec.target.creationPolicy"
    answer = apply(api, path(namespace, version), external_secret(spec, version))
    assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert [each["field"] for each in answer.json()["details"]["causes"] if message in each["message"]] == [field]


@pytest.mark.parametrize("spec", [*ADMITTED, *(spec for spec, _ in REFUSED_LATER)])
def test_everything_else_is_admitted(api, namespace, spec):
    assert apply(api, path(namespace), external_secret(spec)).status_code == httpx.codes.CREATED


def test_v1beta1_is_served_with_a_warning_and_its_defaults_are_stored(api, namespace):
    answer = apply(api, path(namespace, "v1beta1"), external_secret(DATA, "v1beta1"))
    assert answer.status_code == httpx.codes.CREATED
    assert "external-secrets.io/v1beta1 ExternalSecret is deprecated" in answer.headers["Warning"]
    stored = api.get(f"{path(namespace)}/example").json()
    assert stored["apiVersion"] == "external-secrets.io/v1"
    assert stored["spec"]["data"][0]["remoteRef"] == {
        "key": "k",
        "conversionStrategy": "Default",
        "decodingStrategy": "None",
        "metadataPolicy": "None",
    }
    assert stored["spec"]["target"] == {"creationPolicy": "Owner", "deletionPolicy": "Retain"}


def test_v1_leaves_strategies_unsaid(api, namespace):
    answer = apply(api, path(namespace), external_secret(DATA))
    assert "Warning" not in answer.headers
    assert answer.json()["spec"]["data"] == DATA["data"]
    assert answer.json()["spec"]["refreshInterval"] == "1h0m0s"


def test_get_prints_esos_columns(api, namespace):
    apply(api, path(namespace), external_secret(DATA))
    ready = {"type": "Ready", "status": "True", "reason": "SecretSynced"}
    status = {"status": {"conditions": [ready], "refreshTime": "2026-01-02T03:04:05Z"}}
    api.patch(f"{path(namespace)}/example/status", content=json.dumps(status), headers=MERGE).raise_for_status()
    table = api.get(path(namespace), headers={"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}).json()
    columns = [column["name"] for column in table["columnDefinitions"]]
    assert columns == ["Name", "StoreType", "Store", "Refresh Interval", "Status", "Ready", "Last Sync"]
    cells = dict(zip(columns, table["rows"][0]["cells"], strict=True))
    assert (cells["Store"], cells["Status"], cells["Ready"]) == ("store", "SecretSynced", "True")


@pytest.mark.parametrize("plural", ["secretstores", "clustersecretstores"])
def test_get_prints_the_columns_of_stores(api, plural):
    table = api.get(
        f"/apis/external-secrets.io/v1/{plural}", headers={"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
    ).json()
    assert [each["name"] for each in table["columnDefinitions"]] == ["Name", "AGE", "Status", "Capabilities", "Ready"]


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("spec.secretStoreRef.name=store", 1),
        ("spec.secretStoreRef.name=other", 0),
        ("spec.secretStoreRef.kind=ClusterSecretStore", 0),
        ("spec.target.name=there", 1),
        ("spec.refreshInterval=1h0m0s", 1),
    ],
)
def test_external_secrets_are_found_by_field(api, namespace, selector, found):
    apply(api, path(namespace), external_secret({**DATA, "target": {"name": "there"}})).raise_for_status()
    assert len(api.get(path(namespace), params={"fieldSelector": selector}).json()["items"]) == found


def store(provider: dict) -> dict:
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "SecretStore",
        "metadata": {"name": "example"},
        "spec": {"provider": provider},
    }


def test_a_provider_that_is_not_described_is_kept_as_it_is(api, namespace):
    provider = {"elsewhere": {"nested": {"list": [1, {"deep": True}]}}}
    answer = apply(api, path(namespace, plural="secretstores"), store(provider))
    assert answer.status_code == httpx.codes.CREATED
    assert answer.json()["spec"]["provider"] == provider


def test_a_field_that_a_described_provider_has_not_is_dropped(api, namespace):
    entry = {"key": "a", "value": "b"}
    answer = apply(api, path(namespace, plural="secretstores"), store({"fake": {"data": [entry | {"x": 1}], "y": 2}}))
    assert answer.json()["spec"]["provider"] == {"fake": {"data": [entry]}}


@pytest.mark.parametrize("provider", [{}, {"fake": {"data": []}, "other": {}}])
def test_a_store_has_exactly_one_provider(api, namespace, provider):
    answer = apply(api, path(namespace, plural="secretstores"), store(provider))
    assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert answer.json()["details"]["causes"][0]["field"] == "spec.provider"


def test_an_object_that_breaks_a_rule_already_can_be_labelled_reported_on_and_deleted(control_plane, api, namespace):
    broken = external_secret({**DATA, "target": {"deletionPolicy": "Delete", "creationPolicy": "Merge"}})
    url = f"{path(namespace)}/example"
    _install_without_rules(control_plane)
    control_plane.apiserver.wait_until(lambda: apply(api, path(namespace), broken).is_success)
    install_crds(control_plane)
    probe = broken | {"metadata": {"name": "probe"}}
    control_plane.apiserver.wait_until(lambda: not apply(api, path(namespace), probe).is_success)

    def patch(where: str, change: dict) -> int:
        return api.patch(where, content=json.dumps(change), headers=MERGE).status_code

    assert patch(url, {"metadata": {"labels": {"a": "b"}, "finalizers": ["tests/finalizer"]}}) == httpx.codes.OK
    assert patch(f"{url}/status", {"status": {"syncedResourceVersion": "1-a"}}) == httpx.codes.OK
    assert patch(url, {"spec": {"refreshInterval": "2h"}}) == httpx.codes.OK
    assert patch(url, {"spec": {"target": {"name": "other"}}}) == httpx.codes.UNPROCESSABLE_ENTITY
    assert patch(url, {"metadata": {"finalizers": []}}) == httpx.codes.OK
    assert api.delete(url).status_code == httpx.codes.OK


def _install_without_rules(control_plane: ControlPlane) -> None:
    def without(node: object) -> object:
        match node:
            case dict():
                return {key: without(value) for key, value in node.items() if key != "x-kubernetes-validations"}
            case list():
                return [without(item) for item in node]
            case _:
                return node

    definition = without(yaml.safe_load((CRDS / "external-secrets.io_externalsecrets.yaml").read_text()))
    control_plane.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=yaml.safe_dump(definition))
