"""Reading one secret from AWS Secrets Manager, as moto plays it."""

import base64
import json

import pytest

from secretcore.errors import Malformed, PropertyNotFound, SecretNotFound
from secretcore.plan import RemoteRef
from secretcore.testing import FIXTURE, Backend, ProviderConformance
from tests.providers.aws_store import CREDENTIALS, REGION, context, provider, told

pytestmark = pytest.mark.server

DATABASE = {
    "user": "app",
    "db.password": "dotted",
    "db": {"password": "nested", "port": 5432},
    "hosts": [{"name": "a", "ip": "10.0.0.1"}, {"name": "b", "ip": "10.0.0.2"}],
    "big": 12345678901234567890,
    "none": None,
    "html": "<a&b>",
}


class TestSuite(ProviderConformance):
    @pytest.fixture
    def backend(self, aws) -> Backend:
        for name, value in FIXTURE.items():
            aws.put(name, value)
        return Backend(
            provider=provider(),
            credentials=CREDENTIALS,
            context=context(),
            text_key="text",
            object_key="object",
            finds={"object": "object"},
        )


@pytest.mark.parametrize(
    ("prop", "value"),
    [
        ("", json.dumps(DATABASE)),
        ("user", "app"),
        ("db.password", "dotted"),
        (r"db\.password", "dotted"),
        ("db.port", "5432"),
        ("db", '{"password": "nested", "port": 5432}'),
        ("hosts.1.ip", "10.0.0.2"),
        ("big", "12345678901234567890"),
        ("none", ""),
        ("html", "<a&b>"),
    ],
)
async def test_a_property_is_a_name_first_and_a_path_then(aws, prop, value):
    aws.put("database", DATABASE)
    assert await aws.get("database", prop) == value.encode()


async def test_a_property_that_is_not_there_is_no_missing_secret(aws):
    aws.put("database", DATABASE)
    with pytest.raises(PropertyNotFound) as raised:
        await aws.get("database", "db.host")
    assert told(raised.value) == 'property "db.host" does not exist in secret "database"'


async def test_members_come_as_they_are_written(aws):
    aws.put("database", DATABASE)
    members = await aws.mapping("database")
    assert members["user"] == b"app"
    assert members["big"] == b"12345678901234567890"
    assert members["db"] == b'{"password": "nested", "port": 5432}'
    assert members["html"] == b"<a&b>"
    assert await aws.mapping("database", "db") == {"password": b"nested", "port": b"5432"}


async def test_a_binary_secret_is_read_byte_for_byte(aws):
    content = bytes(range(256))
    aws.put("binary", SecretBinary=base64.b64encode(content).decode())
    assert await aws.get("binary") == content


async def test_a_binary_secret_that_is_json_has_properties(aws):
    aws.put("binary", SecretBinary=base64.b64encode(b'{"a": "b"}').decode())
    assert await aws.get("binary", "a") == b"b"


async def test_text_beyond_ascii_is_utf8(aws):
    aws.put("text", "grüße 😀 ")
    assert await aws.get("text") == "grüße 😀 ".encode()


async def test_a_version_is_a_staging_label_or_an_id(aws):
    first = aws.put("rotated", "old", ClientRequestToken="00000000-0000-0000-0000-000000000001")
    aws.moto.call("secretsmanager.PutSecretValue", {"SecretId": "rotated", "SecretString": "new"}, region=REGION)
    assert await aws.get("rotated") == b"new"
    assert await aws.get("rotated", version="AWSCURRENT") == b"new"
    assert await aws.get("rotated", version="AWSPREVIOUS") == b"old"
    assert await aws.get("rotated", version=f"uuid/{first['VersionId']}") == b"old"


@pytest.mark.parametrize("version", ["AWSPENDING", "uuid/00000000-0000-0000-0000-00000000dead"])
async def test_a_version_that_is_not_there_is_not_found(aws, version):
    aws.put("plain", "value")
    with pytest.raises(SecretNotFound) as raised:
        await aws.get("plain", version=version)
    assert version in told(raised.value)


async def test_a_secret_that_is_marked_for_deletion_is_not_found(aws):
    aws.put("gone", "value")
    aws.delete("gone")
    with pytest.raises(SecretNotFound) as raised:
        await aws.get("gone")
    assert told(raised.value) == f'secret "gone" at 127.0.0.1:{aws.proxy.port} is marked for deletion'


async def test_a_secret_without_a_value_is_not_found(aws):
    aws.put("empty")
    with pytest.raises(SecretNotFound):
        await aws.get("empty")


async def test_the_prefix_is_put_before_the_key_and_not_before_an_arn(aws):
    made = aws.put("shop/database", "value")
    assert await aws.get("database", prefix="shop/") == b"value"
    assert await aws.get(made["ARN"], prefix="shop/") == b"value"
    with pytest.raises(SecretNotFound, match='secret "shop/shop/database"'):
        await aws.get("shop/database", prefix="shop/")


async def test_metadata_is_the_tags_as_json(aws):
    tags = [{"Key": "team", "Value": "payments"}, {"Key": "cost", "Value": "a<b"}]
    aws.put("tagged", "value", Tags=tags)
    assert await aws.get("tagged", metadata_policy="Fetch") == rb'{"cost":"a\u003cb","team":"payments"}'
    assert await aws.get("tagged", "team", metadata_policy="Fetch") == b"payments"
    assert aws.operations == {"DescribeSecret": 2}


async def test_metadata_of_a_secret_without_tags_is_an_empty_object(aws):
    aws.put("bare", "value")
    assert await aws.get("bare", metadata_policy="Fetch") == b"{}"


async def test_metadata_of_a_missing_secret_is_not_found(aws):
    with pytest.raises(SecretNotFound):
        await aws.get("missing", metadata_policy="Fetch")


async def test_one_client_reads_on_one_connection_and_signs_each_request(aws):
    aws.put("a", "1")
    async with aws.client() as client:
        for _ in range(3):
            assert (await client.get_secret(RemoteRef("a"))).value("") == b"1"
    assert aws.operations == {"GetSecretValue": 3}
    for request in aws.proxy.requests:
        assert request.headers.get("authorization").startswith("AWS4-HMAC-SHA256 Credential=AKIDCANARY1/")
        assert f"/{REGION}/secretsmanager/aws4_request" in request.headers.get("authorization")


async def test_a_secret_nested_too_deeply_is_refused(aws):
    aws.put("deep", "[" * 200 + "]" * 200)
    assert len(await aws.get("deep")) == 400
    with pytest.raises(Malformed, match="nested deeper"):
        await aws.get("deep", "a")
