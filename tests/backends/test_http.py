"""What can't be sent at all: addresses, proxies and headers that no request can be made with."""

import pytest

from secretcore.backends.http import Exchange, http_client
from secretcore.errors import AccessDenied, StoreUnavailable
from secretcore.limits import Limits
from secretcore.model.store import RetrySettings
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


async def refuses(proxy, header, always):
    with pytest.raises(AccessDenied, match="such as the credential, has characters that can't be sent") as raised:
        await send(proxy.url, **({"always": header} if always else {"headers": header}))
    assert "printable ASCII" in raised.value.remedy
    assert CANARY not in str(raised.value) + raised.value.remedy
    assert raised.value.__context__ is None
    assert not proxy.requests
