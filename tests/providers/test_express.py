"""The tutorial's express provider, against a service that answers as its server does."""

import json
import subprocess
import sys
import traceback
from pathlib import Path

import pytest

from injector.__main__ import main
from secretcore.errors import InvalidSpec, Malformed, SecretNotFound, StoreUnavailable
from secretcore.limits import Limits
from secretcore.model.reading import read
from secretcore.parse import parse_store
from secretcore.plan import Find, RemoteRef
from secretcore.provider import StoreContext
from secretcore.providers.express import ExpressProvider
from secretcore.registry import Registry
from secretcore.testing import FIXTURE, Backend, ProviderConformance, StaticCredentials
from tests.providers.faults import FAULTS
from tests.support.fault_kinds import MARKER, Answer, status
from tests.support.faults import FaultProxy
from tests.support.processes import free_port

EXAMPLE = Path(__file__).parents[2] / "examples/express"
CANARY = "canary-value-5d"


def holds(service, key, value, at=None):
    """The service has this secret."""
    pattern = f"^/keys/{at or key}$"
    service.always(pattern, Answer(200, json.dumps({"key": key, "value": value})), method="GET")


@pytest.fixture
def service():
    """An express service that holds nothing but what a test puts there; it answers 404 otherwise."""
    with FaultProxy() as proxy:
        yield proxy


async def get(host, key, prop="", *, limits=None, **ref):
    context = StoreContext(limits=limits or Limits())
    async with ExpressProvider(host=host).connect(StaticCredentials(), context) as client:
        return (await client.get_secret(RemoteRef(key, **ref))).value(prop)


def told(error):
    text = "\n".join((str(error), repr(error), error.remedy, *traceback.format_exception(error)))
    assert MARKER not in text
    assert CANARY not in text
    return str(error)


class TestSuite(ProviderConformance):
    @pytest.fixture
    def backend(self, service) -> Backend:
        for key, value in FIXTURE.items():
            holds(service, key, value)
        return Backend(
            provider=ExpressProvider(host=service.url),
            text_key="text",
            object_key="object",
            unreachable=ExpressProvider(host=f"http://127.0.0.1:{free_port()}"),
        )


@pytest.mark.parametrize("end", ["", "/", "//"])
async def test_a_secret_is_the_value_under_its_key(service, end):
    holds(service, "my-secret-key", "this-is-a-secret")
    assert await get(service.url + end, "my-secret-key") == b"this-is-a-secret"
    assert service.counts == {("GET", "/keys/my-secret-key"): 1}


async def test_the_service_may_live_below_a_path(service):
    service.always("^/base/keys/a$", Answer(200, '{"key": "a", "value": "1"}'))
    assert await get(f"{service.url}/base", "a") == b"1"


@pytest.mark.parametrize(
    ("key", "sent"),
    [
        ("a b", "a%20b"),
        ("a?b", "a%3Fb"),
        ("a#b", "a%23b"),
        ("a%2Fb", "a%252Fb"),
        ("grüße", "gr%C3%BC%C3%9Fe"),
        ("a.b", "a.b"),
        ("...", "..."),
        ("a:b@c;d=e&f+g", "a%3Ab%40c%3Bd%3De%26f%2Bg"),
    ],
)
async def test_a_key_is_one_segment_whatever_is_in_it(service, key, sent):
    holds(service, key, "v", at="[^/]+")
    assert await get(service.url, key) == b"v"
    (request,) = service.requests
    assert (request.path, request.query) == (f"/keys/{sent}", "")


@pytest.mark.parametrize("key", ["", "a/b", "/", "..", ".", "a/../b", "a\\b", "a\nb", "a\0", "\x7f"])
async def test_a_key_that_is_no_segment_is_a_bad_key_format(service, key):
    with pytest.raises(Malformed) as raised:
        await get(service.url, key)
    assert str(raised.value) == f"bad key format: {key}"
    assert not service.requests


async def test_a_secret_that_is_not_there_is_not_found(service):
    with pytest.raises(SecretNotFound) as raised:
        await get(service.url, "missing")
    assert told(raised.value) == "error getting the secret missing: it does not exist"


async def test_text_beyond_ascii_and_empty_values_are_read(service):
    holds(service, "a", "grüße 😀")
    holds(service, "b", "")
    assert await get(service.url, "a") == "grüße 😀".encode()
    assert await get(service.url, "b") == b""


@pytest.mark.parametrize(
    "body",
    [
        f'{{"key": "a", "value": 1, "x": "{CANARY}"}}',
        f'{{"key": "a", "value": {{"x": "{CANARY}"}}}}',
        f'{{"key": "a", "value": null, "x": "{CANARY}"}}',
        f'{{"key": "{CANARY}"}}',
        f'["{CANARY}"]',
        f'"{CANARY}"',
        f'{{"value": "{CANARY}"',
        "",
    ],
)
async def test_an_answer_without_a_value_is_malformed_and_not_shown(service, body):
    service.always("/keys/a", Answer(200, body))
    with pytest.raises(Malformed) as raised:
        await get(service.url, "a")
    assert told(raised.value).startswith("error getting the secret a: the answer ")


