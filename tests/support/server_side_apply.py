"""Server-side apply: how tests make an object, or make it like this. The product writes in other ways."""

from typing import Any

from kubecore.resources import Resource
from kubecore.verbs import Client
from kubecore.wire import Manifest, call_to, named


async def apply(client: Client, resource: Resource, manifest: Manifest) -> Any:
    """The object as it is then."""
    metadata = manifest["metadata"]
    call = call_to(
        "apply", "PATCH", resource, metadata.get("namespace", ""), metadata["name"],
        query={"fieldManager": "test", "force": "true"}, body=named(resource, manifest),
        content_type="application/apply-patch+yaml",
    )  # fmt: skip
    return await client._connection.send(call)
