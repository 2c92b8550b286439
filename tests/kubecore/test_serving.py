"""The HTTP server: health and metrics, TLS whose certificate changes under load, limits, an end in order."""

import asyncio
import contextlib
import os
import ssl

import httpx
import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry, Counter

from kubecore.serving import Certificate, Server, checks, metrics
from tests.support.tls import Authority


async def hello(request):
    return web.Response(text="hello")


async def echo(request):
    return web.Response(body=await request.read())


@contextlib.asynccontextmanager
async def serving(routes, **options):
    server = Server(routes, host="127.0.0.1", **options)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def get(server, path, *, method="GET", verify=True, **options):
    scheme = "http" if verify is True else "https"
    async with httpx.AsyncClient(trust_env=False, verify=verify) as client:
        return await client.request(method, f"{scheme}://127.0.0.1:{server.port}{path}", **options)


async def test_health_is_ok_or_says_what_is_not():
    reasons = {"queue": "", "watch": ""}
    routes = {("GET", "/healthz"): checks({name: lambda name=name: reasons[name] for name in reasons})}
    async with serving(routes) as server:
        answer = await get(server, "/healthz")
        assert (answer.status_code, answer.text) == (200, "ok")
        reasons["watch"] = "no contact with the API server for 200 s"
        answer = await get(server, "/healthz")
        assert answer.status_code == 500
        assert answer.text == "[+]queue ok\n[-]watch failed: no contact with the API server for 200 s\n"
        assert (await get(server, "/other")).status_code == 404
        assert (await get(server, "/healthz", method="POST")).status_code == 405


@pytest.mark.parametrize(
    ("accept", "content_type", "text"),
    [
        ("", "text/plain", "syncs_total 1.0"),
        ("application/openmetrics-text; version=1.0.0", "application/openmetrics-text", "# EOF"),
    ],
)
async def test_metrics_come_in_the_format_that_is_asked_for(accept, content_type, text):
    registry = CollectorRegistry()
    Counter("syncs", "Syncs.", registry=registry).inc()
    async with serving({("GET", "/metrics"): metrics(registry)}) as server:
        answer = await get(server, "/metrics", headers={"Accept": accept})
    assert answer.headers["Content-Type"].startswith(content_type)
    assert text in answer.text


async def test_a_body_that_is_too_large_is_refused():
    async with serving({("POST", "/"): echo}, body_limit=1000) as server:
        assert (await get(server, "/", method="POST", content=b"x" * 1000)).content == b"x" * 1000
        assert (await get(server, "/", method="POST", content=b"x" * 1001)).status_code == 413


class Files:
    """A certificate's two files, replaced as a test says."""

    def __init__(self, folder):
        self.folder = folder
        self.cert, self.key = folder / "tls.crt", folder / "tls.key"

    def hold(self, authority, *, cert=True, key=True):
        pair = authority.issue("127.0.0.1", "localhost")
        if cert:
            os.replace(pair.cert_file, self.cert)
        if key:
            os.replace(pair.key_file, self.key)


@pytest.fixture
def files(tmp_path):
    return Files(tmp_path)


@pytest.fixture
def old(tmp_path):
    return Authority(tmp_path / "old")


@pytest.fixture
def new(tmp_path):
    return Authority(tmp_path / "new")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"], ids=["without SNI", "with SNI"])
async def test_a_new_certificate_is_used_from_the_next_handshake_on(files, old, new, host):
    files.hold(old)
    certificate = Certificate(files.cert, files.key)
    async with serving({("GET", "/"): hello}, certificate=certificate) as server:
        url = f"https://{host}:{server.port}/"
        async with httpx.AsyncClient(trust_env=False, verify=old.client_context()) as client:
            assert (await client.get(url)).text == "hello"
            files.hold(new)
            assert certificate.reload() == ""
            assert (await client.get(url)).text == "hello"  # its connection goes on
        async with httpx.AsyncClient(trust_env=False, verify=new.client_context()) as client:
            assert (await client.get(url)).text == "hello"
        async with httpx.AsyncClient(trust_env=False, verify=old.client_context()) as client:
            with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                await client.get(url)


@pytest.mark.parametrize("damage", ["key of another", "no certificate", "no file"])
async def test_a_failed_reload_keeps_the_last_good_certificate(files, old, new, damage):
    files.hold(old)
    certificate = Certificate(files.cert, files.key)
    async with serving({("GET", "/"): hello}, certificate=certificate) as server:
        if damage == "key of another":
            files.hold(new, cert=False)
        elif damage == "no certificate":
            files.cert.write_text("half a certificat")
        else:
            files.cert.unlink()
        for _ in range(2):
            assert "the last one is kept" in certificate.reload()
            assert (await get(server, "/", verify=old.client_context())).text == "hello"
        files.hold(new)
        assert certificate.reload() == ""
        assert (await get(server, "/", verify=new.client_context())).text == "hello"


async def test_old_tls_versions_are_refused(files, old):
    files.hold(old)
    async with serving({("GET", "/"): hello}, certificate=Certificate(files.cert, files.key)) as server:
        context = old.client_context()
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        assert (await get(server, "/", verify=context)).text == "hello"
    assert Certificate(files.cert, files.key).context.minimum_version is ssl.TLSVersion.TLSv1_2


async def test_a_certificate_that_cannot_be_used_at_the_start_is_an_error(files):
    with pytest.raises(FileNotFoundError):
        Certificate(files.cert, files.key)


async def test_requests_under_way_are_answered_before_the_end():
    arrived, release = asyncio.Event(), asyncio.Event()

    async def slow(request):
        arrived.set()
        await release.wait()
        return web.Response(text="done")

    async with serving({("GET", "/"): slow}) as server:
        request = asyncio.create_task(get(server, "/"))
        await arrived.wait()
        stopping = asyncio.create_task(server.stop())
        await asyncio.sleep(0)
        release.set()
        assert (await request).text == "done"
        await stopping


async def test_a_port_that_is_taken_is_an_error():
    async with serving({("GET", "/"): hello}) as server:
        other = Server({("GET", "/"): hello}, host="127.0.0.1", port=server.port)
        with pytest.raises(OSError, match="in use"):
            await other.start()
        await other.stop()
