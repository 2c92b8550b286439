"""A server that misbehaves: the right class of error, as many requests as are configured, nothing of the answer told."""

import gzip

import pytest

from secretcore.errors import AccessDenied, Malformed, SecretNotFound, StoreUnavailable, Throttled
from secretcore.limits import Limits
from secretcore.model.store import RetrySettings
from secretcore.plan import Find, RemoteRef
from secretcore.provider import StoreContext
from tests.providers.vaults import CANARY, bao_store, creds, mounted, opened, root, store
from tests.support.fault_kinds import HTML, MARKER, Answer, Forward, Huge, Reset, Stall, Truncate, html, status
from tests.support.faults import FaultProxy
from tests.support.openbao import dev_server

pytestmark = pytest.mark.server

QUICK = Limits(timeout=0.5)


def context(retries=0, interval="1ms", limits=None):
    return StoreContext(retry=RetrySettings(max_retries=retries, retry_interval=interval), limits=limits or Limits())


@pytest.fixture
def proxy(openbao, fault_proxies):
    fault_proxies.append(FaultProxy(openbao.url))
    return fault_proxies[-1]


@pytest.fixture(scope="module")
def mount(openbao):
    path = mounted(openbao)
    openbao.put_kv(path, "app", {"v": CANARY, "filling": "x" * 999})
    openbao.put_kv(path, "folder/b", {"v": CANARY})
    return path


FAULTS = {
    "400": (status(400), Malformed, "refused as wrong (400)", False),
    "400 without a token": (
        Answer(400, '{"errors": ["missing client token"]}'),
        AccessDenied,
        "no token was sent",
        False,
    ),
    "401": (status(401), AccessDenied, "access denied (401)", False),
    "403": (status(403), AccessDenied, "access denied (403)", False),
    "404": (status(404), SecretNotFound, "does not exist", False),
    "404 with no errors": (Answer(404, '{"errors": []}'), SecretNotFound, "does not exist", False),
    "404 of a deleted version": (
        Answer(404, '{"data": {"data": null, "metadata": {"version": 1}}}'),
        SecretNotFound,
        "is deleted",
        False,
    ),
    "404 with no body": (Answer(404), Malformed, "none of Vault's API (404)", False),
    "404 in somebody's JSON": (
        Answer(404, '{"status": "' + MARKER + '"}'),
        Malformed,
        "none of Vault's API (404)",
        False,
    ),
    "404 of something else": (Answer(404, HTML), Malformed, "404", False),
    "405": (status(405), Malformed, "not a secret of a KV engine (405)", False),
    "412": (status(412), StoreUnavailable, "does not have the latest state yet (412)", False),
    "418": (status(418), Malformed, "unexpected answer (418)", False),
    "429": (status(429), Throttled, "asked to slow down (429)", True),
    "472": (status(472), StoreUnavailable, "disaster recovery secondary", False),
    "473": (status(473), StoreUnavailable, "standby", False),
    "500": (status(500), StoreUnavailable, "the backend failed (500)", True),
    "502": (Answer(502, HTML), StoreUnavailable, "the backend failed (502)", True),
    "503": (status(503), StoreUnavailable, "the backend failed (503)", True),
    "503 sealed": (
        Answer(503, '{"errors": ["Vault is sealed"]}'),
        StoreUnavailable,
        "the server is sealed (503)",
        True,
    ),
    "stall": (Stall(), StoreUnavailable, "no whole answer within 0.5 s", True),
    "reset": (Reset(), StoreUnavailable, "the connection broke off", True),
    "reset after the work": (Reset("committed"), StoreUnavailable, "the connection broke off", True),
    "reset after the headers": (Reset("headers"), StoreUnavailable, "the connection broke off", True),
    "truncated": (Truncate(40), StoreUnavailable, "the connection broke off", True),
    "HTML": (html(), Malformed, "is not JSON", False),
    "a list": (Answer(200, "[]"), Malformed, "is not a JSON object", False),
    "cut JSON": (Answer(200, '{"data": {"data": {"v": "' + MARKER), Malformed, "is not JSON", False),
    "deep JSON": (Answer(200, '{"data":' * 200 + "1" + "}" * 200), Malformed, "nested deeper than 100", False),
    "data of another kind": (
        Answer(200, '{"data": {"data": "' + MARKER + '"}}'),
        Malformed,
        "none of a KV engine",
        False,
    ),
    "no data": (Answer(200, '{"data": {"x": "' + MARKER + '"}}'), Malformed, "none of KV version 2", False),
    "no data at all": (Answer(200, "{}"), Malformed, "none of a KV engine", False),
    "data null": (Answer(200, '{"data": null}'), Malformed, "none of a KV engine", False),
    "somebody's JSON": (Answer(200, '{"status": "' + MARKER + '"}'), Malformed, "none of a KV engine", False),
    "200 with no body": (Answer(200), Malformed, "is not JSON", False),
    "204": (Answer(204), Malformed, "is not JSON", False),
    "gzip": (
        Answer(200, gzip.compress(b'{"data": {"data": {}}}'), {"Content-Encoding": "gzip"}),
        Malformed,
        "the answer is compressed",
        False,
    ),
    "gzip of a server that is sealed": (
        Answer(503, gzip.compress(b'{"errors": ["Vault is sealed"]}'), {"Content-Encoding": "gzip"}),
        StoreUnavailable,
        "the backend failed (503)",
        True,
    ),
    "70 MB": (Huge(), Malformed, "larger than 10485760 bytes", False),
}
KINDS = {"vault": store, "openBao": bao_store}


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("case", FAULTS)
async def test_a_read_that_goes_wrong(openbao, proxy, mount, make, case):
    fault, error, words, again = FAULTS[case]
    limits = QUICK if isinstance(fault, Stall) else None
    proxy.always("app", fault)
    async with opened(make(proxy, path=mount), root(openbao), context(2, limits=limits)) as client:
        with pytest.raises(error) as raised:
            await client.get_secret(RemoteRef("app"))
    assert type(raised.value) is error
    assert words in str(raised.value)
    assert 'secret "app"' in str(raised.value)
    told = f"{raised.value} {raised.value.remedy} {raised.value.__cause__!r} {raised.value.__context__!r}"
    for secret in (MARKER, CANARY, openbao.token):
        assert secret not in told.replace(str(proxy.port), "")
    assert len(proxy.requests) == (3 if again else 1)


