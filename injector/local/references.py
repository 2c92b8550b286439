"""Reads from a cluster what is not among the files: ExternalSecrets that were asked for by name, and the stores,
namespaces and templates that ExternalSecrets refer to. As the kubeconfig's user, who may read what that user may.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from injector.kinds import CLUSTER_SECRET_STORES, EXTERNAL_SECRETS, SECRET_STORES
from injector.local.manifests import Manifests, Name, WrongCall
from injector.progress import Progress
from kubecore.errors import ApiError, KindNotServed, NotFound
from kubecore.resources import CONFIG_MAPS, NAMESPACES, SECRETS
from kubecore.verbs import Client
from secretcore.errors import InvalidSpec
from secretcore.parse import parse_external_secret, plan_external_secret
from secretcore.plan import sources_of

KINDS = {
    resource.kind: resource
    for resource in (EXTERNAL_SECRETS, SECRET_STORES, CLUSTER_SECRET_STORES, NAMESPACES, SECRETS, CONFIG_MAPS)
}


@dataclass(frozen=True, slots=True)
class Read:
    """The manifests, completed from a cluster."""

    manifests: Manifests
    unread: Mapping[Name, str]
    """What the cluster would not tell, and why. What it does not have is in neither."""


def references(manifest: Mapping[str, Any], namespace: str) -> Iterator[Name]:
    """The objects that an ExternalSecret refers to; none where it can't be understood."""
    try:
        plan = plan_external_secret(parse_external_secret(manifest).spec)
    except InvalidSpec:
        return
    for ref in dict.fromkeys(step.store for step in plan.steps if step.store):
        if ref.kind == "ClusterSecretStore":
            yield Name("Namespace", "", namespace)
            yield Name(ref.kind, "", ref.name)
        else:
            yield Name(ref.kind, namespace, ref.name)
    for source in sources_of(plan.template):
        yield Name(source.kind, namespace, source.name)


async def named(
    client: Client, names: Sequence[str], namespace: str, progress: Progress
) -> Mapping[Name, Mapping[str, Any]]:
    """The ExternalSecrets of these names. Raises `WrongCall` for one that there is none of, `ApiError`."""
    wanted = [Name("ExternalSecret", namespace, name) for name in names]
    progress.expect(len(wanted))
    found = await asyncio.gather(*(_named(client, each, progress) for each in wanted))
    return dict(zip(wanted, found, strict=True))


async def _named(client: Client, name: Name, progress: Progress) -> Mapping[str, Any]:
    try:
        with progress.during(str(name)):
            return await client.get(EXTERNAL_SECRETS, name.name, name.namespace)
    except KindNotServed:
        raise WrongCall("the cluster does not serve external-secrets.io/v1; install the CRDs first") from None
    except NotFound:
        raise WrongCall(f"no file is called so, nor is there an {name} in the cluster") from None


async def completed(client: Client, manifests: Manifests, progress: Progress) -> Read:
    """The manifests, and what their ExternalSecrets refer to."""
    wanted = {
        each: None
        for name, manifest in manifests.of_kind("ExternalSecret")
        for each in references(manifest, name.namespace)
        if each not in manifests.objects
    }
    progress.expect(len(wanted))
    answers = await asyncio.gather(*(_read(client, name, progress) for name in wanted))
    found = {name: answer for name, answer in zip(wanted, answers, strict=True) if isinstance(answer, dict)}
    unread = {name: answer for name, answer in zip(wanted, answers, strict=True) if isinstance(answer, str)}
    return Read(Manifests({**manifests.objects, **found}, manifests.unreadable), unread)


async def _read(client: Client, name: Name, progress: Progress) -> dict[str, Any] | str | None:
    with progress.during(str(name)):
        try:
            return await client.get(KINDS[name.kind], name.name, name.namespace)
        except NotFound:
            return None
        except ApiError as error:
            return str(error)
