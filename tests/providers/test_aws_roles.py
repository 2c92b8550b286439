"""As whom the AWS provider asks: keys from Secrets or the environment, and roles, assumed at moto's STS."""

import asyncio
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest

from secretcore.backends.aws.calls import Service
from secretcore.backends.aws.session import Role, Session
from secretcore.backends.http import http_client
from secretcore.backends.sigv4 import Keys, Scope
from secretcore.errors import AccessDenied, CredentialNotFound, Malformed, StoreUnavailable, Throttled
from secretcore.limits import Limits
from secretcore.plan import RemoteRef
from secretcore.providers.aws import AWSAuth, AWSSecretRef, Tag
from secretcore.testing import StaticCredentials
from tests.providers.aws_store import AUTH, CANARY, CREDENTIALS, ONCE, REGION, context, provider, sts_refusal, told
from tests.support.fault_kinds import Answer, Forward, html, status

pytestmark = pytest.mark.server

ROLE = "arn:aws:iam::123456789012:role/reader"
FIRST, SECOND = (f"arn:aws:iam::123456789012:role/step-{number}" for number in (1, 2))


def assumed(aws):
    """The parameters of each AssumeRole, without what all have."""
    forms = [dict(parse_qsl(request.body.decode())) for request in aws.proxy.requests if b"Action=" in request.body]
    for form in forms:
        assert (form.pop("Action"), form.pop("Version")) == ("AssumeRole", "2011-06-15")
        assert (form.pop("RoleSessionName"), form.pop("DurationSeconds")) == ("external-secrets-injector", "900")
    return forms


def askers(aws):
    """The access key that each request was signed with."""
    credentials = (request.headers.get("authorization").partition("Credential=")[2] for request in aws.proxy.requests)
    return [credential.partition("/")[0] for credential in credentials]


async def test_without_a_role_nobody_asks_sts(aws):
    aws.put("a", "1")
    assert await aws.get("a") == b"1"
    assert aws.operations == {"GetSecretValue": 1}
    assert askers(aws) == ["AKIDCANARY1"]


async def test_a_session_token_goes_with_the_keys(aws):
    aws.put("a", "1")
    token = AUTH.secret_ref.access_key_id.__class__(name="aws", key="token")
    refs = AWSSecretRef(
        access_key_id=AUTH.secret_ref.access_key_id,
        secret_access_key=AUTH.secret_ref.secret_access_key,
        session_token=token,
    )
    values = {**CREDENTIALS.values, ("Secret", "aws", "token"): b"t0ken+/==\n"}
    assert await aws.get("a", credentials=StaticCredentials(values), auth=AWSAuth(secret_ref=refs)) == b"1"
    assert aws.proxy.requests[0].headers.get("x-amz-security-token") == "t0ken+/=="


async def test_a_role_is_assumed_once_and_asks_from_then_on(aws):
    aws.put("a", "1")
    async with aws.client(role=ROLE) as client:
        for _ in range(3):
            await client.get_secret(RemoteRef("a"))
    assert aws.operations == {"AssumeRole": 1, "GetSecretValue": 3}
    assert assumed(aws) == [{"RoleArn": ROLE}]
    first, *others = askers(aws)
    assert first == "AKIDCANARY1"
    assert len(set(others)) == 1
    assert others[0].startswith("ASIA")
    assert aws.proxy.requests[1].headers.get("x-amz-security-token")


async def test_roles_are_assumed_one_through_the_other(aws):
    aws.put("a", "1")
    assert await aws.get("a", additional_roles=(FIRST, SECOND), role=ROLE, external_id="shop-7") == b"1"
    assert assumed(aws) == [{"RoleArn": FIRST}, {"RoleArn": SECOND}, {"RoleArn": ROLE, "ExternalId": "shop-7"}]
    assert len(set(askers(aws))) == 4


async def test_the_roles_alone_may_be_enough(aws):
    aws.put("a", "1")
    assert await aws.get("a", additional_roles=(FIRST,), external_id="unused") == b"1"
    assert assumed(aws) == [{"RoleArn": FIRST}]


async def test_the_keys_of_the_last_role_are_those_that_ask(aws):
    async with http_client(limits=Limits(), retry=None) as http:
        sts = Service(http, Scope("sts", REGION), aws.proxy.url + "/", lambda: datetime.now(UTC))
        keys = await Session(Keys("AKID", "s"), [Role(FIRST), Role(ROLE)], sts).keys()
        parameters = (("Action", "GetCallerIdentity"), ("Version", "2011-06-15"))
        answer = await sts.form_call(parameters, keys, "the caller", "")
    arn = next(element.text for element in ET.fromstring(answer.body).iter() if element.tag.endswith("Arn"))
    assert arn == "arn:aws:sts::123456789012:assumed-role/reader/external-secrets-injector"