NO_SECRETS = {
    "no data": Answer(200, "{}"),
    "no body": Answer(200),
    "204": Answer(204),
    "404 of something else": Answer(404, "{}"),
}


@pytest.mark.parametrize("fault", NO_SECRETS.values(), ids=NO_SECRETS)
@pytest.mark.parametrize(
    ("version", "ref"), [("v1", RemoteRef("app")), ("v2", RemoteRef("app", metadata_policy="Fetch"))]
)
async def test_an_answer_that_is_none_of_vaults_never_means_that_a_secret_is_gone(openbao, proxy, version, ref, fault):
    proxy.always("app", fault)
    async with opened(store(proxy, path="kv", version=version), root(openbao), context()) as client:
        with pytest.raises(Malformed, match='secret "app"'):
            await client.get_secret(ref)


@pytest.mark.parametrize("retries", [0, 1, 4])
async def test_the_store_says_how_often_to_try_again(openbao, proxy, mount, retries):
    proxy.always("app", status(500))
    async with opened(store(proxy, path=mount), root(openbao), context(retries)) as client:
        with pytest.raises(StoreUnavailable):
            await client.get_secret(RemoteRef("app"))
    assert len(proxy.requests) == retries + 1


async def test_one_good_answer_is_enough(openbao, proxy, mount):
    proxy.on("app", status(500), Reset(), Forward())
    async with opened(store(proxy, path=mount), root(openbao), context(2)) as client:
        assert (await client.get_secret(RemoteRef("app"))).value("v").decode() == CANARY
    assert len(proxy.requests) == 3


async def test_a_short_retry_after_is_waited_out_and_a_long_one_is_told(openbao, proxy, mount):
    proxy.on("app", status(429, retry_after="0"))
    async with opened(store(proxy, path=mount), root(openbao), context(1, interval="1m")) as client:
        assert (await client.get_secret(RemoteRef("app"))).value("v")
        assert len(proxy.requests) == 2
        proxy.on("app", status(429, retry_after="120"))
        with pytest.raises(Throttled) as raised:
            await client.get_secret(RemoteRef("app"))
    assert raised.value.retry_after == 120
    assert len(proxy.requests) == 3


