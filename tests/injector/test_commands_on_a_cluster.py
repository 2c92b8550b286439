"""`explain` and `diff` against a real API server: what is read there, what is said, and the exit codes."""

import asyncio
import json

import pytest
import yaml

from kubecore.client import from_kubeconfig
from tests.controller.cluster import Cluster
from tests.injector.conftest import external_secret, secret, store

pytestmark = pytest.mark.server
READ = ["get", "list"]


@pytest.fixture
async def synced(team):
    """ExternalSecret and store in the cluster, and the Secret that a real controller made of them."""
    team.apply(store(db="canary-1"), external_secret())
    async with await from_kubeconfig("tests/1.0", team.control_plane.kubeconfig) as api:
        cluster = Cluster(api, team.namespace, api)
        async with cluster.running():
            await cluster.condition("True", "SecretSynced")
            await cluster.data(password="canary-1")
    return team


def whats(out):
    return {each["name"]: each["what"] for each in json.loads(out)["secrets"]}


async def test_diff_says_what_the_controller_would_do(synced):
    diff = lambda *arguments: asyncio.to_thread(synced.run, "diff", *arguments)  # noqa: E731
    assert await diff("db") == (
        0,
        f'Secret {synced.namespace}/db: unchanged: it is as it should be (ExternalSecret "db")\n1 unchanged\n',
        "",
    )
    # The same from a file: what an apply keeps of the object in the cluster is no difference.
    same = synced.file(external_secret(), name="same.yaml")
    assert (await diff(same))[0] == 0
    # Another value, another label, a second Secret: from files whose store goes before the cluster's.
    changed = external_secret(metadata={"labels": {"team": "a"}})
    files = synced.file(store(db="canary-22"), changed, external_secret("second"))
    code, out, err = await diff(files)
    assert (code, err) == (1, "")
    assert out == (
        f'Secret {synced.namespace}/db: changed: it differs from what is wanted (ExternalSecret "db")\n'
        "  ~ data[password]  8 -> 9 bytes\n"
        "  + labels[team]\n"
        "  ~ annotations[reconcile.external-secrets.io/data-hash]\n"
        f'Secret {synced.namespace}/second: created: there is none (ExternalSecret "second")\n'
        "  + data[password]  9 bytes\n"
        "1 changed, 1 created\n"
    )
    # Another target: the Secret under the old name goes.
    moved = synced.file(external_secret(target={"name": "moved"}), name="moved.yaml")
    code, out, _ = await diff(moved, "-o", "json")
    assert (code, whats(out)) == (1, {"moved": "created", "db": "deleted"})


def test_diff_tells_of_a_conflict(team):
    pods = {"metadata": {"labels": {"app": "app"}}, "spec": {"containers": [{"name": "app", "image": "app:1"}]}}
    spec = {"replicas": 0, "selector": {"matchLabels": {"app": "app"}}, "template": pods}
    app = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "app"}, "spec": spec}
    uid = team.apply(app)["metadata"]["uid"]  # of an owner that is there: kube-controller-manager collects garbage
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "app", "uid": uid, "controller": True}
    team.apply(store(db="canary-1"), secret("taken", {"ownerReferences": [owner]}, password="canary-2"))
    files = team.file(external_secret(target={"name": "taken"}))
    code, out, _ = team.run("diff", files)
    assert code == 1
    assert 'taken: conflict: Deployment "app" controls it' in out
    assert "canary" not in out


def test_diff_of_what_can_not_be_resolved_is_a_failure_and_tells_the_rest(team):
    files = team.file(store(db="canary-1"), external_secret(), external_secret("bad", store="none"))
    code, out, err = team.run("diff", files, "-o", "json")
    assert (code, whats(out)) == (3, {"db": "created"})
    assert err == (
        f'ExternalSecret {team.namespace}/bad: spec.data[0]: could not get SecretStore "none" in namespace '
        f'"{team.namespace}": it is neither among the files nor in the cluster (add its manifest)\n'
    )


