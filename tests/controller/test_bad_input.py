"""Whatever is wrong with a manifest, a store or an answer: the condition and an event name what, where and what to do,
and the last good Secret stays.
"""

import base64
import json

import pytest

from tests.controller.cluster import condition_of, decoded
from tests.support.fault_kinds import HTML, MARKER, Answer, Huge, Truncate, html
from tests.support.faults import FaultProxy

pytestmark = pytest.mark.server

FORBIDDEN = Answer(
    403, '{"kind":"Status","code":403,"reason":"Forbidden","message":"secrets \\"login\\" is forbidden"}'
)


def answer(value):
    return Answer(200, json.dumps({"key": "db", "value": value}))


@pytest.fixture
def backend(fault_proxies):
    """The service of the tutorial; it answers `one`, unless a test has it say otherwise."""
    proxy = FaultProxy()
    fault_proxies.append(proxy)
    proxy.always("^/$", Answer(200, "{}"))
    proxy.always("^/keys/db$", answer("one"))
    return proxy


def express(backend):
    return {"provider": {"express": {"host": backend.url}}, "retrySettings": {"maxRetries": 0}}


def force(mark):
    return {"metadata": {"annotations": {"external-secrets.io/force-sync": mark}}}


async def refused(cluster, *words, name="db", kind="ExternalSecret", reason="SecretSyncedError", event="UpdateFailed"):
    """The condition and an event of the object say each word; the Secret is as it was, and nothing of a body is shown."""
    found = await cluster.condition("False", reason, name, kind, words[0])
    message = condition_of(found)["message"]
    told = [text for who, type_, why, text in cluster.told if (who, type_, why) == (name, "Warning", event)]
    for word in words:
        assert word in message
        assert any(word in text for text in told), told
    assert MARKER not in message + "".join(told)
    assert decoded(await cluster.get("Secret", "db")) == {"password": "one"}


async def good(cluster, backend):
    await cluster.apply("SecretStore", "store", spec=express(backend))
    await cluster.external_secret()
    await cluster.data(password="one")
    await cluster.condition("True", "SecretSynced")


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (html(), ["the answer is not JSON"]),
        (Answer(200, ""), ["the answer is not JSON"]),
        (Answer(200, f'{{"value": {{"{MARKER}": 1}}}}'), ["the answer has no value that is a string"]),
        (Answer(200, f'["{MARKER}"'), ["the answer is not JSON"]),
        (Huge(), ["larger than"]),
        (Truncate(10), ["the connection broke off"]),
        (Answer(404, HTML), ["it does not exist"]),
        (Answer(401, HTML), ["access denied (401)"]),
        (Answer(500, HTML), ["the backend failed (500)"]),
    ],
    ids=["HTML", "nothing", "another type", "half of JSON", "70 MB", "cut off", "404", "401", "500"],
)
async def test_what_a_backend_answers_instead_of_a_secret(cluster, backend, bad, words):
    async with cluster.running():
        await good(cluster, backend)
        backend.clear()
        backend.always("^/keys/db$", bad)
        backend.always("^/$", Answer(200, "{}"))
        await cluster.external_secret(**force("1"))
        await refused(cluster, "spec.data[0]: error getting the secret db", *words, " | ")
        backend.clear()
        backend.always("^/", answer("two"))
        await cluster.external_secret(**force("2"))
        await cluster.data(password="two")


BIG = "x" * 600_000


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"store": "nowhere"}, ["spec.data[0]", 'could not get SecretStore "nowhere"', " | create it"]),
        ({"data": [{"secretKey": "a", "remoteRef": {"key": "db", "property": "gone"}}]}, ["spec.data[0]", "gone", " | "]),
        ({"target": {"template": {"data": {"in valid": "x"}}}}, ["invalid secret keys", 'key "in valid"', " | "]),
        ({"target": {"template": {"data": {"big": "{{ .password }}" + BIG, "large": BIG}}}},
         ["update secrets ", "/db: ", "Too long", " | correct the target"]),
        ({"target": {"template": {"data": {"a": "{{ .nosuch }}"}}}}, ["spec.target.template.data", "nosuch", " | "]),
    ],
    ids=["missing store", "missing property", "invalid key", "more than 1 MiB", "template"],
)  # fmt: skip
async def test_what_an_external_secret_asks_for_in_vain(cluster, backend, spec, words):
    async with cluster.running():
        await good(cluster, backend)
        await cluster.external_secret(**spec)
        await refused(cluster, *words)


@pytest.mark.parametrize(
    ("provider", "words"),
    [
        ({"nosuch": {}}, ['spec.provider.nosuch: no provider "nosuch" is installed', " | "]),
        ({"echo": {"secretRef": "text"}}, ["spec.provider.echo.secretRef: ", " | "]),
        ({"echo": {"secretRef": {"name": "a", "key": "k", "namespace": "other"}}},
         ["spec.provider.echo.secretRef.namespace: ", " | "]),
        ({"echo": {"secretRef": {"name": "gone", "key": "k"}}}, ["Secret", "/gone", "it does not exist", " | create it"]),
        ({"echo": {"secretRef": {"name": "login", "key": "k"}}}, ["/login", "can't be read", "forbidden", " | let the"]),
    ],
    ids=["unknown provider", "wrong type", "foreign namespace", "missing credential", "unreadable credential"],
)  # fmt: skip
async def test_what_a_store_asks_for_in_vain(cluster, backend, proxy, proxied, provider, words):
    proxy.always("/secrets/login$", FORBIDDEN, method="GET")
    await cluster.apply("Secret", "login", data={"k": base64.b64encode(b"right").decode()})
    async with cluster.running(proxied):
        await good(cluster, backend)
        await cluster.delete("SecretStore", "store")
        await cluster.apply("SecretStore", "store", spec={"provider": provider})
        await refused(
            cluster,
            *words,
            name="store",
            kind="SecretStore",
            reason="InvalidProviderConfig",
            event="InvalidProviderConfig",
        )
        await cluster.external_secret(**force("1"))
        await refused(cluster, 'spec.data[0]: SecretStore "store"', " | ")


@pytest.mark.parametrize(
    ("provider", "words"),
    [
        ({"fake": {"data": []}, "express": {"host": "http://a"}}, "spec.provider"),
        ({"fake": {"data": "text"}}, "spec.provider.fake.data"),
    ],
    ids=["two providers", "wrong type"],
)
async def test_what_the_api_server_does_not_even_take(cluster, backend, provider, words):
    async with cluster.running():
        await good(cluster, backend)
        with pytest.raises(Exception, match=words):
            await cluster.apply("SecretStore", "store", spec={"provider": provider})
        await cluster.external_secret(**force("1"))
        await cluster.condition("True", "SecretSynced")
        assert decoded(await cluster.get("Secret", "db")) == {"password": "one"}