LOGIN_FAULTS = {
    "400": (status(400), AccessDenied, "was refused (400)", 1),
    "403": (status(403), AccessDenied, "was refused (403)", 1),
    "404": (status(404), AccessDenied, "was refused (404)", 1),
    "429": (status(429), Throttled, "asked to slow down", 3),
    "500": (status(500), StoreUnavailable, "the backend failed (500)", 3),
    "reset": (Reset(), StoreUnavailable, "the connection broke off", 3),
    "HTML": (html(), Malformed, "is not JSON", 1),
    "no token": (Answer(200, '{"auth": {"client_token": null, "m": "' + MARKER + '"}}'), Malformed, "has no token", 1),
    "no auth": (Answer(200, '{"data": "' + MARKER + '"}'), Malformed, "has no token", 1),
    "an odd token": (Answer(200, '{"auth": {"client_token": "a\\nb"}}'), Malformed, "has no token", 1),
    "70 MB": (Huge(), Malformed, "larger than", 1),
}


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("case", LOGIN_FAULTS)
async def test_a_login_that_goes_wrong(proxy, mount, make, case):
    fault, error, words, requests = LOGIN_FAULTS[case]
    proxy.always("login", fault)
    auth = {"userPass": {"path": "userpass", "username": "bob", "secretRef": {"name": "login", "key": "password"}}}
    with pytest.raises(error) as raised:
        async with opened(make(proxy, path=mount, auth=auth), creds(password=CANARY), context(2)):
            pass
    assert "login by auth.userPass at auth/userpass" in str(raised.value)
    assert words in str(raised.value)
    told = f"{raised.value} {raised.value.remedy} {raised.value.__cause__!r} {raised.value.__context__!r}"
    assert not [secret for secret in (MARKER, CANARY) if secret in told]
    assert [request.path for request in proxy.requests] == ["/v1/auth/userpass/login/bob"] * requests


@pytest.mark.parametrize(
    ("fault", "error"), [(status(500), StoreUnavailable), (status(403), AccessDenied), (html(), Malformed), (Truncate(9), StoreUnavailable),
                         (Answer(200, '{"data": {"keys": "' + MARKER + '"}}'), Malformed), (Answer(200, '{"data": {"keys": [""]}}'), Malformed)],
)  # fmt: skip
async def test_a_find_with_a_folder_that_fails_finds_nothing(openbao, proxy, mount, fault, error):
    proxy.on("metadata/folder", fault)
    async with opened(store(proxy, path=mount), root(openbao), context()) as client:
        with pytest.raises(error, match='folder "folder/"') as raised:
            await client.get_all_secrets(Find(name_regexp="."))
        assert MARKER not in str(raised.value)
        assert set(await client.get_all_secrets(Find(name_regexp="."))) == {"app", "folder/b"}


async def test_a_folder_that_vanishes_while_listing_is_empty(openbao, proxy, mount):
    proxy.on("metadata/folder", status(404))
    async with opened(store(proxy, path=mount), root(openbao), context()) as client:
        assert set(await client.get_all_secrets(Find(name_regexp="."))) == {"app"}


async def test_folders_without_end_are_refused(openbao, proxy, mount):
    proxy.always("list=true", Answer(200, '{"data": {"keys": ["down/"]}}'))
    async with opened(store(proxy, path=mount), root(openbao), context()) as client:
        with pytest.raises(Malformed, match="nested deeper than 100"):
            await client.get_all_secrets(Find())


async def test_a_sealed_server_says_so(tmp_path):
    bao = dev_server(tmp_path)
    bao.seal()
    async with opened(store(bao, path="secret"), root(bao), context()) as client:
        with pytest.raises(StoreUnavailable, match=r"the server is sealed \(503\)"):
            await client.get_secret(RemoteRef("app"))
    bao.stop()


async def test_a_rate_limit_of_the_server_is_obeyed(openbao):
    path = mounted(openbao)
    openbao.write("sys/quotas/config", {"enable_rate_limit_response_headers": True})
    openbao.write(f"sys/quotas/rate-limit/{path}", {"path": f"{path}/", "rate": 1, "interval": "60s"})
    async with opened(store(openbao, path=path), root(openbao), context()) as client:
        with pytest.raises(SecretNotFound):
            await client.get_secret(RemoteRef("app"))
        with pytest.raises(Throttled) as raised:
            await client.get_secret(RemoteRef("app"))
    assert 0 < raised.value.retry_after <= 60


async def test_an_address_that_nobody_listens_on(openbao):
    provider = store("http://user:swordfish@127.0.0.1:9", path="kv")
    async with opened(provider, root(openbao), context(1)) as client:
        with pytest.raises(StoreUnavailable, match="at 127.0.0.1:9: can't connect") as raised:
            await client.get_secret(RemoteRef("app"))
    assert "swordfish" not in str(raised.value)
