"""The certificate that is served, and one that somebody else renews."""

import asyncio
import contextlib
import ssl

from injector.webhook.metrics import Metrics
from injector.webhook.mounted import MountedCertificate
from injector.webhook.served import Served, write_pair
from kubecore.serving import Server
from tests.support.tls import Authority

TOO_LONG = 30


def put(folder, pair):
    """As the kubelet does: a new directory, and one rename of the link to it."""
    number = len(list(folder.iterdir()))
    new = folder / f"..{number}"
    new.mkdir()
    (new / "tls.crt").write_bytes(pair.cert_file.read_bytes())
    (new / "tls.key").write_bytes(pair.key_file.read_bytes())
    link = folder / "..next"
    link.symlink_to(new.name)
    link.replace(folder / "..data")
    for name in ("tls.crt", "tls.key"):
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(f"..data/{name}")


async def hello(request):
    raise NotImplementedError


async def subject(server, authority):
    context = authority.client_context()
    _, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=context, server_hostname="localhost")
    certificate = writer.get_extra_info("ssl_object").getpeercert()
    writer.close()
    with contextlib.suppress(ssl.SSLError, OSError):
        await writer.wait_closed()
    return dict(part[0] for part in certificate["subject"]).get("commonName")


async def until(server, authority, name):
    while await subject(server, authority) != name:  # noqa: ASYNC110  # a handshake tells, no event does
        await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def running(source):
    task = asyncio.create_task(source.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_mounted_certificate_is_followed_and_a_broken_one_leaves_the_last(tmp_path):
    authority = Authority(tmp_path / "ca")
    first = authority.issue("localhost", common_name="first")
    second = authority.issue("localhost", common_name="second")
    third = authority.issue("localhost", common_name="third")
    folder = tmp_path / "mounted"
    folder.mkdir()
    metrics = Metrics()
    served = Served(metrics)
    source = MountedCertificate(folder, served)
    assert "can be used yet" in source.problem()
    put(folder, first)
    async with running(source), asyncio.timeout(TOO_LONG):
        await served.loaded.wait()
        assert source.problem() == ""
        server = Server({("GET", "/"): hello}, host="127.0.0.1", certificate=served.certificate)
        await server.start()
        assert await subject(server, authority) == "first"
        mixed = type(second)(second.cert_file, first.key_file)
        put(folder, mixed)
        put(folder, second)
        await until(server, authority, "second")
        put(folder, mixed)
        await asyncio.sleep(0.5)  # whether it was tried in between or not, the handshake works
        assert await subject(server, authority) == "second"
        put(folder, third)
        await until(server, authority, "third")
        assert metrics.registry.get_sample_value("injector_certificate_expiry_timestamp_seconds") > 0
        await server.stop()


def test_files_of_a_pair_are_nobody_elses_to_read(tmp_path):
    write_pair(tmp_path / "made", "certificate", "key")
    write_pair(tmp_path / "made", "certificate 2", "key 2")
    for name, text in (("tls.crt", "certificate 2"), ("tls.key", "key 2")):
        file = tmp_path / "made" / name
        assert (file.read_text(), file.stat().st_mode & 0o777) == (text, 0o600)


async def test_what_is_no_certificate_is_not_served(tmp_path):
    served = Served(Metrics())
    write_pair(tmp_path, "nonsense", "nonsense")
    served.load(tmp_path)
    assert served.certificate is None
    assert not served.loaded.is_set()
    assert not served.is_trusted_with(b"nonsense")
