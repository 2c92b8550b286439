"""`python -m injector render`, as a person calls it: manifests in, Secrets out, failures in one line each."""

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from injector.__main__ import main
from injector.local.manifests import read_document

QUICKSTART = Path(__file__).parents[2] / "examples/quickstart"

STORE = """
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {name: s}
spec: {provider: {fake: {data: [{key: k, value: canary-value}, {key: json, value: '{"a":"canary-a","b.c":"2"}'}]}}}
---
"""


def secret(data, name="es", **spec):
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": name},
        "spec": {"secretStoreRef": {"name": "s"}, "data": data, **spec},
    }


def get(secret_key="a", key="k", **ref):
    return {"secretKey": secret_key, "remoteRef": {"key": key, **ref}}


@pytest.fixture
def render(tmp_path, capsys):
    """Writes manifests to a file, renders them, and returns exit code, standard output and standard error."""

    def run(*manifests, options=("--show-values",), store=STORE):
        file = tmp_path / "manifests.yaml"
        file.write_text(store + yaml.safe_dump_all(manifests))
        code = main(["render", "--no-progress", str(file), *options])
        return code, *capsys.readouterr()

    return run


def test_the_quickstart_prints_its_secrets_with_masked_values():
    ran = subprocess.run(
        [sys.executable, "-m", "injector", "render", "--no-progress", QUICKSTART],
        capture_output=True,
        text=True,
        check=True,
    )
    database, payments = yaml.safe_load_all(ran.stdout)
    assert ran.stderr == ""
    assert database["metadata"] == {"name": "database", "namespace": "default"}
    assert database["data"] == dict.fromkeys(["api-key", "certificate", "database-password", "primary"], "********")
    assert payments["metadata"]["name"] == "payments"
    assert set(payments["data"]) == {"username", "password", "hosts", "_payments_api-key", "_payments_certificate"}


def test_the_quickstart_shows_values_when_asked(capsys):
    assert main(["render", str(QUICKSTART), "--show-values"]) == 0
    database, payments = yaml.safe_load_all(capsys.readouterr().out)
    values = {key: base64.b64decode(value) for key, value in database["data"].items()}
    assert values == {
        "database-password": b"correct horse",
        "primary": b"db-0",
        "api-key": b"second",
        "certificate": b"-----BEGIN DEMO-----\n",
    }
    assert base64.b64decode(payments["data"]["hosts"]) == b'["db-0", "db-1"]'


