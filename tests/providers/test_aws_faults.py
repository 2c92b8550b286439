"""What the AWS provider makes of refusals and of a broken backend: the right class, and nothing given away."""

import pytest

from secretcore.errors import AccessDenied, Malformed, SecretNotFound, StoreUnavailable, Throttled
from secretcore.limits import Limits
from secretcore.model.store import RetrySettings
from tests.providers.aws_store import CANARY, ONCE, refusal, told
from tests.providers.faults import FAULTS, TRIES
from tests.support.fault_kinds import Answer, Forward, status
from tests.support.processes import free_port

pytestmark = pytest.mark.server

SHORT = Limits(timeout=0.5)
CASES = {**FAULTS, "404": (status(404), Malformed, 1), "418": (status(418), Malformed, 1)}


@pytest.mark.parametrize(("fault", "kind", "requests"), CASES.values(), ids=CASES)
async def test_a_broken_backend_is_the_right_error(aws, fault, kind, requests):
    aws.put("database", CANARY)
    aws.proxy.always("/", fault)
    with pytest.raises(kind) as raised:
        await aws.get("database", limits=SHORT if "Stall" in repr(fault) else None)
    assert "database" in told(raised.value)
    assert len(aws.proxy.requests) == requests


@pytest.mark.parametrize("operation", ["list", "batch"])
@pytest.mark.parametrize(("fault", "kind", "requests"), CASES.values(), ids=CASES)
async def test_a_broken_backend_fails_a_find(aws, operation, fault, kind, requests):
    aws.proxy.always("/", fault)
    with pytest.raises(kind) as raised:
        await aws.find(
            ".", path="shop/" if operation == "batch" else None, limits=SHORT if "Stall" in repr(fault) else None
        )
    told(raised.value)
    falls_back = operation == "batch" and kind is AccessDenied
    assert len(aws.proxy.requests) == requests * (2 if falls_back else 1)


@pytest.mark.parametrize(
    ("code", "kind", "sentence"),
    [
        ("ResourceNotFoundException", SecretNotFound, "does not exist"),
        ("com.amazonaws.secretsmanager#ResourceNotFoundException", SecretNotFound, "does not exist"),
        ("AccessDeniedException", AccessDenied, "AWS denies access (AccessDeniedException)"),
        ("UnrecognizedClientException", AccessDenied, "AWS does not know the access key"),
        ("ExpiredTokenException", AccessDenied, "the session token has expired"),
        ("InvalidSignatureException", AccessDenied, "AWS does not accept the signature"),
        ("DecryptionFailure", AccessDenied, "AWS can't decrypt it with its KMS key (DecryptionFailure)"),
        ("InvalidRequestException", Malformed, "the secret can't be read in its present state"),
        ("InvalidParameterException", Malformed, "AWS refuses the request as invalid"),
        ("ValidationException", Malformed, "AWS refuses the request as invalid"),
        ("NeverHeardOf", Malformed, "unexpected answer (400)"),
    ],
)
async def test_a_refusal_means_what_its_code_says(aws, code, kind, sentence):
    aws.proxy.on("/", refusal(code))
    with pytest.raises(kind) as raised:
        await aws.get("database")
    assert sentence in told(raised.value)
    assert not raised.value.transient
    assert len(aws.proxy.requests) == 1


@pytest.mark.parametrize(
    "code", ["ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"]
)
async def test_throttling_is_waited_out_though_its_status_is_400(aws, code):
    aws.put("database", "value")
    aws.proxy.on("/", refusal(code), refusal(code), Forward())
    assert await aws.get("database") == b"value"
    aws.proxy.clear()
    aws.proxy.always("/", refusal(code))
    with pytest.raises(Throttled) as raised:
        await aws.get("database")
    assert raised.value.transient
    assert "AWS asks to slow down" in told(raised.value)
    assert len(aws.proxy.requests) == TRIES


