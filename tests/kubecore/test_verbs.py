"""The verbs against the real API server."""

import asyncio
import base64
import json

import pytest
import yaml

from kubecore import client
from kubecore.errors import (
    AlreadyExists,
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    KindNotServed,
    NamespaceTerminating,
    NotFound,
    Unauthorized,
)
from kubecore.resources import CONFIG_MAPS, NAMESPACES, SECRETS, SERVICE_ACCOUNTS, Resource
from kubecore.wire import PatchType, Selector

pytestmark = pytest.mark.server

INGRESSES = Resource("networking.k8s.io", "v1", "ingresses", "Ingress")
"""A kind with a status that no controller of the test bed writes."""
UNKNOWN = Resource("example.org", "v1", "widgets", "Widget")


def config_map(name, namespace, data=None, **metadata):
    return {"metadata": {"name": name, "namespace": namespace, **metadata}, "data": data or {}}


async def test_an_object_is_created_read_updated_and_deleted(api, namespace):
    made = await api.create(CONFIG_MAPS, config_map("a", namespace, {"k": "1"}), namespace, field_manager="tests")
    assert (made["kind"], made["metadata"]["managedFields"][0]["manager"]) == ("ConfigMap", "tests")
    made["data"]["k"] = "2"
    changed = await api.update(CONFIG_MAPS, made, field_manager="tests")
    assert changed == await api.get(CONFIG_MAPS, "a", namespace)
    assert changed["data"] == {"k": "2"}
    await api.delete(CONFIG_MAPS, "a", namespace, uid=made["metadata"]["uid"])
    with pytest.raises(NotFound, match=f'get configmaps {namespace}/a: configmaps "a" not found'):
        await api.get(CONFIG_MAPS, "a", namespace)


async def test_a_cluster_scoped_object_needs_no_namespace(api, namespace):
    assert (await api.get(NAMESPACES, namespace))["metadata"]["name"] == namespace
    with pytest.raises(ValueError, match="not namespaced"):
        await api.get(NAMESPACES, namespace, namespace)
    with pytest.raises(ValueError, match="a namespace is needed"):
        await api.get(SECRETS, "a")


async def test_creating_twice_is_already_exists(api, namespace):
    await api.create(CONFIG_MAPS, config_map("a", namespace), namespace)
    with pytest.raises(AlreadyExists, match=f"create configmaps {namespace}/a"):
        await api.create(CONFIG_MAPS, config_map("a", namespace), namespace)


async def test_an_update_of_what_was_changed_or_replaced_meanwhile_is_a_conflict(api, namespace):
    first = await api.create(CONFIG_MAPS, config_map("a", namespace), namespace)
    second = await api.update(CONFIG_MAPS, {**first, "data": {"k": "2"}})
    with pytest.raises(Conflict):
        await api.update(CONFIG_MAPS, {**first, "data": {"k": "3"}})
    await api.delete(CONFIG_MAPS, "a", namespace)
    third = await api.create(CONFIG_MAPS, config_map("a", namespace), namespace)
    forged = {**second, "metadata": {**third["metadata"], "uid": second["metadata"]["uid"]}}
    with pytest.raises(Conflict, match="UID in precondition"):
        await api.update(CONFIG_MAPS, forged)


async def test_an_update_without_precondition_is_not_even_sent(api, namespace):
    with pytest.raises(ValueError, match="resourceVersion and uid"):
        await api.update(CONFIG_MAPS, config_map("a", namespace))


@pytest.mark.parametrize("precondition", ["uid", "resource_version"])
async def test_a_delete_with_a_precondition_spares_another_object(api, namespace, precondition):
    await api.create(CONFIG_MAPS, config_map("a", namespace), namespace)
    with pytest.raises(Conflict):
        await api.delete(CONFIG_MAPS, "a", namespace, **{precondition: "12345"})
    await api.get(CONFIG_MAPS, "a", namespace)


async def test_a_merge_patch_changes_only_what_it_names(api, namespace):
    made = await api.create(CONFIG_MAPS, config_map("a", namespace, {"keep": "1", "drop": "2"}), namespace)
    body = {"data": {"drop": None, "new": "3"}}
    patched = await api.patch(CONFIG_MAPS, "a", namespace, body=body, field_manager="tests")
    assert patched["data"] == {"keep": "1", "new": "3"}
    stale = {"metadata": {"resourceVersion": made["metadata"]["resourceVersion"]}, "data": {"new": "4"}}
    with pytest.raises(Conflict):
        await api.patch(CONFIG_MAPS, "a", namespace, body=stale)
    with pytest.raises(Conflict):
        await api.patch(CONFIG_MAPS, "a", namespace, body={"metadata": {"uid": "other"}, "data": {"new": "4"}})
    assert (await api.get(CONFIG_MAPS, "a", namespace))["data"] == {"keep": "1", "new": "3"}


