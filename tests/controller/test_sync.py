"""ExternalSecrets become Secrets, on a real API server."""

import pytest

from tests.controller.cluster import condition_of

pytestmark = pytest.mark.server


async def test_a_secret_appears_with_everything_that_eso_puts_on_it(cluster):
    await cluster.fake(db="swordfish")
    async with cluster.running():
        await cluster.external_secret(metadata={"labels": {"app": "db"}})
        secret = await cluster.data(password="swordfish")
        external_secret = await cluster.condition("True", "SecretSynced")
    metadata = secret["metadata"]
    assert metadata["labels"]["reconcile.external-secrets.io/managed"] == "true"
    assert metadata["labels"]["app"] == "db"
    assert metadata["annotations"]["reconcile.external-secrets.io/data-hash"]
    (owner,) = metadata["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["uid"]) == ("ExternalSecret", "db", external_secret["metadata"]["uid"])
    (fields,) = metadata["managedFields"]
    assert (fields["manager"], fields["operation"]) == ("externalsecrets.external-secrets.io/db", "Update")
    status = external_secret["status"]
    assert status["binding"] == {"name": "db"}
    assert status["refreshTime"]
    assert status["syncedResourceVersion"].startswith("1-")
    assert condition_of(external_secret)["message"] == "secret synced"
    assert "finalizers" not in external_secret["metadata"]
    assert cluster.reasons() == ["Created"]
