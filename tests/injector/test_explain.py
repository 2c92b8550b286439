"""`explain` on files: each step of an ExternalSecret, and never a value."""

import json

import pytest
import yaml

from injector.__main__ import main
from tests.injector.test_render import STORE, get, secret

VALUES = ("canary-value", "canary-a")


@pytest.fixture
def explain(tmp_path, capsys):
    """Writes manifests to a file, explains them, and returns exit code, standard output and standard error."""

    def run(*manifests, options=()):
        file = tmp_path / "manifests.yaml"
        file.write_text(STORE + yaml.safe_dump_all(manifests))
        code = main(["explain", "--no-progress", str(file), *options])
        out, err = capsys.readouterr()
        assert not [value for value in VALUES if value in out + err]
        return code, out, err

    return run


def explained(explain, *manifests, code=0):
    """The only ExternalSecret, from JSON."""
    returned, out, err = explain(*manifests, options=("-o", "json"))
    assert (returned, err) == (code, "")
    (only,) = json.loads(out)["externalSecrets"]
    return only


def test_a_step_says_where_it_stands_and_what_is_asked_of_which_store(explain):
    found = explained(explain, secret([get("a", "json", property="a")]))
    assert (found["name"], found["target"]) == ("ExternalSecret default/es", "Secret default/es")
    (step,) = found["steps"]
    assert (step["path"], step["store"], step["provider"]) == ("spec.data[0]", 'SecretStore "s"', "fake")
    assert step["call"] == {"call": "get", "key": "json", "property": "a", "secretKey": "a"}
    assert [(each["key"], each["size"]) for each in step["gives"]] == [("a", len("canary-a"))]
    assert found["data"] == step["gives"]


def test_equal_values_have_equal_hashes_and_others_not(explain):
    found = explained(explain, secret([get("a"), get("b"), get("c", "json")]))
    first, second, third = (each["hash"] for each in found["data"])
    assert first == second != third


def test_a_step_shows_its_keys_before_and_after_the_transformation(explain):
    rewrite = [{"regexp": {"source": "^(.)$", "target": "x_$1"}}]
    (step,) = explained(explain, secret([], dataFrom=[{"extract": {"key": "json"}, "rewrite": rewrite}]))["steps"]
    assert step["path"] == "spec.dataFrom[0].extract"
    assert step["transform"] == ['rewrite[0]: regexp "^(.)$" becomes "x_$1"']
    assert [each["key"] for each in step["read"]] == ["a", "b.c"]
    assert [each["key"] for each in step["gives"]] == ["b.c", "x_a"]


def test_a_key_that_a_later_step_overwrites_is_told(explain):
    found = explained(explain, secret([get("a")], dataFrom=[{"extract": {"key": "json"}}]))
    assert [step["overwritten"] for step in found["steps"]] == [{"a": "spec.data[0]"}, {}]


def test_find_shows_its_criteria(explain):
    find = {"find": {"name": {"regexp": "^k"}, "decodingStrategy": "Auto", "conversionStrategy": "Unicode"}}
    (step,) = explained(explain, secret([], dataFrom=[find]))["steps"]
    assert step["call"] == {"call": "find", "name": "^k"}
    assert step["transform"] == ["conversionStrategy: Unicode", "decodingStrategy: Auto"]


def test_a_template_is_told_by_its_parts_and_what_it_makes_by_hashes(explain):
    template = {
        "type": "kubernetes.io/basic-auth",
        "data": {"url": "postgres://{{ .a }}"},
        "metadata": {"labels": {"l": "{{ .a }}"}, "annotations": {"n": "x{{ .a }}"}},
        "templateFrom": [{"literal": "more: '{{ .a }}'"}],
    }
    found = explained(explain, secret([get()], target={"template": template}))
    assert found["template"] == [
        "mergePolicy: Replace",
        "type: kubernetes.io/basic-auth",
        "templateFrom[0]: a literal, to Data",
        "data[url]",
        "metadata.labels[l]",
        "metadata.annotations[n]",
    ]
    assert [each["key"] for each in found["data"]] == ["more", "url"]
    (label,), (annotation,) = found["labels"], found["annotations"]
    more = next(each for each in found["data"] if each["key"] == "more")
    assert label["hash"] == more["hash"] != annotation["hash"]


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (
            [get("a"), get("b", "none")],
            (
                'ExternalSecret default/es: spec.data[1]: secret "none" does not exist '
                "(create it at the backend, or correct the key)"
            ),
        ),
        (
            [get("a"), get("b", decodingStrategy="Base64")],
            (
                'ExternalSecret default/es: spec.data[1]: the value of key "b" is not Base64, which decodingStrategy asks '
                "for (set decodingStrategy to None or Auto, or store an encoded value)"
            ),
        ),
    ],
)
def test_a_step_that_fails_says_what_render_says_and_the_others_are_explained(explain, data, line, tmp_path, capsys):
    found = explained(explain, secret(data), code=1)
    good, bad = found["steps"]
    assert (len(good["gives"]), bad["errors"], found["errors"], found["data"]) == (1, [line], [], None)
    assert main(["render", "--no-progress", str(tmp_path / "manifests.yaml")]) == 1
    assert capsys.readouterr().err == line + "\n"


def test_a_step_that_is_left_out_is_no_failure(explain):
    target = {"deletionPolicy": "Delete"}
    found = explained(explain, secret([get("a"), get("b", "none")], target=target))
    assert found["steps"][1]["note"] == 'left out: secret "none" does not exist'
    assert [each["key"] for each in found["data"]] == ["a"]


@pytest.mark.parametrize(
    ("manifest", "sentence"),
    [
        (secret([get("a", "none-of-it")], secretStoreRef={"name": "other"}), "could not get SecretStore"),
        (secret([get()], target={"template": {"data": {"x": "{{ .none }}"}}}), "spec.target.template.data[x]"),
        (
            secret([], dataFrom=[{"sourceRef": {"generatorRef": {"kind": "UUID", "name": "u"}}}]),
            "generators (UUID) are not supported yet",
        ),
        (secret([get("not a key")]), "secretKey"),
    ],
    ids=["store", "template", "generator", "schema"],
)
def test_what_is_wrong_with_the_whole_is_said_once(explain, manifest, sentence):
    code, out, err = explain(manifest)
    assert (code, err) == (1, "")
    assert out.count(sentence) == 1
    assert "error: ExternalSecret default/es: " in out


def test_the_text_has_a_line_for_each_thing(explain):
    code, out, _ = explain(secret([get("a", "json", property="a"), get("long-key", nullBytePolicy="Fail")]))
    lines = [line.rsplit("  ", 1)[0] if line.endswith(tuple("0123456789abcdef")) else line for line in out.splitlines()]
    assert code == 0
    assert lines[1:] == [
        "",
        "ExternalSecret default/es, for Secret default/es",
        '  spec.data[0], SecretStore "s" (fake)',
        '    get key "json" property "a" secretKey "a"',
        "    gives  a        8 bytes",
        '  spec.data[1], SecretStore "s" (fake)',
        '    get key "k" secretKey "long-key"',
        "    nullBytePolicy: Fail",
        "    gives  long-key       12 bytes",
        "  Secret default/es",
        "    a               8 bytes",
        "    long-key       12 bytes",
    ]
