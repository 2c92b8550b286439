"""The real API server, with a webhook that the chart installed."""

from itertools import count

import pytest

from tests.injector.webhook.building import external_secret, store
from tests.injector.webhook.installed import Installed, Namespace, Webhook

NUMBERS = count(1)


@pytest.fixture(scope="session")
def cluster(control_plane, crds):
    return control_plane


@pytest.fixture(scope="module")
def installed(cluster, tmp_path_factory, request):
    """A release and a replica of it, for all tests of a module, which may say what agents are made of."""
    agent = getattr(request.module, "AGENT_VALUES", None)
    it = Installed(cluster, cluster.create_namespace(f"injector-{next(NUMBERS)}"), agent=agent)
    it.webhook = Webhook(it.release, tmp_path_factory.mktemp("webhook"), it.port)
    try:
        yield it
    finally:
        it.webhook.server.stop()
        it.release.remove()


@pytest.fixture
def webhook(installed):
    return installed.webhook.ready()


@pytest.fixture
def team(cluster, namespace, webhook):
    """A namespace with a store and an ExternalSecret, which the webhook knows or reads."""
    it = Namespace(cluster, namespace)
    it.make(store())
    it.make(external_secret())
    return it
