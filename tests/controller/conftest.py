"""The API server with our kinds, an administrator for what a test does itself, and the chart's ServiceAccount for every
controller that it runs: nothing that a controller does here rests on more rights than `helm install` gives it.
"""

import ssl

import pytest
import yaml

from kubecore import client
from tests.chart.release import Release
from tests.controller.cluster import Cluster
from tests.controller.process import Process
from tests.support.faults import FaultProxy

A_DAY = 24 * 3600
AGENT = "controller-tests/1.0"


@pytest.fixture(scope="session")
def served(control_plane, crds):
    """The API server, with our kinds."""
    return control_plane


@pytest.fixture(scope="session")
def installed(served):
    """A release of the chart that serves all namespaces; its pods are the controllers of the tests."""
    namespace = served.create_namespace("external-secrets")
    release = Release(served, namespace, {"installCRDs": False, "replicaCount": 0})
    release.in_force()
    # The controllers of the tests stand for its pods; `doctor`, in other tests, would find a Deployment that has none.
    served.kubectl("delete", "deployment", release.deployment["metadata"]["name"], f"--namespace={namespace}")
    return release


@pytest.fixture(scope="session")
def token(served, installed):
    """The chart's ServiceAccount, as it shows itself to the API server."""
    return served.service_account_token(installed.namespace, installed.account, seconds=A_DAY)


@pytest.fixture(scope="session")
def kubeconfig(served, token, tmp_path_factory):
    """Of the chart's ServiceAccount."""
    path = tmp_path_factory.mktemp("installed") / "kubeconfig"
    path.write_text(yaml.safe_dump(served.kubeconfig_for(token)))
    return path


@pytest.fixture
async def api(served):
    """An administrator."""
    async with await client.from_kubeconfig(AGENT, served.kubeconfig) as admin:
        yield admin


@pytest.fixture
async def own(kubeconfig):
    """The chart's ServiceAccount."""
    async with await client.from_kubeconfig(AGENT, kubeconfig) as own:
        yield own


@pytest.fixture
def proxy(served, authority):
    """Breaks what is scripted on the way to the API server."""
    trust = ssl.create_default_context(cafile=served.ca_file)
    with FaultProxy(served.url, upstream_tls=trust, tls=authority.server_context()) as proxy:
        yield proxy


@pytest.fixture
def through_proxy(served, authority, token, proxy, tmp_path):
    """A kubeconfig of the chart's ServiceAccount that goes through the proxy."""
    config = served.kubeconfig_for(token, url=proxy.url, ca_file=authority.ca_file)
    path = tmp_path / "through-the-proxy"
    path.write_text(yaml.safe_dump(config))
    return path


@pytest.fixture
async def proxied(through_proxy):
    """A client of the chart's ServiceAccount that goes through the proxy."""
    async with await client.from_kubeconfig(AGENT, through_proxy) as broken:
        yield broken


@pytest.fixture
def cluster(api, own, namespace):
    return Cluster(api, namespace, own)


@pytest.fixture
def elected(installed, namespace):
    """The flags of a replica that competes for a lease in the namespace, and the chart's rights to it there."""
    installed.grant_lease(namespace)
    return "--enable-leader-election", f"--leader-election-namespace={namespace}"


@pytest.fixture
def start(cluster, kubeconfig, tmp_path):
    """Starts replicas, and ends them after the test."""
    started = []

    def start(name="controller", *flags, kubeconfig=kubeconfig):
        started.append(Process(cluster, kubeconfig, tmp_path, name, *flags))
        return started[-1]

    yield start
    for process in started:
        process.server.stop()
