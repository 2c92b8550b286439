"""Templates of the target, on a real API server."""

import asyncio

import pytest

from tests.controller.cluster import TOO_LONG
from tests.support.fault_kinds import status

pytestmark = pytest.mark.server

FROM_CONFIG_MAP = {"templateFrom": [{"configMap": {"name": "templates", "items": [{"key": "url"}]}}]}


async def test_a_template_makes_data_labels_and_type(cluster):
    await cluster.fake(db="swordfish")
    await cluster.apply("ConfigMap", "templates", data={"url": "db://app:{{ .password }}@db"})
    template = {
        "type": "example.com/login",
        "metadata": {"labels": {"length": "{{ len .password }}"}, "annotations": {"note": "n"}},
        "data": {"upper": "{{ .password | upper }}"},
        "templateFrom": [{"configMap": {"name": "templates", "items": [{"key": "url"}]}}],
    }
    async with cluster.running():
        await cluster.external_secret(target={"template": template}, metadata={"labels": {"mine": "1"}})
        secret = await cluster.data(upper="SWORDFISH", url="db://app:swordfish@db")
    assert secret["type"] == "example.com/login"
    assert secret["metadata"]["labels"]["length"] == "9"
    assert "mine" not in secret["metadata"]["labels"]
    assert secret["metadata"]["annotations"]["note"] == "n"


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret"])
async def test_a_template_is_rendered_at_once_when_what_holds_it_changes(cluster, kind):
    await cluster.fake(db="swordfish")
    field = "configMap" if kind == "ConfigMap" else "secret"
    content = "data" if kind == "ConfigMap" else "stringData"
    await cluster.apply(kind, "templates", **{content: {"url": "first {{ .password }}"}})
    template = {"templateFrom": [{field: {"name": "templates", "items": [{"key": "url"}]}}]}
    async with cluster.running():
        await cluster.external_secret(target={"template": template}, refreshInterval="1h")
        await cluster.data(url="first swordfish")
        await cluster.apply(kind, "templates", **{content: {"url": "second {{ .password }}"}})
        await cluster.data(url="second swordfish")


async def test_a_template_whose_first_sync_fails_is_rendered_at_the_next_try(cluster, proxy, proxied):
    await cluster.fake(db="swordfish")
    await cluster.apply("ConfigMap", "templates", data={"url": "first {{ .password }}"})
    async with cluster.running(proxied):
        await cluster.external_secret(target={"template": FROM_CONFIG_MAP}, refreshInterval="1h")
        await cluster.data(url="first swordfish")
        await cluster.condition("True", "SecretSynced")
        await cluster.settled()
        proxy.on(r"/secrets/db", status(500), method="PUT")
        await cluster.apply("ConfigMap", "templates", data={"url": "second {{ .password }}"})
        await cluster.data(url="second swordfish")


async def test_a_template_that_changes_after_a_restart_is_rendered_at_once(cluster):
    await cluster.fake(db="swordfish")
    await cluster.apply("ConfigMap", "templates", data={"url": "first {{ .password }}"})
    async with cluster.running():
        await cluster.external_secret(target={"template": FROM_CONFIG_MAP}, refreshInterval="1h")
        await cluster.data(url="first swordfish")
        await cluster.condition("True", "SecretSynced")
    async with cluster.running() as controller:
        await asyncio.wait_for(controller.view.whole(), TOO_LONG)
        await cluster.settled()
        await cluster.apply("ConfigMap", "templates", data={"url": "second {{ .password }}"})
        await cluster.data(url="second swordfish")


async def test_a_secret_that_is_made_once_does_not_follow_its_templates(cluster):
    await cluster.fake(db="swordfish")
    await cluster.apply("ConfigMap", "templates", data={"url": "first {{ .password }}"})
    template = {"templateFrom": [{"configMap": {"name": "templates", "items": [{"key": "url"}]}}]}
    async with cluster.running():
        await cluster.external_secret(target={"template": template}, refreshPolicy="CreatedOnce")
        await cluster.data(url="first swordfish")
        await cluster.apply("ConfigMap", "templates", data={"url": "second {{ .password }}"})
        await cluster.external_secret("other", target={"template": {}})
        await cluster.eventually("Secret", "other", lambda it: it and it["data"])
        await cluster.data(url="first swordfish")


async def test_a_label_that_the_template_no_longer_has_goes(cluster):
    await cluster.fake(db="one")
    async with cluster.running():
        await cluster.external_secret(target={"template": {"metadata": {"labels": {"a": "1", "b": "2"}}}})
        await cluster.data(password="one")
        await cluster.external_secret(target={"template": {"metadata": {"labels": {"b": "2"}}}})
        await cluster.eventually("Secret", "db", lambda it: "a" not in it["metadata"]["labels"])


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (
            {"data": {"a": "{{ .nosuch }}"}},
            "could not update secret: spec.target.template.data[a]: unable to execute template",
        ),
        (
            {"data": {"a": "{{ .password"}},
            "could not update secret: spec.target.template.data[a]: unable to parse template",
        ),
        ({"templateFrom": [{"configMap": {"name": "gone", "items": [{"key": "k"}]}}]}, '/gone" does not exist'),
    ],
)
async def test_what_is_wrong_with_a_template_is_named_without_a_value(cluster, template, message):
    await cluster.fake(db="c4nary")
    async with cluster.running():
        await cluster.external_secret(target={"template": template})
        found = await cluster.condition("False", "SecretSyncedError", message=message)
    assert "c4nary" not in str(found)
    assert "c4nary" not in str(cluster.told)


async def test_when_the_backend_has_nothing_no_template_stands_in_the_way_of_the_deletion_policy(cluster):
    await cluster.fake(db="one")
    target = {"deletionPolicy": "Delete", "template": {"data": {"a": "{{ .password }}", "b": "constant"}}}
    async with cluster.running():
        await cluster.external_secret(target=target, refreshInterval="1s")
        await cluster.data(a="one", b="constant")
        await cluster.fake(other="x")
        await cluster.condition("True", "SecretDeleted")
        assert await cluster.get("Secret", "db") is None