SIMPLE = {"esoNamespace": "shop", "esoStoreKind": "SecretStore", "esoStoreName": "aws"}


@pytest.mark.parametrize(
    ("fields", "tags", "transitive"),
    [
        ({}, {}, []),
        ({"session_tags": (Tag(key="team", value="a b"),)}, {"team": "a b"}, []),
        (
            {"session_tags": (Tag(key="b", value="1"), Tag(key="a", value="2")), "transitive_tag_keys": ("b", "a")},
            {"b": "1", "a": "2"},
            ["b", "a"],
        ),
        ({"session_tags_policy": "Simple", "session_tags": (Tag(key="team", value="x"),)}, SIMPLE, []),
        ({"session_tags_policy": "Simple", "custom_session_tags": {"team": "x"}}, SIMPLE, []),
        (
            {"session_tags_policy": "Custom", "custom_session_tags": {"team": "x", "empty": ""}},
            {**SIMPLE, "team": "x"},
            [],
        ),
    ],
    ids=str,
)
async def test_the_session_carries_the_tags_of_the_policy(aws, fields, tags, transitive):
    aws.put("a", "1")
    await aws.get("a", role=ROLE, additional_roles=(FIRST,), **fields)
    first, last = assumed(aws)
    assert first == {"RoleArn": FIRST}
    numbers = range(1, len(tags) + 1)
    assert {last[f"Tags.member.{number}.Key"]: last[f"Tags.member.{number}.Value"] for number in numbers} == tags
    assert [last[f"TransitiveTagKeys.member.{number}"] for number in range(1, len(transitive) + 1)] == transitive
    assert len(last) == 1 + 2 * len(tags) + len(transitive)


class Clock:
    """The time, set by the test."""

    def __init__(self):
        self.ahead = timedelta()

    def __call__(self):
        return datetime.now(UTC) + self.ahead


@pytest.fixture
async def chain(aws):
    """A session through two roles, its clock, and moto."""
    clock = Clock()
    async with http_client(limits=Limits(), retry=ONCE) as http:
        sts = Service(http, Scope("sts", REGION), aws.proxy.url + "/", clock)
        yield Session(Keys("AKID", "s"), [Role(FIRST), Role(ROLE)], sts), clock, aws


async def test_keys_are_kept_until_shortly_before_they_end(chain):
    session, clock, aws = chain
    keys = await session.keys()
    clock.ahead = timedelta(minutes=12, seconds=30)
    assert await session.keys() == keys
    assert aws.operations == {"AssumeRole": 2}
    clock.ahead = timedelta(minutes=13, seconds=30)
    assert await session.keys() != keys
    assert aws.operations == {"AssumeRole": 4}


async def test_many_who_ask_at_once_assume_once(chain):
    session, _, aws = chain
    keys = await asyncio.gather(*(session.keys() for _ in range(20)))
    assert len(set(keys)) == 1
    assert aws.operations == {"AssumeRole": 2}


async def test_keys_that_are_still_good_outlive_an_outage_of_sts(chain):
    session, clock, aws = chain
    keys = await session.keys()
    aws.proxy.always("/", status(503))
    clock.ahead = timedelta(minutes=14)
    assert await session.keys() == keys
    clock.ahead = timedelta(minutes=16)
    with pytest.raises(StoreUnavailable):
        await session.keys()
    aws.proxy.clear()
    assert await session.keys() != keys


async def test_keys_that_are_refused_anew_are_not_used_to_their_end(chain):
    session, clock, aws = chain
    await session.keys()
    aws.proxy.always("/", sts_refusal("AccessDenied"))
    clock.ahead = timedelta(minutes=14)
    with pytest.raises(AccessDenied):
        await session.keys()


