"""`spec.target.template` from a manifest to a Secret's data and metadata, in the operator's order."""

import pytest

from secretcore.clients import Clients
from secretcore.errors import FetchFailed, InvalidSpec, TransformFailed
from secretcore.parse import parse_external_secret
from secretcore.resolve import resolve
from tests.secretcore.recording import FixedStores, cluster_store, recorded, rendering

TEMPLATES = {
    ("ConfigMap", "cm"): {"conf": b"user={{ .user }}", "map": b"a: '{{ .user }}'\nb: second\n"},
    ("Secret", "sec"): {"conf": b"password={{ .password }}"},
}


async def composed(template, data_from=(), **secrets):
    recorded("template", **{"db": '{"user":"app","password":"canary"}', **secrets})
    manifest = {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"labels": {"of": "the-external-secret"}},
        "spec": {
            "secretStoreRef": {"name": "s", "kind": "ClusterSecretStore"},
            "target": {"template": template},
            "dataFrom": [{"extract": {"key": "db"}}, *data_from],
        },
    }
    stores = FixedStores({"s": cluster_store("template")}, templates=TEMPLATES)
    async with Clients(stores) as clients:
        return await resolve(parse_external_secret(manifest).spec, "ns", clients, rendering())


FETCHED = {"user": b"app", "password": b"canary"}
CONFIG_MAP, SECRET = {"name": "cm"}, {"name": "sec"}


def items(ref, key, how="Values"):
    return {**ref, "items": [{"key": key, "templateAs": how}]}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ({}, FETCHED),
        ({"type": "Opaque"}, FETCHED),
        ({"mergePolicy": "Merge"}, FETCHED),
        ({"data": {"url": "{{ .user }}:{{ .password }}@db"}}, {"url": b"app:canary@db"}),
        ({"data": {"user": "{{ .user | upper }}"}, "mergePolicy": "Merge"}, {**FETCHED, "user": b"APP"}),
        ({"data": {"plain": "no action"}}, {"plain": b"no action"}),
        ({"templateFrom": [{"configMap": items(CONFIG_MAP, "conf")}]}, {"conf": b"user=app"}),
        ({"templateFrom": [{"secret": items(SECRET, "conf")}]}, {"conf": b"password=canary"}),
        ({"templateFrom": [{"configMap": items(CONFIG_MAP, "map", "KeysAndValues")}]}, {"a": b"app", "b": b"second"}),
        ({"templateFrom": [{"literal": "{{ .user }}: 'x'\ne: ''"}]}, {"app": b"x", "e": b""}),
        ({"templateFrom": [{"literal": "# nothing"}]}, {}),
        (
            {"templateFrom": [{"literal": "a: first"}, {"literal": "a: later"}]},
            {"a": b"later"},
        ),
        ({"templateFrom": [{"literal": "a: literal"}], "data": {"a": "data"}}, {"a": b"data"}),
        (
            {"templateFrom": [{"literal": "k: Zm9v", "valuesDecodingStrategy": "Base64"}]},
            {"k": b"foo"},
        ),
        ({"data": {"b": '{{ "//4=" | b64dec }}'}}, {"b": b"\xff\xfe"}),
    ],
)
async def test_what_the_data_becomes(template, expected):
    assert dict((await composed(template)).data) == expected


async def test_metadata_is_rendered_and_replaces_that_of_the_external_secret():
    rendered = await composed(
        {
            "metadata": {"labels": {"user": "{{ .user }}"}, "annotations": {"a": "{{ .user | quote }}", "b": "x"}},
            "templateFrom": [
                {"literal": "extra: '{{ .user }}'", "target": "labels"},
                {"literal": "b: overridden", "target": "Annotations"},
            ],
        }
    )
    assert rendered.labels == {"user": "app", "extra": "app"}
    assert rendered.annotations == {"a": '"app"', "b": "x"}
    assert dict(rendered.data) == {}


async def test_bytes_that_are_not_text_pass_through_a_template():
    rendered = await composed(
        {"data": {"copy": "{{ .raw }}"}},
        data_from=[{"extract": {"key": "bin", "decodingStrategy": "Base64"}}],
        bin='{"raw":"/wD+"}',
    )
    assert rendered.data["copy"] == b"\xff\x00\xfe"


