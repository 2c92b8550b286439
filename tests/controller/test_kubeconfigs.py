"""`python -m controller --kubeconfig`: with a client certificate, and with a plugin that gives tokens."""

import json
import sys

import pytest
import yaml

from tests.controller.test_rights import RULES, Rights

pytestmark = pytest.mark.server


@pytest.fixture
def rights(served, namespace):
    rights = Rights(served, namespace)
    rights.grant(RULES)
    yield rights
    rights.remove()


async def works(cluster, start, tmp_path, served, user):
    """A controller whose kubeconfig has this user syncs."""
    config = served.kubeconfig_for("unused")
    config["users"][0]["user"] = user
    path = tmp_path / "kubeconfig-of-a-user"
    path.write_text(yaml.safe_dump(config))
    await cluster.fake(db="one")
    process = start("controller", kubeconfig=path).ready()
    await cluster.external_secret()
    await cluster.data(password="one")
    await cluster.condition("True", "SecretSynced")
    process.end()
    assert "Traceback" not in process.log()


async def test_with_a_client_certificate(cluster, start, tmp_path, served, rights):
    rights.bind("controller-by-certificate")
    pair = served.people.issue("controller@test", common_name="controller-by-certificate")
    user = {"client-certificate": str(pair.cert_file), "client-key": str(pair.key_file)}
    await works(cluster, start, tmp_path, served, user)


async def test_with_a_plugin_that_gives_a_token(cluster, start, tmp_path, served, rights):
    rights.bind(served.create_service_account(cluster.namespace, "controller"))
    token = served.service_account_token(cluster.namespace, "controller")
    version = "client.authentication.k8s.io/v1"
    answer = {"apiVersion": version, "kind": "ExecCredential", "status": {"token": token}}
    (tmp_path / "answer.json").write_text(json.dumps(answer))
    plugin = "import pathlib, sys; print(pathlib.Path(sys.argv[1]).read_text())"
    run = {
        "apiVersion": version, "command": sys.executable, "args": ["-c", plugin, str(tmp_path / "answer.json")],
        "interactiveMode": "Never",
    }  # fmt: skip
    await works(cluster, start, tmp_path, served, {"exec": run})