def test_what_a_user_may_not_read_is_a_failure_that_says_so(team):
    team.apply(store(db="canary-1"), external_secret())
    group = {"apiGroups": ["external-secrets.io"], "verbs": READ}
    no_stores = team.user({**group, "resources": ["externalsecrets"]})
    code, _, err = team.run("diff", "db", kubeconfig=no_stores)
    assert code == 3
    assert f"SecretStore {team.namespace}/store can't be read" in err
    no_secrets = team.user({**group, "resources": ["externalsecrets", "secretstores"]})
    code, _, err = team.run("diff", "db", kubeconfig=no_secrets)
    assert code == 3
    assert "cannot get resource" in err
    assert team.run("explain", "db", kubeconfig=no_secrets)[0] == 0
    assert team.run("explain", "db", kubeconfig=team.user())[0] == 3


def test_explain_reads_what_is_not_among_the_files_from_the_cluster(team):
    config_map = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "t"},
        "data": {"url": "x://{{.password}}"},
    }
    items = {"configMap": {"name": "t", "items": [{"key": "url"}]}}
    wanted = external_secret(store="shared", target={"template": {"templateFrom": [items]}})
    wanted["spec"]["secretStoreRef"]["kind"] = "ClusterSecretStore"
    shared = store(f"shared-{team.namespace}", "ClusterSecretStore", db="canary-1")
    shared["spec"]["conditions"] = [{"namespaceSelector": {"matchLabels": {"team": "a"}}}]
    wanted["spec"]["secretStoreRef"]["name"] = shared["metadata"]["name"]
    team.apply(config_map, shared, wanted)
    try:
        code, out, _ = team.run("explain", "externalsecret/db")
        assert code == 1
        assert "denied by spec.condition" in out
        team.control_plane.kubectl("label", "namespace", team.namespace, "team=a")
        code, out, err = team.run("explain", "db")
        assert (code, err) == (0, "")
        assert f'spec.data[0], ClusterSecretStore "{shared["metadata"]["name"]}" (fake)' in out
        assert 'templateFrom[0]: ConfigMap "t" (url as Values), to Data' in out
        assert "canary" not in out
    finally:
        team.control_plane.kubectl("delete", "clustersecretstore", shared["metadata"]["name"])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["none"], "no file is called so, nor is there an ExternalSecret"),
        (["/no/such/file.yaml"], "No such file"),
        (["db", "--context", "other"], "name other"),
    ],
)
def test_a_wrong_call_is_code_2(team, arguments, sentence):
    for command in ("diff", "explain"):
        code, out, err = team.run(command, *arguments)
        assert (code, out) == (2, "")
        assert sentence in err


def test_a_cluster_that_does_not_answer_is_code_3(team):
    dead = team.folder / "dead"
    dead.write_text(yaml.safe_dump(team.control_plane.kubeconfig_for("t", url="https://127.0.0.1:1")))
    for command in ("diff", "explain"):
        code, _, err = team.run(command, "db", kubeconfig=str(dead))
        assert code == 3
        assert err.startswith(f"{command}: ")


def test_kubectl_runs_the_same_program(team):
    team.apply(store(db="canary-1"), external_secret())
    code, out, _ = team.kubectl("external-secrets", "diff", "db", "-n", team.namespace, "--no-progress")
    assert code == 1
    assert f"Secret {team.namespace}/db: created: there is none" in out
    code, out, _ = team.kubectl("external-secrets", "explain", "db", "-n", team.namespace)
    assert code == 0
    assert 'SecretStore "store" (fake)' in out
    code, out, _ = team.kubectl("external-secrets", "--help")
    assert code == 0
    assert out.startswith("usage: kubectl external-secrets COMMAND")


def test_the_namespace_is_that_of_the_context_unless_said(team):
    team.apply(store(db="canary-1"), external_secret())
    config = team.control_plane.kubeconfig_for(team.control_plane.token)
    config["contexts"][0]["context"]["namespace"] = team.namespace
    (team.folder / "config").write_text(yaml.safe_dump(config))
    team.kubeconfig = str(team.folder / "config")
    code, out, _ = team.kubectl("external-secrets", "diff", "db")
    assert code == 1
    assert f"Secret {team.namespace}/db: created" in out
