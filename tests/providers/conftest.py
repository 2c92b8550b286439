"""Stores that several files of tests here use."""

import pytest

from tests.providers.aws_store import AWS
from tests.support.faults import FaultProxy


@pytest.fixture
def aws(moto, fault_proxies, monkeypatch):
    """AWS as moto plays it, with a fault proxy before it."""
    proxy = FaultProxy(moto.url)
    fault_proxies.append(proxy)
    for service in ("SECRETSMANAGER", "STS"):
        monkeypatch.setenv(f"AWS_{service}_ENDPOINT", proxy.url)
    return AWS(moto, proxy)
