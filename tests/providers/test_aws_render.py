"""From manifests to Secrets with a real provider: what the core and AWS cost together, and what is sent on the wire."""

import json

import pytest
import yaml

from injector.__main__ import main
from secretcore.testing import StaticCredentials
from tests.providers.aws_store import ACCESS_KEY, REGION, SECRET_KEY
from tests.support.moto import sign_with_botocore

pytestmark = pytest.mark.server

TOKEN = "IQoJb3JpZ2luX2VjEJr//+=="
SIGNERS = ("x-amz-date", "x-amz-security-token")
"""Headers that whoever signs adds."""

STORE = {
    "apiVersion": "external-secrets.io/v1",
    "kind": "SecretStore",
    "metadata": {"name": "aws"},
    "spec": {"provider": {"aws": {"service": "SecretsManager", "region": REGION}}},
}
KEYS = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "aws"},
    "stringData": {"id": ACCESS_KEY, "secret": SECRET_KEY},
}
AUTH = {
    "secretRef": {
        "accessKeyIDSecretRef": {"name": "aws", "key": "id"},
        "secretAccessKeySecretRef": {"name": "aws", "key": "secret"},
    }
}


def external_secret(**spec):
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": "all"},
        "spec": {"secretStoreRef": {"name": "aws"}, **spec},
    }


@pytest.fixture
def render(tmp_path, capsys):
    """Renders a store with this AWS configuration and an ExternalSecret; returns exit code, data and errors."""

    def run(configuration, *manifests, options=()):
        store = json.loads(json.dumps(STORE))
        store["spec"]["provider"]["aws"].update(configuration)
        (tmp_path / "manifests.yaml").write_text(yaml.safe_dump_all([store, *manifests]))
        code = main(["render", "--no-progress", str(tmp_path), "--show-values", "--output", "env", *options])
        out, err = capsys.readouterr()
        return code, set(out.splitlines()), err

    return run


def test_data_extract_and_find_cost_one_call_for_each_key(aws, render):
    aws.put("shop/db", {"user": "app", "password": "swordfish"})
    aws.put("shop/token", "t0ken")
    wanted = external_secret(
        data=[
            {"secretKey": "ADMIN", "remoteRef": {"key": "shop/db", "property": "user"}},
            {"secretKey": "PASSWORD", "remoteRef": {"key": "shop/db", "property": "password"}},
        ],
        dataFrom=[{"extract": {"key": "shop/db"}}, {"find": {"path": "shop/", "name": {"regexp": "token$"}}}],
    )
    code, lines, errors = render({"auth": AUTH}, KEYS, wanted)
    assert (code, errors) == (0, "")
    for line in ("ADMIN=app", "PASSWORD=swordfish", "user=app", "password=swordfish", "shop_token=t0ken"):
        assert any(line in shown.replace("'", "").replace('"', "") for shown in lines), line
    assert aws.operations == {"GetSecretValue": 1, "BatchGetSecretValue": 1}


def test_the_environment_lends_its_keys_only_where_a_flag_says_so(aws, render, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDLENT")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-lent")
    aws.put("token", "t0ken")
    wanted = external_secret(data=[{"secretKey": "TOKEN", "remoteRef": {"key": "token"}}])
    code, _, errors = render({}, wanted)
    assert code == 1
    assert "AWS_ACCESS_KEY_ID" in errors
    assert "canary" not in errors
    assert not aws.operations
    code, lines, _ = render({}, wanted, options=["--from-environment"])
    assert code == 0
    assert any("t0ken" in line for line in lines)


def test_a_secret_without_its_keys_is_one_line_that_names_field_and_remedy(aws, render):
    wanted = external_secret(data=[{"secretKey": "TOKEN", "remoteRef": {"key": "token"}}])
    code, _, errors = render({"auth": AUTH}, KEYS, wanted)
    assert code == 1
    (line,) = errors.splitlines()
    assert "spec.data[0]" in line
    assert 'secret "token"' in line
    assert "create it at the backend" in line


async def test_what_is_sent_is_what_was_signed(aws):
    """botocore, given the requests as they came over the wire, puts the same signatures on them."""
    aws.put("a/b", "grüße")
    token = StaticCredentials(variables={"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
                                         "AWS_SESSION_TOKEN": TOKEN})  # fmt: skip
    await aws.get("a/b")
    await aws.get("a/b", credentials=token, auth=None)
    await aws.find("ü|a", tags={"Größe": "€ 1"})
    role = {"additional_roles": ("arn:aws:iam::123456789012:role/a+b=c,d.e@f-g_~*",), "auth": None}
    async with aws.client(credentials=token, **role):
        pass
    assert aws.operations == {"GetSecretValue": 2, "BatchGetSecretValue": 1, "AssumeRole": 1}
    requests = [as_sent(aws.proxy.url, request) for request in aws.proxy.requests]
    ours = [request.headers.get("authorization") for request in aws.proxy.requests]
    assert [headers["Authorization"] for headers in sign_with_botocore(requests)] == ours


def as_sent(url, request):
    """A recorded request, for botocore to sign: with the headers that ours says it signed."""
    authorization = request.headers.get("authorization")
    _, _, region, service, _ = authorization.partition("Credential=")[2].partition(",")[0].split("/")
    signed = authorization.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    return {
        "method": request.method,
        "url": f"{url}{request.path}",
        "headers": {name: request.headers.get(name) for name in signed if name not in SIGNERS},
        "body": request.body.decode(),
        "service": service,
        "region": region,
        "access_key": ACCESS_KEY,
        "secret_key": SECRET_KEY,
        "session_token": request.headers.get("x-amz-security-token") or None,
        "time": request.headers.get("x-amz-date"),
    }
