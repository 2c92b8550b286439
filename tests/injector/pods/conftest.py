"""Pods as a user has them: stored by the real API server with what the webhook adds, run on the test bed's node."""

from itertools import count

import pytest

from tests.injector.pods.shop import Shop
from tests.injector.webhook.installed import Installed, Webhook
from tests.support.node import Node
from tests.support.processes import free_port

NUMBERS = count(1)


@pytest.fixture(scope="module")
def installed(control_plane, crds, tmp_path_factory):
    """The webhook, as the chart installs it, with agents that give up after some seconds."""
    values = {"agent": {"port": free_port(), "deadline": "10s", "volumeSize": "512Ki"}}
    it = Installed(control_plane, control_plane.create_namespace(f"injected-pods-{next(NUMBERS)}"), values)
    it.webhook = Webhook(it.release, tmp_path_factory.mktemp("webhook"), it.port)
    try:
        yield it
    finally:
        it.webhook.server.stop()
        it.release.remove()


@pytest.fixture
def shop(control_plane, installed, openbao, namespace, tmp_path):
    """The manifests of examples/pod, applied in a namespace of its own, with their secret in OpenBao."""
    installed.webhook.ready()
    it = Shop(control_plane, openbao, namespace, Node(control_plane, tmp_path))
    try:
        yield it
    finally:
        it.close()