def test_manifests_come_from_standard_input():
    text = STORE + yaml.safe_dump(secret([get()]))
    for arguments in (["-"], []):
        ran = subprocess.run(
            [sys.executable, "-m", "injector", "render", *arguments, "--show-values"],
            input=text, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert yaml.safe_load(ran.stdout)["data"] == {"a": base64.b64encode(b"canary-value").decode()}


def test_json_is_a_list_that_kubectl_takes(render):
    code, out, _ = render(secret([get()]), options=("--output", "json", "--show-values"))
    document = json.loads(out)
    assert code == 0
    assert (document["kind"], document["apiVersion"]) == ("List", "v1")
    assert document["items"][0]["data"] == {"a": base64.b64encode(b"canary-value").decode()}


def test_env_is_read_by_a_shell(render):
    store = STORE.replace("value: canary-value", 'value: it\'s $HOME "x"')
    code, out, _ = render(secret([get("tls.key"), get("9lives")]), options=("-o", "env", "--show-values"), store=store)
    assert code == 0
    shown = subprocess.run(
        ["sh", "-c", out + 'printf %s "$tls_key|$_9lives"'], capture_output=True, text=True, check=True
    )
    assert shown.stdout == 'it\'s $HOME "x"|it\'s $HOME "x"'


def test_env_refuses_two_keys_that_become_one_variable(render):
    code, out, err = render(secret([get("a.b"), get("a-b")]), options=("-o", "env"))
    assert (code, out) == (1, "")
    assert 'key "a.b" of Secret "default/es" and key "a-b" of Secret "default/es" both become the variable a_b' in err


@pytest.mark.parametrize("output", ["yaml", "json", "env"])
def test_no_value_is_printed_unless_asked(render, output):
    _, out, err = render(secret([get(), get("b", "json"), get("c", "none")]), options=("--output", output))
    _, fine, _ = render(secret([get(), get("b", "json")]), options=("--output", output))
    shown = out + err + fine
    assert "canary" not in shown
    assert base64.b64encode(b"canary")[:8].decode() not in shown
    assert "********" in fine


@pytest.mark.parametrize(
    ("manifest", "line"),
    [
        (
            secret([get(key="none")]),
            (
                'ExternalSecret default/es: spec.data[0]: secret "none" does not exist '
                "(create it at the backend, or correct the key)"
            ),
        ),
        (
            secret([get(key="json", property="z")]),
            (
                'ExternalSecret default/es: spec.data[0]: property "z" does not exist in secret "json" '
                "(create it at the backend, or correct the key)"
            ),
        ),
        (
            secret([get()], secretStoreRef={"name": "other"}),
            (
                'ExternalSecret default/es: spec.data[0]: could not get SecretStore "other" in namespace "default": '
                "it is not among the files (add its manifest)"
            ),
        ),
        (
            secret([{"secretKey": "a", "remoteRef": {}}]),
            "ExternalSecret default/es: spec.data[0].remoteRef.key: is required (correct the manifest)",
        ),
        (
            secret([], dataFrom=[{"extract": {"key": "k"}}]),
            (
                'ExternalSecret default/es: spec.dataFrom[0].extract: secret "k" is not a JSON object, so it has no keys '
                "to extract (read it with spec.data, or store a JSON object)"
            ),
        ),
        (
            secret([], dataFrom=[{"find": {"tags": {"a": "b"}}}]),
            (
                "ExternalSecret default/es: spec.dataFrom[0].find.name: is required: the fake store finds by name only "
                "(correct the manifest)"
            ),
        ),
        (
            secret([get()], target={"manifest": {"apiVersion": "v1", "kind": "ConfigMap"}}),
            "ExternalSecret default/es: spec.target.manifest: only Secrets are delivered (remove it)",
        ),
    ],
)
def test_a_failure_is_one_line_that_names_object_field_and_remedy(render, manifest, line):
    code, out, err = render(secret([get()], name="fine"), manifest)
    assert code == 1
    assert err == line + "\n"
    assert [document["metadata"]["name"] for document in yaml.safe_load_all(out)] == ["fine"]


def test_a_broken_store_is_named_where_it_is_used(render):
    store = STORE.replace("fake: {data", "acme: {data")
    code, _, err = render(secret([get()]), store=store)
    assert code == 1
    assert err.startswith(
        'ExternalSecret default/es: spec.data[0]: SecretStore "s": spec.provider.acme: no provider "acme" is installed'
    )


def test_a_cluster_store_keeps_its_conditions(render):
    store = STORE.replace("SecretStore", "ClusterSecretStore").replace(
        "spec: {", "spec: {conditions: [{namespaces: [ops]}], "
    )
    manifest = secret([get()], secretStoreRef={"name": "s", "kind": "ClusterSecretStore"})
    code, _, err = render(manifest, store=store)
    assert code == 1
    assert 'using cluster store "s" is not allowed from namespace "default": denied by spec.condition' in err
    assert render(manifest, store=store, options=("--namespace", "ops"))[0] == 0


def test_a_cluster_store_selects_namespaces_by_the_labels_of_their_manifests(render):
    store = STORE.replace("SecretStore", "ClusterSecretStore").replace(
        "spec: {", "spec: {conditions: [{namespaceSelector: {matchLabels: {team: a}}}], "
    )
    manifest = secret([get()], secretStoreRef={"name": "s", "kind": "ClusterSecretStore"})
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default", "labels": {"team": "a"}}}
    assert render(manifest, store=store)[0] == 1
    assert render(manifest, namespace, store=store)[0] == 0


def test_what_the_backend_lacks_is_left_out_and_told_when_the_policy_says_so(render):
    manifest = secret([get(), get("b", "none")], target={"deletionPolicy": "Merge"})
    code, out, err = render(manifest)
    assert code == 0
    assert set(yaml.safe_load(out)["data"]) == {"a"}
    assert err == 'note: ExternalSecret default/es: spec.data[1]: left out: secret "none" does not exist\n'


def test_labels_and_annotations_are_those_of_the_external_secret_unless_a_template_has_its_own(render):
    manifest = secret([get()])
    manifest["metadata"] |= {"labels": {"team": "a"}, "annotations": {"note": "x"}}
    _, out, _ = render(manifest)
    assert yaml.safe_load(out)["metadata"] == {
        "name": "es", "namespace": "default", "labels": {"team": "a"}, "annotations": {"note": "x"},
    }  # fmt: skip
    manifest["spec"]["target"] = {"name": "other", "immutable": True, "template": {"type": "kubernetes.io/tls"}}
    _, out, _ = render(manifest)
    document = yaml.safe_load(out)
    assert document["metadata"] == {"name": "other", "namespace": "default"}
    assert (document["type"], document["immutable"]) == ("kubernetes.io/tls", True)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["render", "/no/such/file.yaml"], "/no/such/file.yaml: No such file or directory"),
        (["render", str(QUICKSTART / "store.yaml")], "no ExternalSecret in "),
        (["render", str(QUICKSTART), "--output", "toml"], "invalid choice: 'toml'"),
        (["render", "--no-such-flag"], "unrecognized arguments: --no-such-flag"),
        ([], "usage: python -m injector COMMAND"),
    ],
)
def test_a_wrong_call_is_code_2_and_says_what_is_wrong(arguments, sentence, capsys):
    try:
        code = main(arguments)
    except SystemExit as error:  # argparse's way
        code = error.code
    assert code == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize("command", ["render", "explain"])