async def test_a_json_patch_stops_at_a_failed_test(api, namespace):
    await api.create(CONFIG_MAPS, config_map("a", namespace, {"k": "1"}), namespace)

    def replace(expected):
        return [
            {"op": "test", "path": "/data/k", "value": expected},
            {"op": "replace", "path": "/data/k", "value": "2"},
        ]

    with pytest.raises(Invalid):
        await api.patch(CONFIG_MAPS, "a", namespace, body=replace("0"), kind=PatchType.JSON)
    patched = await api.patch(CONFIG_MAPS, "a", namespace, body=replace("1"), kind=PatchType.JSON)
    assert patched["data"] == {"k": "2"}


async def test_the_status_is_written_apart_from_the_rest(api, namespace):
    spec = {"defaultBackend": {"service": {"name": "web", "port": {"number": 80}}}}
    made = await api.create(INGRESSES, {"metadata": {"name": "a", "namespace": namespace}, "spec": spec}, namespace)
    status = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}
    other = {"defaultBackend": {"service": {"name": "other", "port": {"number": 81}}}}
    changed = await api.update(INGRESSES, {**made, "spec": other, "status": status}, status=True)
    assert (changed["spec"], changed["status"]) == (spec, status)
    body = {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.2"}]}}}
    patched = await api.patch(INGRESSES, "a", namespace, body=body, status=True)
    assert patched["status"] == body["status"]


async def test_pages_make_up_one_whole_list(api, namespace):
    for number in range(5):
        await api.create(
            CONFIG_MAPS,
            config_map(f"m{number}", namespace, {"k": "v"}, labels={"n": str(number % 2)}),
            namespace,
        )
    labelled = Selector(labels="n")  # not the one that kube-controller-manager makes, should it run
    pages = [page async for page in api.pages(CONFIG_MAPS, namespace, labelled, limit=2)]
    assert [len(page.items) for page in pages] == [2, 2, 1]
    assert [page.remaining for page in pages] == [True, True, False]
    assert len({page.resource_version for page in pages}) == 1
    assert {item["kind"] for page in pages for item in page.items} == {"ConfigMap"}
    odd = await api.list(CONFIG_MAPS, namespace, Selector(labels="n=1"))
    assert [item["metadata"]["name"] for item in odd] == ["m1", "m3"]
    one = await api.list(CONFIG_MAPS, selector=Selector(fields=f"metadata.name=m0,metadata.namespace={namespace}"))
    assert [item["data"] for item in one] == [{"k": "v"}]


async def test_metadata_alone_never_brings_the_data(api, namespace):
    await api.create(SECRETS, {"metadata": {"name": "a"}, "stringData": {"k": "hush"}}, namespace)
    got = await api.get(SECRETS, "a", namespace, metadata_only=True)
    listed = await api.list(SECRETS, namespace, metadata_only=True)
    watch = api.watch(SECRETS, namespace, resource_version="0", metadata_only=True)
    event = await anext(watch)
    await watch.aclose()
    for manifest in (got, *listed, event.object):
        assert (manifest["apiVersion"], manifest["kind"], manifest["metadata"]["name"]) == (
            "v1",
            "Secret",
            "a",
        )
        assert base64.b64encode(b"hush").decode() not in json.dumps(manifest)


async def test_a_watch_tells_changes_in_order_and_ends_when_told(api, namespace):
    version = [page async for page in api.pages(CONFIG_MAPS, namespace)][-1].resource_version
    made = await api.create(CONFIG_MAPS, config_map("a", namespace, {"k": "ä" * 100_000}), namespace)
    await api.update(CONFIG_MAPS, {**made, "data": {}})
    await api.delete(CONFIG_MAPS, "a", namespace)
    only_a = Selector(fields="metadata.name=a")
    watch = api.watch(CONFIG_MAPS, namespace, only_a, resource_version=version)
    told = [await anext(watch) for _ in range(3)]
    await watch.aclose()
    assert [event.type for event in told] == ["ADDED", "MODIFIED", "DELETED"]
    assert told[0].object["data"] == {"k": "ä" * 100_000}
    version = told[-1].object["metadata"]["resourceVersion"]
    rest = [event async for event in api.watch(CONFIG_MAPS, namespace, only_a, resource_version=version, seconds=1)]
    assert [event for event in rest if event.type != "BOOKMARK"] == []


async def test_a_watch_from_a_version_that_was_compacted_is_gone(api, control_plane, namespace):
    made = await api.create(CONFIG_MAPS, config_map("a", namespace), namespace)
    await api.update(CONFIG_MAPS, {**made, "data": {"k": "v"}})
    control_plane.forget_history()
    with pytest.raises(Gone):
        await anext(api.watch(CONFIG_MAPS, namespace, resource_version=made["metadata"]["resourceVersion"]))


async def test_a_kind_that_is_not_served_is_told_apart_from_a_missing_object(api, namespace):
    with pytest.raises(KindNotServed):
        await api.list(UNKNOWN, namespace)
    with pytest.raises(KindNotServed):
        await anext(api.watch(UNKNOWN, namespace, resource_version="1"))
    with pytest.raises(NotFound) as caught:
        await api.get(CONFIG_MAPS, "none", namespace)
    assert not isinstance(caught.value, KindNotServed)


async def test_nothing_can_be_created_in_a_namespace_that_is_being_deleted(api, control_plane):
    await api.create(NAMESPACES, {"metadata": {"name": "doomed", "finalizers": ["tests.example.org/keep"]}})
    await api.delete(NAMESPACES, "doomed")
    with pytest.raises(NamespaceTerminating):
        await api.create(CONFIG_MAPS, config_map("a", "doomed"), "doomed")


async def test_what_the_server_does_not_accept_is_invalid(api, namespace):
    with pytest.raises(Invalid, match="Invalid value"):
        await api.create(CONFIG_MAPS, config_map("Not_A_Name", namespace), namespace)
    with pytest.raises(Invalid):
        await api.create(SECRETS, {"metadata": {"name": "a"}, "data": {"k": "not base64"}}, namespace)
    with pytest.raises(Invalid):
        await api.create(CONFIG_MAPS, config_map("big", namespace, {"k": "x" * 4_000_000}), namespace)


@pytest.fixture
async def limited(control_plane, namespace, tmp_path):
    control_plane.create_service_account(namespace, "limited")
    token = control_plane.service_account_token(namespace, "limited")
    (tmp_path / "limited").write_text(yaml.safe_dump(control_plane.kubeconfig_for(token)))
    async with await client.from_kubeconfig("limited", tmp_path / "limited") as limited:
        yield limited


async def test_rbac_refusals_are_forbidden_and_foreseen(api, limited, namespace):
    with pytest.raises(Forbidden, match="system:serviceaccount"):
        await limited.get(SECRETS, "a", namespace)
    assert not await limited.can_i("get", SECRETS, namespace, "a")
    assert await api.can_i("get", SECRETS, namespace, "a")


async def test_what_a_service_account_may_do_is_told(api, control_plane, namespace):
    control_plane.create_service_account(namespace, "app")
    account = (namespace, "app")
    assert not await api.can_account(account, "get", SECRETS, namespace)
    rbac = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": "app"}}
    rules = [{"apiGroups": [""], "resources": ["secrets", "serviceaccounts/token"], "verbs": ["get"]}]
    group = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": f"system:serviceaccounts:{namespace}"}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "app"}
    path = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
    control_plane.request("POST", f"{path}/roles", {**rbac, "rules": rules})
    control_plane.request("POST", f"{path}/rolebindings", {**rbac, "roleRef": role, "subjects": [group]})
    async with asyncio.timeout(60):  # the API server learns of roles and bindings a moment after they are made
        while not await api.can_account(account, "get", SECRETS, namespace):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert not await api.can_account(account, "list", SECRETS, namespace)
    assert await api.can_account(account, "get", SERVICE_ACCOUNTS, namespace, "token")
    assert not await api.can_account(account, "get", SERVICE_ACCOUNTS, namespace)


async def test_a_token_that_the_server_does_not_know_is_unauthorized(control_plane, tmp_path, namespace):
    (tmp_path / "config").write_text(yaml.safe_dump(control_plane.kubeconfig_for("nonsense")))
    async with await client.from_kubeconfig("tests", tmp_path / "config") as stranger:
        with pytest.raises(Unauthorized):
            await stranger.list(SECRETS, namespace)


async def test_a_requested_token_has_its_audience_and_hides_in_reprs(api, control_plane, namespace):
    control_plane.create_service_account(namespace, "app")
    token = await api.create_token("app", namespace, ["vault"], expiration_seconds=600)
    claims = json.loads(base64.urlsafe_b64decode(token.value.split(".")[1] + "=="))
    assert claims["aud"] == ["vault"]
    assert token.expires.timestamp() == pytest.approx(claims["exp"], abs=1)
    assert token.value not in repr(token)
