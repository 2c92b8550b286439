"""The real control plane: what later tests rely on."""

import json

import pytest
import yaml

from tests.support.controlplane import ISSUER

pytestmark = pytest.mark.server


def test_the_server_is_the_pinned_version(control_plane):
    assert control_plane.request("GET", "/version")["gitVersion"] == "v1.37.2"


def test_objects_live_in_the_namespace_of_the_test(control_plane, namespace):
    path = f"/api/v1/namespaces/{namespace}/secrets"
    control_plane.request("POST", path, {"metadata": {"name": "a"}, "stringData": {"k": "v"}})
    assert control_plane.request("GET", f"{path}/a")["data"] == {"k": "dg=="}
    assert json.loads(control_plane.kubectl("get", "secret", "a", "-n", namespace, "-o", "json"))["type"] == "Opaque"


def test_rbac_is_in_force_for_service_accounts(control_plane, namespace):
    user = control_plane.create_service_account(namespace, "app")
    assert user == f"system:serviceaccount:{namespace}:app"
    token = control_plane.service_account_token(namespace, "app", ISSUER)
    with control_plane.client(token) as client:
        answer = client.get(f"/api/v1/namespaces/{namespace}/secrets")
    assert answer.status_code == 403
    assert user in answer.json()["message"]


def test_the_kubeconfig_file_is_enough_to_reach_the_server(control_plane):
    config = yaml.safe_load(control_plane.kubeconfig.read_text())
    assert config["clusters"][0]["cluster"]["server"] == control_plane.url
    assert "default" in control_plane.kubectl("get", "namespaces", "-o", "name")


def test_the_controller_manager_makes_service_accounts_and_collects_garbage(control_plane, namespace):
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    owner = control_plane.request("POST", path, {"metadata": {"name": "owner"}})
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"]}
    control_plane.request("POST", path, {"metadata": {"name": "owned", "ownerReferences": [reference]}})
    control_plane.kubectl("wait", "--for=create", "serviceaccount/default", "-n", namespace)
    control_plane.request("DELETE", f"{path}/owner")
    control_plane.kubectl("wait", "--for=delete", "configmap/owned", "-n", namespace)


def test_the_server_comes_back_on_the_same_address_with_its_data(control_plane, namespace):
    control_plane.apiserver.crash()
    control_plane.start_apiserver()
    assert control_plane.request("GET", f"/api/v1/namespaces/{namespace}")["metadata"]["name"] == namespace
