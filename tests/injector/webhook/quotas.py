"""A ResourceQuota that the API server heeds, and pods that keep to it but for what is put into them."""

from tests.injector.webhook.building import annotated, pod

HARD = {
    f"{kind}.{what}": "8" if what == "cpu" else "8Gi" for kind in ("requests", "limits") for what in ("cpu", "memory")
}
APP = {"resources": {kind: {"cpu": "1", "memory": "1Gi"} for kind in ("requests", "limits")}}


def quota(cluster, team, server):
    """Returns when it is heeded: its controller has written a status by then."""
    path = f"/api/v1/namespaces/{team.name}/resourcequotas"
    manifest = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "all"}, "spec": {"hard": HARD}}
    cluster.request("POST", path, manifest)

    def is_heeded():
        try:
            team.make(pod(metadata={"name": "unlimited", "annotations": {}}), query="?dryRun=All")
        except RuntimeError as refused:
            return "must specify limits.cpu for: app" in str(refused)
        return False

    server.wait_until(is_heeded)


def limited(mode):
    metadata = {"name": f"app-{mode}", "annotations": annotated(inject="db", mode=mode)}
    return pod(metadata=metadata, containers=[{"name": "app", "image": "app:1", **APP}])