@pytest.mark.parametrize(
    ("answer", "kind", "sentence"),
    [
        (sts_refusal("AccessDenied"), AccessDenied, "AWS denies access (AccessDenied)"),
        (sts_refusal("InvalidClientTokenId"), AccessDenied, "AWS does not know the access key (InvalidClientTokenId)"),
        (
            sts_refusal("SignatureDoesNotMatch"),
            AccessDenied,
            "AWS does not accept the signature (SignatureDoesNotMatch)",
        ),
        (sts_refusal("ExpiredToken"), AccessDenied, "the session token has expired (ExpiredToken)"),
        (sts_refusal("Throttling", 400), Throttled, "AWS asks to slow down (Throttling)"),
        (sts_refusal("RegionDisabledException"), AccessDenied, "use STS there (RegionDisabledException)"),
        (sts_refusal("NeverHeardOf", 400), Malformed, "unexpected answer (400)"),
        (status(403), AccessDenied, "access denied (403)"),
        (status(404), Malformed, "unexpected answer (404)"),
        (status(503), StoreUnavailable, "the backend failed (503)"),
        (html(), Malformed, "is not one of STS's"),
        (Answer(200, "{}"), Malformed, "is not one of STS's"),
        (Answer(200, "<a><AccessKeyId>A</AccessKeyId></a>"), Malformed, "is not one of STS's"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_role_that_can_not_be_assumed_is_said_by_name(aws, answer, kind, sentence):
    aws.proxy.always("/", answer)
    with pytest.raises(kind) as raised:
        await aws.get("a", role=ROLE, retry=ONCE)
    assert sentence in told(raised.value)
    assert f'role "{ROLE}"' in str(raised.value)
    assert aws.operations == {"AssumeRole": 1}


async def test_a_denied_role_says_what_to_allow(aws):
    aws.proxy.on("/", sts_refusal("AccessDenied"))
    with pytest.raises(AccessDenied) as raised:
        await aws.get("a", role=ROLE)
    assert raised.value.remedy == "let a policy of the store's identity allow sts:AssumeRole"


async def test_throttled_sts_is_asked_again(aws):
    aws.put("a", "1")
    aws.proxy.on("/", sts_refusal("Throttling", 400), Forward())
    assert await aws.get("a", role=ROLE) == b"1"
    assert aws.operations == {"AssumeRole": 2, "GetSecretValue": 1}


LENT = {"AWS_ACCESS_KEY_ID": "AKIDLENT", "AWS_SECRET_ACCESS_KEY": "s"}


@pytest.mark.parametrize("auth", [None, AWSAuth()])
@pytest.mark.parametrize("token", [{}, {"AWS_SESSION_TOKEN": "t"}])
async def test_without_auth_the_keys_are_those_that_the_environment_lends(aws, auth, token):
    aws.put("a", "1")
    credentials = StaticCredentials(variables={**LENT, **token})
    assert await aws.get("a", credentials=credentials, auth=auth) == b"1"
    assert askers(aws) == ["AKIDLENT"]
    assert aws.proxy.requests[0].headers.get("x-amz-security-token") == token.get("AWS_SESSION_TOKEN", "")


@pytest.mark.parametrize("lent", [{}, {"AWS_ACCESS_KEY_ID": "A"}, {"AWS_SECRET_ACCESS_KEY": "S"}], ids=str)
async def test_what_is_not_lent_is_not_taken_from_the_process(aws, monkeypatch, lent):
    for name, value in LENT.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(CredentialNotFound) as raised:
        await aws.get("a", credentials=StaticCredentials(variables=lent), auth=None)
    assert "the environment lends it no AWS_ACCESS_KEY_ID" in str(raised.value)
    assert "set auth.secretRef" in raised.value.remedy
    assert not aws.operations


@pytest.mark.parametrize(
    "value", [b"", b" ", b"two words", b"a\nb", b"canary-value-5d\x00", "schlüssel".encode(), b"\xff"]
)
async def test_what_can_not_be_a_key_is_refused_before_it_is_sent(aws, value):
    credentials = StaticCredentials({**CREDENTIALS.values, ("Secret", "aws", "secret"): value})
    with pytest.raises(AccessDenied) as raised:
        await aws.get("a", credentials=credentials)
    assert 'key "secret" of Secret "aws"' in told(raised.value)
    assert not aws.operations


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"])
async def test_what_is_lent_and_can_not_be_a_key_is_refused_before_it_is_sent(aws, name):
    with pytest.raises(AccessDenied) as raised:
        await aws.get("a", credentials=StaticCredentials(variables={**LENT, name: f"{CANARY} ü"}), auth=None)
    assert name in told(raised.value)
    assert not aws.operations


async def test_a_missing_secret_of_the_store_is_said_as_it_is(aws):
    with pytest.raises(CredentialNotFound, match='Secret "aws" has no key "id"'):
        await aws.get("a", credentials=StaticCredentials())


async def test_validation_assumes_the_role_and_asks_nothing_else(aws):
    async with provider(role=ROLE).connect(CREDENTIALS, context()) as client:
        assert (await client.validate()).known
    assert aws.operations == {"AssumeRole": 1}
