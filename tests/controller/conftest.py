"""The CRDs on the real API server, and clients of it."""

import ssl

import pytest
import yaml

from kubecore import client
from kubecore.resources import CUSTOM_RESOURCE_DEFINITIONS
from tests.controller.cluster import Cluster
from tests.controller.process import Process
from tests.support.faults import FaultProxy
from tests.support.paths import ROOT


@pytest.fixture(scope="session")
def served(control_plane):
    """The API server, with our kinds."""
    for path in sorted((ROOT / "crds").glob("*.yaml")):
        manifest = yaml.safe_load(path.read_text())
        name = manifest["metadata"]["name"]
        control_plane.request(
            "PATCH",
            f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}?fieldManager=test&force=true",
            manifest,
            content_type="application/apply-patch+yaml",
        )
    return control_plane


@pytest.fixture
async def api(served):
    async with await client.from_kubeconfig("controller-tests/1.0", served.kubeconfig) as admin:
        for kind in ("externalsecrets", "secretstores", "clustersecretstores"):
            await _established(admin, f"{kind}.external-secrets.io")
        yield admin


@pytest.fixture
def proxy(served, authority):
    """Breaks what is scripted on the way to the API server."""
    trust = ssl.create_default_context(cafile=served.ca_file)
    with FaultProxy(served.url, upstream_tls=trust, tls=authority.server_context()) as proxy:
        yield proxy


@pytest.fixture
def through_proxy(served, authority, proxy, tmp_path):
    """A kubeconfig that goes through the proxy."""
    config = served.kubeconfig_for(served.token, url=proxy.url, ca_file=authority.ca_file)
    path = tmp_path / "through-the-proxy"
    path.write_text(yaml.safe_dump(config))
    return path


@pytest.fixture
async def proxied(through_proxy):
    """A client that goes through the proxy."""
    async with await client.from_kubeconfig("controller-tests/1.0", through_proxy) as broken:
        yield broken


@pytest.fixture
def cluster(api, namespace):
    return Cluster(api, namespace)


@pytest.fixture
def start(cluster, served, tmp_path):
    """Starts replicas, and ends them after the test."""
    started = []

    def start(name="controller", *flags, kubeconfig=served.kubeconfig):
        started.append(Process(cluster, kubeconfig, tmp_path, name, *flags))
        return started[-1]

    yield start
    for process in started:
        process.server.stop()


async def _established(admin, name):
    while True:
        definition = await admin.get(CUSTOM_RESOURCE_DEFINITIONS, name)
        conditions = (definition.get("status") or {}).get("conditions") or ()
        if any(each["type"] == "Established" and each["status"] == "True" for each in conditions):
            return
