"""Answers of the API server become errors whose class, message and hints callers rely on."""

import pytest

from kubecore.errors import (
    AlreadyExists,
    ApiError,
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    KindNotServed,
    NamespaceTerminating,
    NotFound,
    ServerUnavailable,
    TooManyRequests,
    Unauthorized,
    error_from,
)


def status(reason="", message="the server's words", **details):
    return {"kind": "Status", "status": "Failure", "message": message, "reason": reason, "details": details}


@pytest.mark.parametrize(
    ("code", "answer", "kind", "transient"),
    [
        (400, status("BadRequest"), Invalid, False),
        (401, status("Unauthorized"), Unauthorized, True),
        (403, status("Forbidden"), Forbidden, False),
        (403, status("Forbidden", causes=[{"reason": "NamespaceTerminating"}]), NamespaceTerminating, False),
        (404, status("NotFound", name="db"), NotFound, False),
        (404, status("NotFound"), KindNotServed, False),
        (404, None, KindNotServed, False),
        (405, status("MethodNotAllowed"), ApiError, False),
        (409, status("Conflict"), Conflict, True),
        (409, status("AlreadyExists"), AlreadyExists, False),
        (422, status("Invalid", causes=[{"field": "metadata.uid"}]), Conflict, True),
        (410, status("Expired"), Gone, True),
        (413, status("RequestEntityTooLarge"), Invalid, False),
        (422, status("Invalid"), Invalid, False),
        (429, status("TooManyRequests"), TooManyRequests, True),
        (500, status("InternalError"), ServerUnavailable, True),
        (503, None, ServerUnavailable, True),
        (504, status("Timeout"), ServerUnavailable, True),
        (302, None, ApiError, False),
    ],
)
def test_the_class_follows_from_status_and_reason(code, answer, kind, transient):
    error = error_from("get secrets team/db", code, answer)
    assert type(error) is kind
    assert error.transient is transient
    assert (error.status, error.reason) == (code, (answer or {}).get("reason", ""))


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (status(message='secrets "db" not found'), 'get secrets team/db: secrets "db" not found'),
        (
            status(
                message='Secret "db" is invalid: [metadata.labels: Invalid value: "c4n\\"ary !": a valid label, '
                'type: Unsupported value: "c4nary": supported values: "a"]'
            ),
            (
                'get secrets team/db: Secret "db" is invalid: [metadata.labels: Invalid value: a valid label, '
                'type: Unsupported value: supported values: "a"]'
            ),
        ),
        (
            {"kind": "Secret", "data": {"a": "c2VjcmV0"}},
            "get secrets team/db: answered 500 Internal Server Error",
        ),
        (["c2VjcmV0"], "get secrets team/db: answered 500 Internal Server Error"),
        (None, "get secrets team/db: answered 500 Internal Server Error"),
    ],
)
def test_only_a_status_gets_into_the_message(answer, message):
    told = str(error_from("get secrets team/db", 500, answer))
    assert told.startswith(message)
    assert "c2VjcmV0" not in told


def test_a_very_long_message_is_cut():
    assert len(str(error_from("list pods", 500, status(message="x" * 100_000)))) < 2_000


@pytest.mark.parametrize(
    ("header", "details", "seconds"),
    [
        ("7", {}, 7.0),
        ("7", {"retryAfterSeconds": 3}, 7.0),
        (None, {"retryAfterSeconds": 3}, 3.0),
        (None, {}, None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", {}, None),
        ("-1", {}, None),
        ("86400", {}, 3600.0),
        ("9" * 400, {}, 3600.0),
        ("nan", {}, None),
    ],
)
def test_the_servers_wish_when_to_come_back_is_kept(header, details, seconds):
    assert error_from("list pods", 429, status("TooManyRequests", **details), header).retry_after == seconds
