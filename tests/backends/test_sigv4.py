"""Requests are signed byte for byte as AWS's own SDK signs them. The vectors are botocore's (`sigv4_cases`)."""

import json
import random
import string
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretcore.backends.sigv4 import Keys, Scope, canonical_query, encoded_query, signed_headers
from tests.backends.sigv4_cases import (
    BODIES,
    HEADERS,
    HOSTS,
    PATHS,
    REGIONS,
    TOKEN,
    VECTORS,
    cases,
    request,
    signed,
)

RECORDED = json.loads(VECTORS.read_text())
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def ours(case):
    return signed_headers(
        case["method"],
        case["url"],
        case["headers"],
        case["body"].encode(),
        Keys(case["access_key"], case["secret_key"], case.get("session_token") or ""),
        Scope(case["service"], case["region"]),
        datetime.strptime(case["time"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC),
    )


@pytest.mark.parametrize("vector", RECORDED, ids=lambda vector: f"{vector['method']} {vector['url']}"[:60])
def test_a_request_is_signed_as_botocore_signs_it(vector):
    assert ours(vector) == vector["signed"]


def test_the_vectors_are_those_of_the_cases_and_more_than_a_hundred():
    assert len(RECORDED) >= 100
    assert [{name: vector[name] for name in vector if name != "signed"} for vector in RECORDED] == list(cases())


@pytest.mark.server
def test_botocore_still_signs_the_cases_as_recorded():
    assert signed(list(cases())) == RECORDED


@pytest.mark.server
def test_requests_put_together_at_random_are_signed_as_botocore_signs_them():
    chance = random.Random(20260102)

    def text(most):
        return "".join(
            chance.choices(string.ascii_letters + string.digits + " /+=&?%~-_.:;,üß€😀", k=chance.randrange(most))
        )

    requests = [
        request(
            chance.choice(HOSTS).rstrip("/")
            + chance.choice(PATHS)
            + "?"
            + encoded_query([(text(8), text(12)) for _ in range(chance.randrange(6))]),
            method=chance.choice(("GET", "POST")),
            headers={**chance.choice(HEADERS), "X-Random": text(20)},
            body=chance.choice(BODIES) + text(40),
            region=chance.choice(REGIONS),
            service=chance.choice(("sts", "secretsmanager", "ssm")),
            access_key=f"AKIA{chance.randrange(10**12)}",
            secret_key=text(40) or "x",
            session_token=chance.choice((None, TOKEN)),
        )
        for _ in range(400)
    ]
    for case in signed(requests):
        assert ours(case) == case["signed"], case


def test_the_time_is_the_same_moment_in_any_zone():
    arguments = ("GET", "https://example.com/", {}, b"", Keys("A", "B"), Scope("sts", "us-east-1"))
    elsewhere = NOON.astimezone(timezone(timedelta(hours=14)))
    assert signed_headers(*arguments, NOON) == signed_headers(*arguments, elsewhere)


def test_headers_of_one_name_are_signed_as_one_with_several_values():
    arguments = (b"", Keys("A", "B"), Scope("sts", "us-east-1"), NOON)
    several = signed_headers("GET", "https://example.com/", [("X-A", "1"), ("x-a", " 2 ")], *arguments)
    assert several == signed_headers("GET", "https://example.com/", {"x-a": "1,2"}, *arguments)


def test_a_changed_body_key_or_region_changes_the_signature():
    def signature(body=b"", secret="B", region="us-east-1"):
        keys = Keys("A", secret)
        return signed_headers("GET", "https://example.com/", {}, body, keys, Scope("sts", region), NOON)[
            "Authorization"
        ]

    variants = {signature(), signature(body=b"x"), signature(secret="C"), signature(region="us-east-2")}
    assert len(variants) == 4


def test_keys_do_not_show_their_secrets():
    shown = repr(Keys("AKID", "s3cr3t", "t0k3n"))
    assert "AKID" in shown
    assert "s3cr3t" not in shown
    assert "t0k3n" not in shown


@given(st.lists(st.tuples(st.text(), st.text(min_size=1)), max_size=6))
def test_an_encoded_query_reads_back_as_it_was_put_in(parameters):
    encodable = [(name, value) for name, value in parameters if _is_text(name) and _is_text(value)]
    assert parse_qsl(encoded_query(encodable), keep_blank_values=True) == encodable


@given(st.lists(st.tuples(st.text("ab", min_size=1), st.text("cd")), max_size=6).flatmap(
    lambda pairs: st.tuples(st.just(pairs), st.permutations(pairs))
))  # fmt: skip
def test_the_order_of_parameters_does_not_matter_to_the_signature(orders):
    given_order, another = orders
    assert canonical_query(encoded_query(given_order)) == canonical_query(encoded_query(another))


def _is_text(text):
    return not any("\ud800" <= character <= "\udfff" for character in text)