def test_output_that_cannot_be_written_is_said_in_one_line_and_is_no_answer(command):
    command = f"{sys.executable} -m injector {command} --no-progress {QUICKSTART} > /dev/full"
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (3, "the output can't be written: No space left on device\n")


def test_a_reader_that_has_seen_enough_is_no_error():
    command = f"{sys.executable} -m injector render --no-progress {QUICKSTART} | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (141, "")


BILLION = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)
)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: [canary", ":2: not YAML: "),
        ("- canary\n", ": not a manifest: a map with apiVersion and kind is expected"),
        (BILLION, ": more than 200000 values in one document, aliases followed"),
        ("a: &a [*a]", ": more than 200000 values in one document, aliases followed"),
        ("a: !!python/object/apply:os.system [canary]", ":1: not YAML: "),
        ("a: \x00", ": not YAML"),
        ("kind: A\nspec: {}\nkind: B\n", ':3: not YAML: key "kind" stands twice'),
        ("apiVersion: v1\nkind: Secret\n", ": a Secret lacks a metadata.name that Kubernetes would take"),
        ("apiVersion: v1\nkind: Secret\nmetadata: {name: Bad Name}\n", ": a Secret lacks a metadata.name"),
    ],
)
def test_what_is_no_manifest_is_one_line_with_its_place(tmp_path, capsys, text, line):
    file = tmp_path / "bad.yaml"
    file.write_text(text)
    assert main(["render", "--no-progress", str(file), str(QUICKSTART)]) == 1
    out, err = capsys.readouterr()
    assert err.startswith(f"{file}{line}")
    assert err.count("\n") == 1
    assert "canary" not in err
    assert len(list(yaml.safe_load_all(out))) == 2


def test_lists_as_kubectl_prints_them_are_read(render):
    code, out, _ = render({"apiVersion": "v1", "kind": "List", "items": [secret([get()])]})
    assert code == 0
    assert yaml.safe_load(out)["kind"] == "Secret"


@pytest.mark.parametrize("text", ["2024-01-01", "12:30", "1:20:30", "12:30.5", "08"])
def test_dates_and_times_in_manifests_stay_text(render, text):
    manifest = secret([get()])
    store = (
        STORE + yaml.safe_dump(manifest).replace("name: es", f"name: es\n  annotations: {{since: {text}}}") + "---\n"
    )
    code, out, err = render(store=store)
    assert code == 0, err
    assert yaml.safe_load(out)["metadata"]["annotations"] == {"since": text}


@pytest.mark.parametrize(
    ("text", "number"), [("7", 7), ("0x1F", 31), ("1_000", 1000), ("014", 12), ("1.5e+3", 1500.0), (".5", 0.5)]
)
def test_numbers_in_manifests_are_numbers(text, number):
    assert read_document(f"at: {text}".encode(), "a file") == {"at": number}
