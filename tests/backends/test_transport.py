"""Our transport under httpx: what it makes of answers, of connections and of peers that keep to no protocol."""

import asyncio
import contextlib
import gc
import ssl
import weakref

import h11
import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from secretcore.backends.stream import MOST_READ, MOST_UNREAD, open_stream
from secretcore.backends.transport import Transport, _origin
from tests.backends.servers import peer
from tests.support.tls import Authority

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
TIMEOUT = 30


@contextlib.asynccontextmanager
async def client(context=None, connections=4, times=TIMEOUT, **options):
    carried = Transport(context, connections, **options)
    async with httpx.AsyncClient(transport=carried, timeout=times, trust_env=False) as opened:
        yield opened


async def no_longer_quiet(connection):
    while connection.stream.is_quiet:  # noqa: ASYNC110  # there is nothing that tells
        await asyncio.sleep(0.001)


def always(*pieces):
    return lambda _number: pieces


@pytest.mark.parametrize(
    ("pieces", "status", "body"),
    [
        ([OK], 200, b"ok"),
        ([OK[i : i + 1] for i in range(len(OK))], 200, b"ok"),
        ([CHUNKED, b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: v\r\n\r\n"], 200, b"abcde"),
        ([b"HTTP/1.1 200 OK\r\n\r\nuntil the end", None], 200, b"until the end"),
        ([b"HTTP/1.0 200 OK\r\n\r\nold", None], 200, b"old"),
        ([b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", OK], 200, b"ok"),
        ([b"HTTP/1.1 204 No Content\r\n\r\n"], 204, b""),
        ([b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"], 404, b""),
    ],
    ids=["length", "byte by byte", "chunked", "until the end", "HTTP/1.0", "early hints", "no content", "empty"],
)
async def test_an_answer_is_read_whatever_its_framing(pieces, status, body):
    async with peer(always(*pieces)) as server, client() as http:
        answer = await http.get(server.url)
    assert (answer.status_code, answer.content) == (status, body)


async def test_a_request_arrives_as_it_was_made():
    async with peer(always(OK)) as server, client() as http:
        await http.post(f"{server.url}v1/a%20b?c=d", content=b"body", headers={"X-Token": "t"})
    (request,) = server.requests
    assert request.startswith(b"POST /v1/a%20b?c=d HTTP/1.1\r\n")
    assert request.endswith(b"\r\n\r\nbody")
    assert f"Host: 127.0.0.1:{server.port}\r\n".encode() in request
    assert b"X-Token: t\r\n" in request


@pytest.mark.parametrize(
    ("pieces", "error"),
    [
        ([None], httpx.RemoteProtocolError),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", None], httpx.RemoteProtocolError),
        ([CHUNKED, b"5\r\nabc", None], httpx.RemoteProtocolError),
        ([b"SSH-2.0-OpenSSH\r\n\r\n"], httpx.RemoteProtocolError),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"], httpx.RemoteProtocolError),
        ([b"HTTP/1.1 200 OK\r\nA: " + b"x" * 200_000], httpx.RemoteProtocolError),
        ([b"HTTP/1.1 101 Switching Protocols\r\n\r\n", None], httpx.RemoteProtocolError),
    ],
    ids=[
        "nothing",
        "short",
        "broken chunk",
        "another protocol",
        "two lengths",
        "endless header",
        "another protocol now",
    ],
)
async def test_what_is_no_answer_is_an_error_that_quotes_nothing(pieces, error):
    async with peer(always(*pieces)) as server, client() as http:
        with pytest.raises(error) as raised:
            await http.get(server.url)
    assert not {"OpenSSH", "short", "xxx"} & set(str(raised.value).split())
    assert raised.value.__cause__ is None


async def test_a_server_that_goes_on_to_the_protocol_it_was_asked_for_gives_no_answer():
    switch = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    async with peer(lambda number: (switch if number == 1 else OK,)) as server, client(connections=1) as http:
        with pytest.raises(httpx.RemoteProtocolError, match="another protocol"):
            await http.get(server.url, headers={"Connection": "Upgrade", "Upgrade": "h2c"})
        assert (await http.get(server.url)).content == b"ok"
    assert server.connections == 2


@pytest.mark.parametrize(
    ("url", "port"),
    [("http://a", 80), ("https://a", 443), ("http://a:443", 443), ("http://a:0", 0), ("https://a:0", 0)],
)
def test_the_port_is_the_one_that_the_address_names(url, port):
    assert _origin(httpx.URL(url))[2] == port


async def test_a_connection_serves_one_request_after_another():
    async with peer(always(OK)) as server, client() as http:
        for _ in range(5):
            await http.get(server.url)
    assert (server.connections, len(server.requests)) == (1, 5)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
        OK + b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged",
        OK + b"\r\n",
    ],
    ids=["that is to close", "that said more than asked", "with a rest"],
)
async def test_a_connection_is_not_used_again(answer):
    async with peer(always(answer)) as server, client() as http:
        answers = [await http.get(server.url) for _ in range(3)]
    assert [each.content for each in answers] == [b"ok"] * 3
    assert server.connections == 3


async def test_what_comes_unasked_while_a_connection_is_idle_is_no_answer_to_the_next_request():
    async with peer(always(OK)) as server, client() as http:
        await http.get(server.url)
        (kept,) = [each for idle in http._transport._idle.values() for each in idle]
        server.writers[0].write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged")
        await no_longer_quiet(kept)
        assert (await http.get(server.url)).content == b"ok"
    assert server.connections == 2


async def test_a_connection_that_the_server_closed_meanwhile_is_replaced():
    async with peer(always(OK)) as server, client() as http:
        await http.get(server.url)
        (kept,) = [each for idle in http._transport._idle.values() for each in idle]
        server.writers[0].close()
        await no_longer_quiet(kept)
        await http.get(server.url)
    assert server.connections == 2


async def test_a_connection_that_nobody_uses_is_closed():
    async with peer(always(OK)) as server, client(keep_seconds=0.01) as http:
        await http.get(server.url)
        (kept,) = [each for idle in http._transport._idle.values() for each in idle]
        await kept.stream.lost()
        assert not [each for idle in http._transport._idle.values() for each in idle]
        await http.get(server.url)
    assert server.connections == 2


async def test_no_more_connections_are_in_use_than_allowed_and_all_are_served():
    async with peer(always(OK)) as server, client(connections=3) as http:
        answers = await asyncio.gather(*(http.get(server.url) for _ in range(30)))
    assert [each.content for each in answers] == [b"ok"] * 30
    assert server.connections <= 3


async def test_who_waits_for_a_connection_longer_than_allowed_is_told():
    async with peer(lambda _: ()) as server, client(connections=1, times=httpx.Timeout(TIMEOUT, pool=0.05)) as http:
        first = asyncio.create_task(http.get(server.url))
        await server.asked.wait()
        with pytest.raises(httpx.PoolTimeout):
            await http.get(server.url)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)


async def test_an_answer_that_was_read_keeps_no_connection_in_memory(collector_off):
    async with peer(always(OK)) as server, client() as http:
        answer = await http.get(server.url)
        connection = weakref.ref(*(each for idle in http._transport._idle.values() for each in idle))
        assert connection() is not None
    assert connection() is None
    assert answer.content == b"ok"


@pytest.fixture
def collector_off():
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("pieces", [(), (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nslow",)], ids=["head", "body"])
async def test_a_server_that_stops_is_too_slow(pieces):
    async with peer(always(*pieces)) as server, client(times=httpx.Timeout(TIMEOUT, read=0.05)) as http:
        with pytest.raises(httpx.ReadTimeout):
            await http.get(server.url)


async def test_a_request_that_nobody_reads_is_too_slow_to_write():
    async def deaf(_reader, writer):
        writer.transport.pause_reading()
        connected.append(writer)

    connected = []
    server = await asyncio.start_server(deaf, "127.0.0.1", 0)
    async with server, client(times=httpx.Timeout(TIMEOUT, write=0.05)) as http:
        with pytest.raises(httpx.WriteTimeout):
            await http.post(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", content=bytes(64 * 1024 * 1024))
        for each in connected:
            each.transport.abort()


async def test_a_cancelled_request_closes_its_connection_and_frees_its_place():
    async with peer(lambda number: () if number == 1 else (OK,)) as server, client(connections=1) as http:
        task = asyncio.create_task(http.get(server.url))
        await server.asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await http.get(server.url)).content == b"ok"
    assert server.connections == 2


async def test_an_answer_that_is_left_half_read_closes_its_connection():
    long = b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n" + b"x" * 5_000_000
    async with peer(lambda number: (long if number == 1 else OK,)) as server, client(connections=1) as http:
        async with http.stream("GET", server.url) as answer:
            async for _ in answer.aiter_bytes():
                break
        assert (await http.get(server.url)).content == b"ok"
    assert server.connections == 2


async def test_a_long_answer_arrives_whole():
    body = bytes(range(256)) * 20_000
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
    async with peer(always(head, body)) as server, client() as http:
        assert (await http.get(server.url)).content == body


async def test_a_read_takes_a_bounded_piece_of_what_came_and_nothing_is_lost():
    body = bytes(range(256)) * 8_000
    async with peer(always(body, None)) as server:
        stream = await open_stream("127.0.0.1", server.port, None)
        await stream.write(b"GET / HTTP/1.1\r\n\r\n")
        while len(stream._unread) <= MOST_UNREAD:  # noqa: ASYNC110  # there is nothing that tells
            await asyncio.sleep(0.001)
        pieces, unread = [], []
        while piece := await stream.read():
            pieces.append(piece)
            unread.append(len(stream._unread))
            await asyncio.sleep(0)
        stream.abort()
        await stream.lost()
    assert b"".join(pieces) == body
    assert max(map(len, pieces)) == MOST_READ
    assert max(unread) <= 2 * MOST_UNREAD


async def test_nobody_listening_is_said_as_the_system_says_it():
    async with client() as http:
        with pytest.raises(httpx.ConnectError, match="Connection refused"):
            await http.get("http://127.0.0.1:9")


@pytest.mark.parametrize("url", ["ftp://a/", "ws://a/", "https://a/"])
async def test_what_it_does_not_speak_is_refused(url):
    async with client() as http:
        with pytest.raises(httpx.UnsupportedProtocol):
            await http.get(url)


async def test_a_header_that_is_none_is_refused_without_quoting_it():
    async with peer(always(OK)) as server, client() as http:
        with pytest.raises(httpx.LocalProtocolError) as raised:
            await http.get(server.url, headers={"a": "canary\x00"})
    assert "canary" not in str(raised.value)
    assert not server.requests


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("transport") / "authority")


async def test_tls_is_spoken_with_whom_the_authority_vouches_for(authority):
    trusting = ssl.create_default_context(cafile=str(authority.ca_file))
    async with peer(always(OK), tls=authority.server_context()) as server, client(trusting) as http:
        for _ in range(2):
            assert (await http.get(server.url)).content == b"ok"
        assert server.connections == 1


async def test_a_certificate_that_nobody_vouches_for_is_refused(authority):
    async with peer(always(OK), tls=authority.server_context()) as server, client(ssl.create_default_context()) as http:
        with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
            await http.get(server.url)
    assert not server.requests


HEADERS = st.dictionaries(
    st.from_regex(r"[a-z][a-z-]{0,8}", fullmatch=True).map(lambda name: f"x-{name}"),
    st.from_regex(r"[!-~]{0,12}", fullmatch=True),
    max_size=4,
)


@given(
    status=st.integers(200, 599).filter(lambda code: code not in (204, 205, 304)),
    headers=HEADERS,
    pieces=st.lists(st.binary(min_size=1, max_size=50), max_size=5),
    chunked=st.booleans(),
    cuts=st.lists(st.integers(1, 400), max_size=8),
)
@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
def test_what_a_server_says_is_what_the_caller_gets_wherever_it_is_cut(status, headers, pieces, chunked, cuts):
    asyncio.run(exchanged(status, headers, pieces, chunked, cuts))


async def exchanged(status, headers, pieces, chunked, cuts):
    body = b"".join(pieces)
    framing = {"transfer-encoding": "chunked"} if chunked else {"content-length": str(len(body))}
    server = h11.Connection(h11.SERVER)
    server.receive_data(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    server.next_event()
    said = [h11.Response(status_code=status, headers=list((headers | framing).items()))]
    said += [*map(h11.Data, pieces), h11.EndOfMessage()]
    content = b"".join(map(server.send, said))
    parts, rest = [], content
    for cut in cuts:
        parts, rest = [*parts, rest[:cut]], rest[cut:]
    async with peer(always(*filter(None, [*parts, rest]))) as backend, client() as http:
        for _ in range(2):
            answer = await http.get(backend.url)
            assert (answer.status_code, answer.content) == (status, body)
            assert {name: answer.headers[name] for name in headers} == headers
        assert backend.connections == 1


@given(noise=st.binary(max_size=300), start=st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n", OK[:-2], OK]))
@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
def test_noise_is_an_answer_or_an_error_of_httpx(noise, start):
    asyncio.run(survived(start + noise))


async def survived(content):
    async with peer(always(content, None)) as backend, client() as http:
        with contextlib.suppress(httpx.TransportError):
            await http.get(backend.url)
