"""What a webhook that is away does to a cluster: nothing, but to pods that need it."""

import pytest

from tests.injector.webhook.building import annotated, pod
from tests.injector.webhook.installed import Installed, Namespace

pytestmark = pytest.mark.server


@pytest.fixture
def away(cluster, namespace):
    """The chart without a process."""
    it = Installed(cluster, cluster.create_namespace(f"{namespace}-i"))
    yield it
    it.release.remove()
    cluster.request("DELETE", f"/api/v1/namespaces/{it.namespace}")


def test_pods_that_do_not_opt_in_never_reach_it_and_are_admitted_while_it_is_down(cluster, namespace, away):
    team = Namespace(cluster, namespace)
    # once pods that opt in are refused, the API server knows of the configuration
    opted = pod(metadata={"name": "opted", "annotations": annotated(inject="db")})

    def is_refused():
        with pytest.raises(RuntimeError) as raised:
            team.make(opted)
        return 'failed calling webhook \\"pods.injector.external-secrets.io\\"' in str(raised.value)

    cluster.apiserver.wait_until(is_refused)
    for name, metadata in {
        "bare": {},
        "other": {"annotations": {"prometheus.io/scrape": "true"}},
        "labelled": {"labels": {"injector.external-secrets.io/inject": "db"}},
    }.items():
        stored = team.make({**pod(), "metadata": {"name": name, **metadata}})
        assert [each["name"] for each in stored["spec"]["containers"]] == ["app"]
        assert "initContainers" not in stored["spec"]
