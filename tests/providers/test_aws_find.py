"""`find` in AWS Secrets Manager: all pages or an error, in batches where the identity may."""

import base64
import json

import pytest

from secretcore.errors import AccessDenied, InvalidSpec, Malformed, StoreUnavailable, Throttled
from secretcore.limits import Limits
from secretcore.plan import Find, RemoteRef
from tests.providers.aws_store import CANARY, refusal, told
from tests.support.fault_kinds import Answer, Forward

pytestmark = pytest.mark.server

COUNT, FEW = 125, 25
ALL = {f"shop/s{number:03}": f"value {number}".encode() for number in range(COUNT)}
DENIED = refusal("AccessDeniedException", "User is not authorized to perform: secretsmanager:BatchGetSecretValue")


@pytest.fixture
def shop(aws):
    """125 secrets under shop/, tagged by parity, and two beside them."""
    fill(aws, COUNT)
    return aws


def fill(aws, count):
    aws.put_many(
        {"Name": name, "SecretString": value.decode(), "Tags": tags(parity=("even", "odd")[number % 2], team="shop")}
        for number, (name, value) in enumerate(list(ALL.items())[:count])
    )
    aws.put("other/a", "a", Tags=tags(parity="even"))
    aws.put("SHOP/s000", "upper")


@pytest.fixture
def few(aws):
    """The first 25 of them, and the two beside them: two batches."""
    fill(aws, FEW)
    return aws


def tags(**pairs):
    return [{"Key": key, "Value": value} for key, value in pairs.items()]


@pytest.mark.parametrize("criteria", [{"name": "^shop/"}, {"name": ".*", "path": "shop/"}, {"tags": {"team": "shop"}}])
async def test_every_page_is_read(shop, criteria):
    assert await shop.find(**criteria) == ALL


async def test_by_name_the_list_is_read_in_hundreds_and_the_values_in_twenties(shop):
    await shop.find("^shop/")
    assert shop.operations == {"ListSecrets": 2, "BatchGetSecretValue": 7}


async def test_by_path_only_batches_are_read(shop):
    await shop.find("", path="shop/")
    assert shop.operations == {"BatchGetSecretValue": 7}


@pytest.mark.parametrize(
    ("criteria", "names"),
    [
        ({"name": "s00[1-3]$"}, {"shop/s001", "shop/s002", "shop/s003"}),
        ({"name": "S00"}, set()),
        ({"name": "^SHOP"}, {"SHOP/s000"}),
        ({"name": "s00[1-3]$", "path": "shop/s002"}, {"shop/s002"}),
        ({"name": "a$", "path": "other/"}, {"other/a"}),
        ({"name": "a$", "path": ""}, {"other/a"}),
        ({"name": "s01[0-4]$", "tags": {"parity": "odd"}}, {"shop/s011", "shop/s013"}),
        ({"tags": {"parity": "even"}, "path": "other/"}, {"other/a"}),
        ({"tags": {"parity": "even", "team": "none"}}, set()),
        ({"name": "^nothing$"}, set()),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
async def test_all_criteria_hold_together(few, criteria, names):
    assert set(await few.find(**criteria)) == names


@pytest.mark.parametrize("find", [Find(), Find(path="shop/")], ids=str)
async def test_a_path_alone_says_too_little(aws, find):
    async with aws.client() as client:
        with pytest.raises(InvalidSpec, match="unexpected find operator"):
            await client.get_all_secrets(find)
    assert not aws.operations


@pytest.mark.parametrize(
    ("criteria", "scripts", "lists"),
    [
        ({"name": "^shop/"}, (Forward(), Forward(), DENIED), 2),
        ({"name": "^shop/", "path": "shop/"}, (DENIED,), 2),
        ({"tags": {"team": "shop"}}, (DENIED,), 2),
    ],
    ids=["name", "path", "tags"],
)
async def test_where_batches_are_denied_each_secret_is_read_by_itself(shop, criteria, scripts, lists):
    shop.proxy.on("/", *scripts)
    assert await shop.find(**criteria) == ALL
    assert shop.operations == {"BatchGetSecretValue": 1, "ListSecrets": lists, "GetSecretValue": COUNT}


async def test_where_batches_are_denied_the_core_is_told_what_to_read(aws):
    aws.put("a", "1")
    aws.put("b", "2")
    aws.proxy.on("/", DENIED)
    async with aws.client() as client:
        found = await client.get_all_secrets(Find("", ".*", (("k", "v"),)))
        assert found == {}
        aws.proxy.on("/", Forward(), DENIED)
        assert await client.get_all_secrets(Find(name_regexp=".*")) == {"a": RemoteRef("a"), "b": RemoteRef("b")}


async def test_a_single_secret_needs_no_batch(aws):
    aws.put("alone", "1")
    assert await aws.find("^alone$") == {"alone": b"1"}
    assert aws.operations == {"ListSecrets": 1, "GetSecretValue": 1}


@pytest.mark.parametrize("criteria", [{"name": "."}, {"name": ".", "path": "a"}], ids=str)
@pytest.mark.parametrize("denied", [False, True])
async def test_the_prefix_plays_no_part_in_find(aws, criteria, denied):
    for name in ("a/in", "a/out", "ab"):
        aws.put(name, name)
    if denied:
        aws.proxy.on("/", *([] if "path" in criteria else [Forward()]), DENIED)
    assert await aws.find(prefix="a/", **criteria) == {"a/in": b"a/in", "a/out": b"a/out", "ab": b"ab"}


async def test_a_secret_marked_for_deletion_or_without_value_is_left_out(aws):
    for name in ("a", "b", "c"):
        aws.put(name, name)
    aws.put("empty")
    aws.delete("b")
    assert await aws.find(".") == {"a": b"a", "c": b"c"}


async def test_binary_secrets_are_found_too(aws):
    aws.put("text", "t")
    aws.put("binary", SecretBinary=base64.b64encode(b"\x00\xff").decode())
    assert await aws.find(".") == {"text": b"t", "binary": b"\x00\xff"}


def batch(values=(), errors=(), token=None):
    entries = [{"Name": name, "SecretString": value} for name, value in values]
    failed = [{"SecretId": name, "ErrorCode": code, "Message": CANARY} for name, code in errors]
    return Answer(200, json.dumps({"SecretValues": entries, "Errors": failed, "NextToken": token}))


ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/b-x1-AbCdEf"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("AccessDeniedException", AccessDenied),
        ("DecryptionFailure", AccessDenied),
        ("InternalServiceError", StoreUnavailable),
        ("ThrottlingException", Throttled),
        ("SomethingNew", Malformed),
    ],
)
async def test_a_secret_of_a_batch_that_can_not_be_read_fails_the_find(aws, code, kind):
    aws.proxy.on("/", batch([("shop/a", CANARY)], [(ARN, code)]))
    with pytest.raises(kind) as raised:
        await aws.find("", path="shop/")
    assert told(raised.value).startswith('secret "shop/b-x1"')


