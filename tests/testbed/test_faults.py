"""The fault-injecting proxy does to a real HTTP client what each fault promises."""

import asyncio
import json
import socket

import httpx
import pytest

from tests.support.fault_kinds import (
    END,
    MARKER,
    Answer,
    Cut,
    Drip,
    Hold,
    Huge,
    Reset,
    Rewrite,
    Stall,
    Stream,
    Truncate,
    html,
    status,
)  # fmt: skip
from tests.support.faults import FaultProxy
from tests.support.tls import Authority

WHOLE = json.dumps({"hello": "world", "list": list(range(50))})


@pytest.fixture
def upstream():
    with FaultProxy() as server:
        server.always("^/whole", Answer(200, WHOLE))
        server.always("^/lines", Stream(("one", "two", "three"), "close"))
        server.always("^/made", Answer(201, "{}"), method="POST")
        server.always("^/empty", Answer(204))
        yield server


@pytest.fixture
def proxy(upstream):
    with FaultProxy(upstream.url) as server:
        yield server


@pytest.fixture
def http(proxy):
    with httpx.Client(base_url=proxy.url, trust_env=False) as client:
        yield client


def test_unscripted_requests_reach_the_upstream_and_its_answers_come_back(http, proxy, upstream):
    assert http.get("/whole").json() == json.loads(WHOLE)
    assert http.post("/made", json={"a": 1}).status_code == 201
    assert http.get("/empty").status_code == 204
    assert http.get("/lines").text == "one\ntwo\nthree\n"
    assert http.head("/whole").headers["content-length"] == str(len(WHOLE))
    assert json.loads(upstream.requests[1].body) == {"a": 1}
    assert proxy.counts == upstream.counts
    assert proxy.counts["GET", "/whole"] == 1


def test_one_connection_carries_many_requests(http, proxy):
    for _ in range(3):
        assert http.get("/whole").is_success
    assert len(proxy._connections) == 1


def test_a_body_sent_in_chunks_is_recorded_without_its_framing(http, upstream):
    http.post("/made", content=iter([b"first,", b"second"]))
    assert upstream.requests[-1].body == b"first,second"


@pytest.mark.parametrize("code", [401, 403, 404, 429, 500, 502, 503])
def test_status_faults_carry_the_marker_and_end_after_their_turn(http, proxy, code):
    proxy.on("^/whole", status(code, retry_after="7"))
    answer = http.get("/whole")
    assert (answer.status_code, answer.headers["retry-after"]) == (code, "7")
    assert MARKER in answer.text
    assert http.get("/whole").is_success


def test_faults_of_one_script_come_in_order_and_other_requests_are_left_alone(http, proxy):
    proxy.on("^/whole", status(500), status(503), method="GET")
    assert [http.get(path).status_code for path in ("/whole", "/empty", "/whole", "/whole")] == [
        500,
        204,
        503,
        200,
    ]


def test_html_has_status_200(http, proxy):
    proxy.on("^/whole", html())
    answer = http.get("/whole")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert MARKER in answer.text


def test_a_stalled_request_is_never_answered(http, proxy):
    proxy.on("^/whole", Stall())
    with pytest.raises(httpx.ReadTimeout):
        http.get("/whole", timeout=0.2)


@pytest.mark.parametrize(("after", "reached"), [("request", 0), ("committed", 1), ("headers", 1)])
def test_a_reset_ends_the_connection_before_or_after_the_upstream_did_the_work(http, proxy, upstream, after, reached):
    proxy.on("^/whole", Reset(after))
    with pytest.raises(httpx.ReadError):
        http.get("/whole")
    assert upstream.counts["GET", "/whole"] == reached


def test_a_reset_after_the_headers_lets_the_status_through(http, proxy):
    proxy.on("^/whole", Reset("headers"))
    with http.stream("GET", "/whole") as answer:
        assert answer.status_code == 200
        with pytest.raises(httpx.ReadError):
            answer.read()


def test_a_truncated_body_is_shorter_than_promised(http, proxy):
    proxy.on("^/whole", Truncate(10))
    with pytest.raises(httpx.RemoteProtocolError, match="received 10 bytes"):
        http.get("/whole")


def test_a_huge_body_is_streamed_whole(http, proxy):
    proxy.on("^/whole", Huge())
    with http.stream("GET", "/whole") as answer:
        assert sum(len(part) for part in answer.iter_raw()) == 70 * 1024 * 1024


def test_a_slow_drip_arrives_piece_by_piece(http, proxy):
    proxy.on("^/whole", Drip(piece=50, pause=0.01))
    with http.stream("GET", "/whole") as answer:
        parts = list(answer.iter_raw())
    assert b"".join(parts).decode() == WHOLE
    assert len(parts) > 1


async def test_a_held_request_waits_for_the_test(proxy):
    hold = Hold()
    proxy.on("^/whole", hold)
    async with httpx.AsyncClient(base_url=proxy.url, trust_env=False) as client:
        request = asyncio.create_task(client.get("/whole"))
        await asyncio.to_thread(hold.arrived.wait)
        assert not request.done()
        hold.release()
        assert (await request).is_success


def test_a_stream_is_cut_after_its_lines(http, proxy):
    proxy.on("^/lines", Cut(2))
    got = []
    with http.stream("GET", "/lines") as answer, pytest.raises(httpx.ReadError):
        got.extend(answer.iter_lines())
    assert got == ["one", "two"]


@pytest.mark.parametrize(
    ("change", "window", "expected"),
    [
        (lambda lines: lines, 0, ["one", "two", "three"]),
        (lambda lines: [line for line in lines for _ in range(2)], 0, ["one", "one", "two", "two", "three", "three"]),
        (lambda lines: [line for line in lines if line != b"two\n"], 0, ["one", "three"]),
        (lambda lines: lines[::-1], 60, ["three", "two", "one"]),
        (lambda lines: [], 0, []),
        (lambda lines: [*lines, END] if lines == [b"two\n"] else lines, 0, ["one", "two"]),
    ],
    ids=["as it is", "twice", "without one", "backwards", "silent", "ended"],
)
def test_a_stream_is_rewritten_line_by_line(http, proxy, change, window, expected):
    proxy.on("^/lines", Rewrite(change, window))
    with http.stream("GET", "/lines") as answer:
        assert list(answer.iter_lines()) == expected


def test_tls_with_a_private_authority_and_client_certificates(tmp_path, upstream):
    authority = Authority(tmp_path)
    pair = authority.issue("someone@test", common_name="someone")
    with FaultProxy(upstream.url, tls=authority.server_context(ask_client=True)) as outer:
        with FaultProxy(outer.url, upstream_tls=authority.client_context(pair)) as inner:
            assert httpx.get(f"{inner.url}/whole", trust_env=False).text == WHOLE
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{outer.url}/whole", verify=authority.client_context(), trust_env=False)
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(f"{outer.url}/whole", trust_env=False)


def test_an_upstream_that_is_gone_looks_like_a_reset():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with FaultProxy(f"http://127.0.0.1:{port}") as proxy, pytest.raises(httpx.RemoteProtocolError):
            httpx.get(f"{proxy.url}/whole", trust_env=False)


def test_open_connections_can_be_reset_at_once(proxy):
    stalled = Stream(("first",), "stall")
    proxy.on("^/watch", stalled)
    with httpx.Client(trust_env=False) as client, client.stream("GET", f"{proxy.url}/watch") as answer:
        lines = answer.iter_lines()
        assert next(lines) == "first"
        proxy.reset_connections()
        with pytest.raises(httpx.ReadError):
            next(lines)