@pytest.mark.parametrize(
    ("template", "error", "sentence"),
    [
        (
            {"data": {"k": "line\n{{ .none }}"}},
            TransformFailed,
            "spec.target.template.data[k]: unable to execute template at key k: template: k:2:3: ",
        ),
        ({"data": {"k": "{{ if }}"}}, TransformFailed, "spec.target.template.data[k]: unable to parse template"),
        (
            {"metadata": {"labels": {"l": "{{ .none }}"}}},
            TransformFailed,
            "spec.target.template.metadata.labels[l]: unable to execute",
        ),
        (
            {"templateFrom": [{"configMap": items({"name": "none"}, "x")}]},
            InvalidSpec,
            "spec.target.template.templateFrom: no ConfigMap none",
        ),
        (
            {"templateFrom": [{"configMap": items(CONFIG_MAP, "none")}]},
            InvalidSpec,
            'spec.target.template.templateFrom[0].configMap.items[0]: ConfigMap "cm" has no key "none"',
        ),
        (
            {"templateFrom": [{"literal": "port: 5432"}]},
            TransformFailed,
            "spec.target.template.templateFrom[0].literal: entry 1 is not a string",
        ),
        (
            {"templateFrom": [{"literal": "{{ .password }}"}]},
            TransformFailed,
            "spec.target.template.templateFrom[0].literal: what it renders is not a YAML map",
        ),
        (
            {"templateFrom": [{"literal": "k: '{{ .password }}'", "valuesDecodingStrategy": "Base64"}]},
            TransformFailed,
            'spec.target.template.templateFrom[0].literal: the value of key "entry 1" is not Base64',
        ),
        (
            {"templateFrom": [{"literal": "'{{ .user }}/x': z"}]},
            TransformFailed,
            "spec.target.template.templateFrom[0].literal: entry 1 has a key that a Secret can't have",
        ),
        (
            {"templateFrom": [{"literal": "'{{ .password }}': 5"}]},
            TransformFailed,
            "spec.target.template.templateFrom[0].literal: entry 1 is not a string",
        ),
        (
            {"templateFrom": [{"literal": "{{ range untilStep 0 200 1 }}k{{ . }}: v\n{{ end }}" * 100}]},
            TransformFailed,
            "",
        ),
        (
            {"data": {"k": "{{ range untilStep 0 100000 1 }}{{ range untilStep 0 100000 1 }}.{{ end }}{{ end }}"}},
            TransformFailed,
            "spec.target.template.data[k]: unable to execute template at key k: ",
        ),
    ],
)
async def test_what_can_not_be_rendered_names_the_field_and_no_value(template, error, sentence):
    with pytest.raises(error) as raised:
        await composed(template)
    assert str(raised.value).startswith(sentence)
    assert "canary" not in str(raised.value)


async def test_a_missing_key_names_those_that_there_are():
    with pytest.raises(TransformFailed, match=r"there are: password, user"):
        await composed({"data": {"k": "{{ .none }}"}})


async def test_a_token_can_not_be_made_by_an_annotation_that_is_rendered():
    token = {"type": "kubernetes.io/service-account-token"}
    with pytest.raises(InvalidSpec, match="is not allowed"):
        await composed(
            {**token, "templateFrom": [{"literal": "kubernetes.io/service-account.name: x", "target": "ANNOTATIONS"}]}
        )


async def test_all_templates_together_have_one_allowance():
    heavy = "{{ range untilStep 0 3000 1 }}{{ . }}{{ end }}"
    with pytest.raises(TransformFailed, match="steps"):
        await composed({"data": {f"k{number}": heavy for number in range(60)}})


async def test_rewrite_goes_before_key_checks_and_replaces_conversion():
    recorded("rewrite", db='{"a/b":"1","c d":"2"}')
    spec = {
        "secretStoreRef": {"name": "s", "kind": "ClusterSecretStore"},
        "dataFrom": [{"extract": {"key": "db"}, "rewrite": [{"regexp": {"source": "[/ ]", "target": "."}}]}],
    }
    manifest = {"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "spec": spec}
    async with Clients(FixedStores({"s": cluster_store("rewrite")})) as clients:
        rendered = await resolve(parse_external_secret(manifest).spec, "ns", clients, rendering())
        assert dict(rendered.data) == {"a.b": b"1", "c.d": b"2"}
        spec["dataFrom"][0]["rewrite"] = [{"regexp": {"source": "zzz", "target": ""}}]
        with pytest.raises(FetchFailed, match=r'spec\.dataFrom\[0\]\.extract: invalid secret keys .*"a/b"'):
            await resolve(parse_external_secret(manifest).spec, "ns", clients, rendering())