@pytest.mark.parametrize("code", ["InternalServiceError", "ServiceUnavailableException"])
async def test_a_failure_of_aws_is_tried_again_whatever_its_status(aws, code):
    aws.put("database", "value")
    aws.proxy.on("/", refusal(code), refusal(code, http_status=500), Forward())
    assert await aws.get("database") == b"value"


@pytest.mark.parametrize(
    "message", ["because it was marked for deletion.", "a secret that's currently marked deleted."]
)
@pytest.mark.parametrize("code", ["InvalidRequestException", "InvalidParameterException"])
async def test_marked_for_deletion_is_not_found_in_either_code(aws, code, message):
    aws.proxy.on("/", refusal(code, message))
    with pytest.raises(SecretNotFound, match="marked for deletion"):
        await aws.get("database")


async def test_a_kms_key_that_is_denied_is_said(aws):
    aws.proxy.on("/", refusal("AccessDeniedException", "Access to KMS is not allowed"))
    with pytest.raises(AccessDenied, match="KMS key") as raised:
        await aws.get("database")
    assert "kms:Decrypt" in raised.value.remedy


async def test_denied_access_says_which_action_to_allow(aws):
    aws.proxy.on("/", refusal("AccessDeniedException"))
    with pytest.raises(AccessDenied) as raised:
        await aws.get("database")
    assert raised.value.remedy == "let a policy of the store's identity allow secretsmanager:GetSecretValue"


async def test_an_error_code_in_a_header_counts_too(aws):
    headers = {"x-amzn-errortype": "ResourceNotFoundException:http://internal.amazon.com/coral/"}
    aws.proxy.on("/", Answer(400, "{}", headers))
    with pytest.raises(SecretNotFound):
        await aws.get("database")


async def test_a_long_retry_after_reaches_the_caller(aws):
    aws.proxy.always("/", status(429, retry_after="30"))
    with pytest.raises(Throttled) as raised:
        await aws.get("database")
    assert raised.value.retry_after == 30


@pytest.mark.parametrize(("retry", "requests"), [(ONCE, 1), (RetrySettings(max_retries=4, retry_interval="1ms"), 5)])
async def test_the_store_says_how_often_to_try(aws, retry, requests):
    aws.proxy.always("/", refusal("ThrottlingException"))
    with pytest.raises(Throttled):
        await aws.get("database", retry=retry)
    assert len(aws.proxy.requests) == requests


@pytest.mark.parametrize(
    "body",
    [
        f'{{"SecretBinary": "{CANARY}!"}}',
        f'{{"SecretString": ["{CANARY}"]}}',
        f'{{"SecretString": {{"a": "{CANARY}"}}}}',
        f'["{CANARY}"]',
        f'"{CANARY}"',
        f'{{"Name": "database", "Other": "{CANARY}"}}',
        f'{{"SecretString": "{CANARY}"',
        f'{{"SecretString": "\\x{CANARY}"}}',
        "[" * 5000,
    ],
)
async def test_an_answer_of_another_shape_is_malformed_and_not_shown(aws, body):
    aws.proxy.on("/", Answer(200, body))
    with pytest.raises(Malformed) as raised:
        await aws.get("database")
    assert "database" in told(raised.value)
    assert len(str(raised.value)) < 200


async def test_half_a_surrogate_pair_becomes_a_replacement_character(aws):
    aws.proxy.on("/", Answer(200, r'{"Name": "a", "SecretString": "x\ud800y"}'))
    assert await aws.get("a") == "x\ufffdy".encode()


async def test_where_nobody_listens_is_unavailable(aws, monkeypatch):
    monkeypatch.setenv("AWS_SECRETSMANAGER_ENDPOINT", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(StoreUnavailable, match="can't connect"):
        await aws.get("database", retry=ONCE)


async def test_a_useless_endpoint_in_the_environment_is_said(aws, monkeypatch):
    monkeypatch.setenv("AWS_SECRETSMANAGER_ENDPOINT", "ftp://user:canary-value-5d@example.com")
    with pytest.raises(Malformed, match="AWS_SECRETSMANAGER_ENDPOINT is not a URL") as raised:
        await aws.get("database")
    told(raised.value)
