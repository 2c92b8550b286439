"""Pods in namespaces with a ResourceQuota, on the real API server: it counts the agent as any other container."""

import pytest

from tests.injector.webhook.quotas import limited, quota

pytestmark = pytest.mark.server

AGENT_VALUES = {"resources": {"limits": {"cpu": "250m"}}}


@pytest.mark.parametrize("mode", ["init", "sidecar", "native"])
def test_where_limits_are_counted_an_agent_with_a_limit_of_cpu_is_admitted(cluster, team, webhook, mode):
    quota(cluster, team, webhook.server)
    spec = team.make(limited(mode))["spec"]
    agents = [each for each in (*spec["initContainers"], *spec["containers"]) if each["name"] != "app"]
    assert len(agents) == (2 if mode == "sidecar" else 1)
    for agent in agents:
        assert agent["resources"] == {
            "requests": {"cpu": "5m", "memory": "32Mi"},
            "limits": {"cpu": "250m", "memory": "96Mi"},
        }
