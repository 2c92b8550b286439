"""Requests to sign, from simple to odd. `python -m tests.backends.sigv4_cases` has botocore sign them and writes
`sigv4_vectors.json`, which `test_sigv4` compares with (`make signature-vectors`). Keys and tokens are made up.
"""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.moto import sign_with_botocore

VECTORS = Path(__file__).with_name("sigv4_vectors.json")

KEYS = {"access_key": "AKIDEXAMPLE", "secret_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}
TOKEN = "IQoJb3JpZ2luX2VjEJr//////////wEaCXVzLWVhc3QtMSJHMEUCIQ+/=="
JSON = "application/x-amz-json-1.1"
FORM = "application/x-www-form-urlencoded; charset=utf-8"
ASSUME = (
    "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fshop%2Freader"
    "&RoleSessionName=external-secrets-injector&DurationSeconds=900&Tags.member.1.Key=team&Tags.member.1.Value=a%20b"
)
IDENTITY = "Action=GetCallerIdentity&Version=2011-06-15"
SECRETS = "https://secretsmanager.eu-central-1.amazonaws.com/"

TIMES = ("20260102T030405Z", "20151230T235959Z", "20240229T000000Z", "20361231T120000Z")
REGIONS = ("us-east-1", "eu-central-1", "cn-north-1", "us-gov-west-1", "ap-southeast-3", "us-iso-east-1")
QUERIES = (
    "", "a=1", "b=2&a=1", "a=2&a=1", "a=&b", "a", "&", "a=1&&b=2", "a==b", "A=1&a=1&B=1", "a=%20", "a=+", "a=%2B",
    "a=b%2Fc", "%E2%82%AC=1", "a=%e2%82%ac", "a=~-_.", "a-b=1&a.b=2&a_b=3&a~b=4", "x=1&X-Amz-Date=2", "a=ü", "a=%",
    "a=b=c&a=b", "foo=Zoo&foo=aha", "list-type=2&prefix=a%2Fb", "p aram=v alue", "a=1;b=2", "10=1&2=1&1=1",
)  # fmt: skip
PATHS = (
    "", "/", "//", "/a", "/a/", "/a//b", "/./a", "/a/./b", "/a/../b", "/../a", "/a/b/..", "/a/b/../", "/%20", "/a b",
    "/ü", "/%C3%BC", "/~user", "/a:b@c", "/a+b", "/a*b", "/a%2Fb", "/%25", "/a=b&c", "/-_.~", "/..", "/a/.",
)  # fmt: skip
HEADERS: tuple[dict[str, str], ...] = (
    {},
    {"X-Custom": "value"},
    {"x-custom": " value "},
    {"X-Custom": "a  b   c"},
    {"X-Custom": "\ta\t b "},
    {"X-Custom": '"a  b"'},
    {"X-Custom": ""},
    {"X-CUSTOM": "Upper"},
    {"X-Custom": "grüße €"},
    {"X-B": "2", "X-A": "1", "x-c": "3"},
    {"Host": "example.com"},
    {"host": "EXAMPLE.com:8443"},
    {"User-Agent": "not signed", "X-Custom": "signed"},
    {"Expect": "100-continue", "X-Amzn-Trace-Id": "Root=1"},
    {"Connection": "keep-alive", "TE": "trailers", "Upgrade": "h2c"},
    {"Authorization": "an earlier one"},
    {"X-Amz-Date": "20000101T000000Z"},
    {"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"},
    {"X-Amz-Meta-A": "1", "X-Amz-Meta": "2"},
    {"Content-Type": "text/plain; charset=utf-8", "Accept": "*/*", "Accept-Encoding": "gzip, br"},
)
BODIES = ("", "{}", '{"SecretId":"db"}', '{"SecretId":"größe €"}', " ", "\n", "x" * 5000, "\x00", IDENTITY)
HOSTS = (
    "http://127.0.0.1:5000/", "http://localhost:80/", "https://example.com:443/", "https://example.com:8443/",
    "http://[::1]:4566/", "https://[::1]/", "https://EXAMPLE.com/", "http://moto/base/path/",
)  # fmt: skip


def request(url: str = SECRETS, **other: Any) -> dict[str, Any]:
    """A request to Secrets Manager but for what is said otherwise."""
    plain = {"method": "POST", "url": url, "headers": {}, "body": "", "service": "secretsmanager",
             "region": "eu-central-1", "time": TIMES[0], **KEYS}  # fmt: skip
    return {**plain, **other}


def cases() -> Iterator[dict[str, Any]]:
    """All of them."""
    for operation in ("GetSecretValue", "BatchGetSecretValue", "ListSecrets", "DescribeSecret"):
        headers = {"Content-Type": JSON, "X-Amz-Target": f"secretsmanager.{operation}"}
        yield request(headers=headers, body='{"SecretId":"db"}')
        yield request(headers=headers, body='{"SecretId":"db"}', session_token=TOKEN)
    for region, token in itertools.product(REGIONS, (None, TOKEN)):
        sts = {"service": "sts", "region": region, "session_token": token}
        url = f"https://sts.{region}.amazonaws.com/"
        yield request(url, headers={"Content-Type": FORM}, body=ASSUME, **sts)
        yield request(f"{url}?{IDENTITY}", method="GET", **sts)
    yield from (request(f"{SECRETS}?{query}", method="GET") for query in QUERIES)
    yield from (request(SECRETS.rstrip("/") + path, method="PUT") for path in PATHS)
    yield from (request(headers=headers, session_token=TOKEN) for headers in HEADERS)
    yield from (request(body=body) for body in BODIES)
    yield from (request(url, headers={"X-Custom": "1"}) for url in HOSTS)
    yield from (request(time=time, service=service) for time in TIMES for service in ("ssm", "ecr", "execute-api"))
    yield from (request(method=method) for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH", "post"))


def signed(requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The requests, each with the headers that botocore puts on it."""
    wanted = ("Authorization", "X-Amz-Date", "X-Amz-Security-Token")
    headers = sign_with_botocore(requests)
    return [
        {**each, "signed": {name: found[name] for name in wanted if name in found}}
        for each, found in zip(requests, headers, strict=True)
    ]


if __name__ == "__main__":
    lines = (json.dumps(vector) for vector in signed(list(cases())))
    VECTORS.write_text("[\n" + ",\n".join(lines) + "\n]\n")