async def test_a_secret_that_was_not_meant_may_be_unreadable(aws):
    aws.proxy.on("/", batch([("shop/a", "1"), ("shop/b", "2")], [(ARN, "AccessDeniedException")]))
    assert await aws.find("/a$", path="shop/") == {"shop/a": b"1"}


async def test_a_secret_that_vanished_meanwhile_is_left_out(aws):
    aws.proxy.on("/", batch([("shop/a", "1")], [(ARN, "ResourceNotFoundException")]))
    assert await aws.find("", path="shop/") == {"shop/a": b"1"}


async def test_a_secret_that_a_batch_does_not_mention_is_read_by_itself(aws):
    aws.put("a", "1")
    aws.put("b", "2")
    aws.proxy.on("/", Forward(), batch([("a", "1")]))
    assert await aws.find(".") == {"a": b"1", "b": b"2"}
    assert aws.operations == {"ListSecrets": 1, "BatchGetSecretValue": 1, "GetSecretValue": 1}


@pytest.mark.parametrize("broken", [refusal("InternalFailure", http_status=500), Answer(200, "{")], ids=["5xx", "JSON"])
@pytest.mark.parametrize("criteria", [{"name": "^shop/"}, {"name": "", "path": "shop/"}], ids=["list", "batch"])
async def test_a_page_that_fails_is_no_answer_at_all(few, criteria, broken):
    few.proxy.on("/", Forward(), *[broken] * 3)
    with pytest.raises((StoreUnavailable, Malformed)) as raised:
        await few.find(**criteria)
    told(raised.value)


@pytest.mark.parametrize(
    "page",
    [batch([("a", "1")], token="same"), Answer(200, '{"SecretList": [], "NextToken": "same"}')],
    ids=["batch", "list"],
)
async def test_pages_that_never_end_are_an_error(aws, page):
    aws.proxy.always("/", page)
    with pytest.raises(Malformed, match="never ends"):
        await (aws.find("", path="shop/") if "SecretValues" in page.body else aws.find("."))
    assert sum(aws.operations.values()) == 2


@pytest.mark.parametrize("criteria", [{"name": "."}, {"name": ".", "path": "shop/"}], ids=str)
async def test_more_secrets_or_bytes_than_the_limits_allow_are_an_error(few, criteria):
    with pytest.raises(Malformed, match="more than 15 secrets"):
        await few.find(**criteria, limits=Limits(find_keys=15))
    with pytest.raises(Malformed, match="more than 100 bytes"):
        await few.find(**criteria, limits=Limits(step_bytes=100))


@pytest.mark.parametrize(
    "answer",
    ['{"SecretList": [{"Name": 1}]}', '{"SecretList": {}}', "[]", '"x"', '{"SecretList": [{"Name": "a"}]}'],
)
async def test_a_list_of_another_shape_is_an_error(aws, answer):
    aws.proxy.on("/", Answer(200, answer))
    with pytest.raises(Malformed, match="not one of Secrets Manager's"):
        await aws.find(".")
