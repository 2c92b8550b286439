"""The fixtures that give tests a real server, and the servers' logs in the report of a test that failed.

A pytest plugin, loaded by `tests/conftest.py`. Servers start when the first test asks for them, live as
long as the test process (each xdist worker has its own) and are ended with it, also when it is killed.
"""

import re
import sys
from collections.abc import Generator, Iterator
from itertools import count
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

from tests.support.controlplane import ControlPlane
from tests.support.crds import install_crds
from tests.support.faults import FaultProxy
from tests.support.moto import Moto, moto_server
from tests.support.openbao import OpenBao, dev_server, tls_server
from tests.support.paths import ROOT
from tests.support.processes import Server, free_port
from tests.support.tls import Authority

LOG_SIZES = pytest.StashKey[dict[Path, int]]()
NUMBERS = count(1)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    item.stash[LOG_SIZES] = {server.log: server.log.stat().st_size for server in Server.running}
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        for server in Server.running:
            logged = server.logged(item.stash[LOG_SIZES].get(server.log, 0))
            if logged:
                report.sections.append((f"log of {server.name} since the test began ({server.log})", logged))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures that tests recorded with `record_property`: sizes, for example."""
    reports = [report for result in ("passed", "failed") for report in terminalreporter.stats.get(result, ())]
    for name, value in (figure for report in reports for figure in report.user_properties):
        terminalreporter.write_line(f"{name}: {value}")


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A certificate authority for TLS on loopback."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def openbao(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenBao]:
    """OpenBao over plain HTTP, as `bao server -dev` starts it. Shared: use mounts of your own."""
    yield from stopped(dev_server(tmp_path_factory.mktemp("openbao")))


@pytest.fixture(scope="session")
def openbao_tls(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[OpenBao]:
    """OpenBao over HTTPS with a certificate of `authority`."""
    yield from stopped(tls_server(tmp_path_factory.mktemp("openbao-tls"), authority, ask_client=False))


@pytest.fixture(scope="session")
def openbao_mtls(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[OpenBao]:
    """OpenBao over HTTPS that refuses clients without a certificate of `authority`; `client_pair` is one."""
    yield from stopped(tls_server(tmp_path_factory.mktemp("openbao-mtls"), authority, ask_client=True))


@pytest.fixture(scope="session")
def running_moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moto]:
    yield from stopped(moto_server(tmp_path_factory.mktemp("moto")))


@pytest.fixture
def moto(running_moto: Moto) -> Moto:
    """moto, empty at the start of each test."""
    running_moto.reset()
    return running_moto


@pytest.fixture
def fault_proxies() -> Iterator[list[FaultProxy]]:
    """Append the proxies that a test makes: they are stopped after it."""
    proxies: list[FaultProxy] = []
    yield proxies
    for proxy in proxies:
        proxy.stop()


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """etcd, kube-apiserver and kube-controller-manager. Shared: work in `namespace`."""
    started = ControlPlane(tmp_path_factory.mktemp("control-plane"))
    started.start_controller_manager()
    yield from stopped(started)


@pytest.fixture(scope="session")
def crds(control_plane: ControlPlane) -> None:
    """Our CustomResourceDefinitions, installed on it."""
    install_crds(control_plane)


@pytest.fixture
def express(tmp_path: Path) -> Iterator[str]:
    """The URL of the tutorial's secret server, `examples/express/server.py`."""
    port = free_port()
    argv = [sys.executable, str(ROOT / "examples" / "express" / "server.py"), str(port)]
    server = Server("express", argv, log=tmp_path / "express.log")
    server.wait_until(lambda: httpx.get(f"http://127.0.0.1:{port}/", trust_env=False).is_success)
    yield f"http://127.0.0.1:{port}"
    server.stop()


@pytest.fixture
def namespace(control_plane: ControlPlane, request: pytest.FixtureRequest) -> Iterator[str]:
    """A new namespace named after the test; deleted after it."""
    stem = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).removeprefix("test-")[:40].strip("-")
    name = control_plane.create_namespace(f"{stem}-{next(NUMBERS)}")
    yield name
    control_plane.request("DELETE", f"/api/v1/namespaces/{name}")


Started = TypeVar("Started", OpenBao, Moto, ControlPlane)


def stopped(server: Started) -> Iterator[Started]:
    """Give a started server to the tests and stop it after them."""
    yield server
    server.stop()
