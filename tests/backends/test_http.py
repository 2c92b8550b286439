"""What can't be sent at all: addresses, proxies and headers that no request can be made with. And answers that are
compressed.
"""

import gzip

import pytest

from secretcore.backends.http import Exchange, http_client
from secretcore.errors import AccessDenied, Malformed, StoreUnavailable, Throttled
from secretcore.limits import Limits
from secretcore.model.store import RetrySettings
from tests.backends.servers import peer
from tests.support.faults import FaultProxy

CANARY = "canary-71c0"
ONCE = RetrySettings(max_retries=0)


async def send(url, *, always=None, **fields):
    async with http_client(limits=Limits(), retry=ONCE, headers=always) as http:
        return await http.send(Exchange("GET", url, 'secret "app"', **fields))


@pytest.mark.parametrize(
    "url",
    ["http://xn--a.b", "http://xn--zzzzzz99999.b", "http://xn--\xfc.b", "http://\ud800", "http://a:b", "ftp://a", "a"],
)
async def test_an_address_that_is_none_is_said_with_where_to_correct_it(url):
    with pytest.raises(StoreUnavailable, match='secret "app" at .*: the address is not a URL') as raised:
        await send(url)
    assert raised.value.remedy == "correct the address in the store"


@pytest.mark.parametrize(
    ("variable", "proxy"),
    [
        ("ALL_PROXY", f"socks5://{CANARY}@127.0.0.1:1"),
        ("HTTP_PROXY", f"foo://{CANARY}"),
        ("HTTPS_PROXY", f"http://{CANARY}:port"),
    ],
)
async def test_a_proxy_that_cannot_be_used_is_said_with_its_variables(monkeypatch, variable, proxy):
    monkeypatch.setenv(variable, proxy)
    with pytest.raises(StoreUnavailable, match="names a proxy that can't be used") as raised:
        await send("http://127.0.0.1:1")
    assert variable in raised.value.remedy
    assert CANARY not in str(raised.value) + raised.value.remedy
    assert raised.value.__suppress_context__


@pytest.mark.parametrize("always", [True, False], ids=["of every request", "of one request"])
@pytest.mark.parametrize("character", ["\n", "\r\n", "\0", "\x7f", "\xfc", "\ud800"], ids=ascii)
async def test_a_header_that_cannot_be_sent_is_about_the_credential(fault_proxies, always, character):
    proxy = FaultProxy()
    fault_proxies.append(proxy)
    header = {"authorization": f"Bearer {CANARY}{character}{CANARY}"}
    await refuses(proxy, header, always)


@pytest.mark.parametrize(
    "header", [{"a": f"{CANARY}\n"}, {"a": f" {CANARY}"}, {f"a\n{CANARY}": ""}, {"": ""}], ids=repr
)
async def test_a_header_is_refused_for_white_space_around_it_and_for_its_name(fault_proxies, header):
    proxy = FaultProxy()
    fault_proxies.append(proxy)
    await refuses(proxy, header, always=False)


async def test_a_header_that_can_be_sent_arrives_as_it_is(fault_proxies):
    proxy = FaultProxy()
    fault_proxies.append(proxy)
    await send(proxy.url, always={"x-empty": ""}, headers={"authorization": "Bearer ~!a\tb c="})
    (request,) = proxy.requests
    assert (request.headers.get("authorization"), request.headers.get("x-empty")) == ("Bearer ~!a\tb c=", "")


@pytest.fixture(params=["our transport", "httpx's own"])
def asked_of(request, monkeypatch):
    """The address to ask for, of a server that is reached directly or as a proxy."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)

    def address(server):
        if request.param == "our transport":
            return server.url
        monkeypatch.setenv("http_proxy", server.url)
        return "http://backend.test/"

    return address


def answer(status, encoding, body):
    head = f"HTTP/1.1 {status} X\r\nContent-Encoding: {encoding}\r\nContent-Length: {len(body)}\r\n\r\n"
    return lambda _number: [head.encode() + body]


@pytest.mark.parametrize("encoding", ["gzip", "gzip, gzip", "identity, deflate", "br", "x-unheard-of"])
async def test_a_compressed_answer_is_refused_unread(asked_of, encoding):
    bomb = gzip.compress(gzip.compress(bytes(2**20)))
    async with peer(answer(200, encoding, bomb)) as server:
        with pytest.raises(Malformed, match='secret "app" at .*: the answer is compressed'):
            await send(asked_of(server))
    (request,) = server.requests
    assert b"\r\naccept-encoding: identity\r\n" in request.lower()


@pytest.mark.parametrize("encoding", ["", "identity", "Identity, identity"])
async def test_an_answer_that_says_it_is_not_compressed_is_read(asked_of, encoding):
    async with peer(answer(200, encoding, b"as it is")) as server:
        assert (await send(asked_of(server))).body == b"as it is"


@pytest.mark.parametrize(("status", "error"), [(429, Throttled), (500, StoreUnavailable), (503, StoreUnavailable)])
async def test_a_failure_stays_one_that_passes_however_it_is_encoded(asked_of, status, error):
    async with peer(answer(status, "gzip", gzip.compress(b"<h1>busy</h1>"))) as server:
        with pytest.raises(error):
            await send(asked_of(server))


async def refuses(proxy, header, always):
    with pytest.raises(AccessDenied, match="such as the credential, has characters that can't be sent") as raised:
        await send(proxy.url, **({"always": header} if always else {"headers": header}))
    assert "printable ASCII" in raised.value.remedy
    assert CANARY not in str(raised.value) + raised.value.remedy
    assert raised.value.__context__ is None
    assert not proxy.requests
