"""Clients of the real API server, straight and through the fault-injecting proxy."""

import ssl

import pytest
import yaml

from kubecore import client
from tests.support.faults import FaultProxy

AGENT = "kubecore-tests/1.0"


@pytest.fixture
async def api(control_plane):
    async with await client.from_kubeconfig(AGENT, control_plane.kubeconfig) as admin:
        yield admin


@pytest.fixture
def proxy(control_plane, authority):
    trust = ssl.create_default_context(cafile=control_plane.ca_file)
    with FaultProxy(control_plane.url, upstream_tls=trust, tls=authority.server_context()) as proxy:
        yield proxy


@pytest.fixture
async def proxied(control_plane, authority, proxy, tmp_path):
    config = control_plane.kubeconfig_for(control_plane.token, url=proxy.url, ca_file=authority.ca_file)
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    async with await client.from_kubeconfig(AGENT, path) as admin:
        yield admin