CASES = {**FAULTS, "404": (status(404), SecretNotFound, 1)}


@pytest.mark.parametrize(("fault", "kind", "requests"), CASES.values(), ids=CASES)
async def test_a_broken_service_is_the_right_error(service, fault, kind, requests):
    service.always("/keys/", fault)
    with pytest.raises(kind) as raised:
        await get(service.url, "a", limits=Limits(timeout=0.5) if "Stall" in repr(fault) else None)
    assert told(raised.value).startswith("error getting the secret a")
    assert len(service.requests) == requests


def test_the_service_has_five_seconds():
    from secretcore.providers import express

    assert express.SECONDS == 5.0


@pytest.mark.parametrize("ref", [{"version": "2"}, {"metadata_policy": "Fetch"}], ids=str)
async def test_what_the_service_has_not_is_refused_instead_of_ignored(service, ref):
    with pytest.raises(Malformed, match=r"error getting the secret a: the express service has no (versions|metadata)"):
        await get(service.url, "a", **ref)
    assert not service.requests


async def test_it_has_no_find_and_says_so(service):
    async with ExpressProvider(host=service.url).connect(StaticCredentials(), StoreContext()) as client:
        with pytest.raises(InvalidSpec, match="the express provider has no find"):
            await client.get_all_secrets(Find(name_regexp=".*"))
    assert not service.requests


async def test_validation_is_content_with_any_answer_and_with_nothing_less(service):
    async with ExpressProvider(host=service.url).connect(StaticCredentials(), StoreContext()) as client:
        assert (await client.validate()).known
        service.always("^/$", status(503))
        with pytest.raises(StoreUnavailable):
            await client.validate()


@pytest.mark.parametrize(
    "host", ["http://express", "https://express:8443", "http://127.0.0.1:3000/", "http://[::1]:3000/base"]
)
def test_a_url_of_http_or_https_is_a_host(host):
    assert ExpressProvider(host=host).validate(StoreContext()) == ()


@pytest.mark.parametrize(
    "host",
    ["", "express", "express:3000", "ftp://express", "http://", "http:///keys", "http://u:canary-value-5d@express",
     "http://express?a=b", "http://express#a", "http://express:port", "http://express:99999", "http://[::1",
     "http://ex press", "http://express\n", "//express"],
)  # fmt: skip
def test_anything_else_is_an_invalid_host(host):
    with pytest.raises(InvalidSpec) as raised:
        ExpressProvider(host=host).validate(StoreContext())
    assert (raised.value.path, raised.value.reason) == ("host", "invalid express host URL")
    told(raised.value)


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        (None, "spec: is required"),
        ({}, "spec.provider: is required"),
        ({"provider": {}}, "spec.provider: must have exactly one provider, has none"),
        ({"provider": {"express": None}}, "spec.provider: must have exactly one provider, has none"),
        ({"provider": {"express": {}}}, "spec.provider.express.host: is required"),
        ({"provider": {"express": {"host": "express"}}}, "spec.provider.express.host: invalid express host URL"),
    ],
    ids=str,
)
def test_a_store_without_its_parts_is_refused_by_field(spec, sentence):
    manifest = {"apiVersion": "external-secrets.io/v1", "kind": "SecretStore", "metadata": {"name": "s"}, "spec": spec}
    with pytest.raises(InvalidSpec) as raised:
        parse_store(manifest, Registry.installed())
    assert str(raised.value) == sentence


def test_the_host_is_the_only_field():
    assert read({"host": "http://a", "other": 1}, ExpressProvider) == ExpressProvider(host="http://a")


@pytest.fixture
def example_server():
    """The server of the example, on a port of its own."""
    process = subprocess.Popen(
        [sys.executable, str(EXAMPLE / "server.py"), "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    with process:
        yield process.stdout.readline().removeprefix("listening on ").strip()
        process.terminate()


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_the_example_becomes_its_secret(example_server, version, tmp_path, capsys):
    text = (EXAMPLE / f"{version}.yaml").read_text().replace("http://127.0.0.1:3000", example_server)
    (tmp_path / "example.yaml").write_text(text)
    assert main(["render", str(tmp_path / "example.yaml"), "--show-values", "--output", "json"]) == 0
    shown = capsys.readouterr().out
    assert "my-express-secret" in shown
    assert "secretKey" in shown
    assert "this-is-a-secret" in shown or "dGhpcy1pcy1hLXNlY3JldA==" in shown


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_the_example_without_its_server_says_what_is_wrong(version, tmp_path, capsys):
    text = (EXAMPLE / f"{version}.yaml").read_text().replace("127.0.0.1:3000", f"127.0.0.1:{free_port()}")
    (tmp_path / "example.yaml").write_text(text)
    assert main(["render", str(tmp_path / "example.yaml")]) == 1
    assert "error getting the secret my-secret-key" in capsys.readouterr().err
