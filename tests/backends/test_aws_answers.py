"""Where AWS is asked, and how what it answers is read; pure but for the comparison with botocore's own table."""

import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretcore.backends.aws.endpoints import endpoint, is_region
from secretcore.backends.aws.refusals import Refusal, error_for, refusal
from secretcore.backends.aws.xml import elements
from secretcore.backends.http import Answer
from secretcore.errors import Malformed, SecretNotFound
from tests.support.moto import run_with_botocore


@pytest.mark.parametrize(
    ("service", "region", "url"),
    [
        ("secretsmanager", "eu-central-1", "https://secretsmanager.eu-central-1.amazonaws.com/"),
        ("sts", "us-east-1", "https://sts.us-east-1.amazonaws.com/"),
        ("secretsmanager", "cn-north-1", "https://secretsmanager.cn-north-1.amazonaws.com.cn/"),
        ("sts", "us-gov-west-1", "https://sts.us-gov-west-1.amazonaws.com/"),
        ("sts", "eusc-de-east-1", "https://sts.eusc-de-east-1.amazonaws.eu/"),
        ("sts", "us-isob-east-1", "https://sts.us-isob-east-1.sc2s.sgov.gov/"),
    ],
)
def test_an_endpoint_follows_from_region_and_partition(service, region, url):
    assert endpoint(service, region, {}) == url


@pytest.mark.server
def test_every_region_that_botocore_knows_is_where_botocore_says():
    known = json.loads(
        run_with_botocore(
            "import json, botocore.session\n"
            "session = botocore.session.get_session()\n"
            "clients = ((service, region) for partition in session.get_available_partitions()\n"
            "           for service in ('secretsmanager', 'sts')\n"
            "           for region in session.get_available_regions(service, partition) if 'aws-' not in region)\n"
            "print(json.dumps([(service, region, session.create_client(service, region_name=region,\n"
            "      aws_access_key_id='a', aws_secret_access_key='b').meta.endpoint_url) for service, region in clients]))"
        )
    )
    assert len(known) > 60
    for service, region, url in known:
        assert endpoint(service, region, {}) == f"{url}/"
        assert is_region(region)


@pytest.mark.parametrize(
    "name", ["", "-", "a.b", "a/b", "eu-central-1\n", "é", "a" * 64, "EU", "a@b", "a:1", "-a", "a-"]
)
def test_what_is_more_than_a_label_is_no_region(name):
    assert not is_region(name)


@pytest.mark.parametrize(
    ("override", "url"),
    [
        ("http://localhost:5000", "http://localhost:5000/"),
        ("https://example.com/base/", "https://example.com/base/"),
        ("", "https://sts.eu-west-1.amazonaws.com/"),
    ],
)
def test_the_environment_may_send_a_service_elsewhere(override, url):
    environment = {"AWS_STS_ENDPOINT": override, "AWS_SECRETSMANAGER_ENDPOINT": "http://other"}
    assert endpoint("sts", "eu-west-1", environment) == url


@pytest.mark.parametrize(
    "override",
    ["localhost", "ftp://a", "http://", "http://u:p@a", "http://a?b=c", "http://a#b", "http://a:x", "http://[::1"],
)
def test_an_override_that_is_no_plain_url_is_refused(override):
    with pytest.raises(Malformed, match="AWS_STS_ENDPOINT is not a URL"):
        endpoint("sts", "eu-west-1", {"AWS_STS_ENDPOINT": override})


@pytest.mark.parametrize(
    ("body", "headers", "code"),
    [
        ('{"__type": "A", "Message": "m"}', {}, "A"),
        ('{"__type": "com.amazonaws#A", "message": "m"}', {}, "A"),
        ('{"code": "A"}', {}, "A"),
        ("", {"x-amzn-errortype": "A:http://x/"}, "A"),
        ("<R><Error><Code>A</Code><Message>m</Message></Error></R>", {}, "A"),
        (' \n<?xml version="1.0"?><n:R xmlns:n="u"><n:Code>A</n:Code></n:R>', {}, ""),
        ('<?xml version="1.0"?><n:R xmlns:n="u"><n:Code>A</n:Code></n:R>', {}, "A"),
        ("<html><body>no", {}, ""),
        ("[]", {}, ""),
        ('{"__type": null}', {}, ""),
        ("\xff", {}, ""),
        ("[" * 100_000, {}, ""),
    ],
    ids=lambda value: str(value)[:40],
)
def test_the_code_of_an_error_is_found_in_any_protocol(body, headers, code):
    assert refusal(Answer(400, httpx.Headers(headers), body.encode("latin-1"))).code == code


def test_an_error_repeats_neither_message_nor_unknown_code():
    shown = str(error_for(Refusal("Canary", "canary message"), "secret", "a:b", 400)) + repr(Refusal("x", "canary"))
    assert "anary" not in shown


def test_not_found_is_told_by_code_and_never_by_status():
    assert isinstance(error_for(Refusal("ResourceNotFoundException"), "s", "", 400), SecretNotFound)
    assert isinstance(error_for(Refusal(""), "s", "", 404), Malformed)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"<a><b> x </b><c>1&amp;2</c></a>", {"b": "x", "c": "1&2"}),
        (b"<a><b/><c></c></a>", {}),
        ("<a>ü</a>".encode(), {"a": "ü"}),
        (b"", None),
        (b"<a>", None),
        (b"text", None),
        (b"<!DOCTYPE a><a>1</a>", None),
        (b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>', None),
        (b"<a>" * 40 + b"</a>" * 40, None),
        (b"<a>\xff</a>", None),
    ],
)
def test_the_leaves_of_xml_are_read_and_nothing_that_it_declares(body, found):
    assert elements(body) == found


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body):
    elements(body)
    refusal(Answer(400, httpx.Headers(), body))
