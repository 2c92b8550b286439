"""Reads what all ExternalSecrets and pods depend on: definitions, controllers, their rights, webhooks."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from injector.doctor.facts import Answer, ClusterFacts, Right, Unread, WebhookFacts, known
from injector.doctor.reading import Reading
from injector.kinds import CLUSTER_SECRET_STORES, EXTERNAL_SECRETS, SECRET_STORES
from injector.local.manifests import Name
from kubecore.resources import (
    CONFIG_MAPS,
    CUSTOM_RESOURCE_DEFINITIONS,
    DEPLOYMENTS,
    ENDPOINT_SLICES,
    EVENTS,
    LEASES,
    MUTATING_WEBHOOKS,
    SECRETS,
    SERVICE_ACCOUNTS,
    SERVICES,
    VALIDATING_WEBHOOKS,
    Resource,
)
from kubecore.wire import Selector

GROUP = EXTERNAL_SECRETS.group
OURS = Selector(labels="app.kubernetes.io/part-of=external-secrets-injector")
OPERATOR = Selector(labels="app.kubernetes.io/name=external-secrets")
LEASE = Selector(fields="metadata.name=external-secrets-controller")
KINDS = (EXTERNAL_SECRETS, SECRET_STORES, CLUSTER_SECRET_STORES)
NEEDED: tuple[tuple[Resource, str, tuple[str, ...]], ...] = (
    (EXTERNAL_SECRETS, "", ("get", "list", "watch", "patch")),
    (EXTERNAL_SECRETS, "status", ("patch",)),
    (SECRET_STORES, "", ("get", "list", "watch", "patch")),
    (SECRET_STORES, "status", ("patch",)),
    (SECRETS, "", ("get", "list", "watch", "create", "update", "delete")),
    (CONFIG_MAPS, "", ("get", "list", "watch")),
    (SERVICE_ACCOUNTS, "token", ("create",)),
    (EVENTS, "", ("create", "patch")),
)
"""What a controller does in a namespace that it serves."""


async def gather_cluster(
    reading: Reading, namespace: str, account: tuple[str, str] | None, system: str
) -> ClusterFacts:
    """`account` is the controller's ServiceAccount, its namespace and name, where it was told; `system` the namespace
    in which controller and webhooks run, "" where that is not known.
    """
    definitions, ours, operators, leases, missing, webhooks = await asyncio.gather(
        _definitions(reading),
        reading.list(DEPLOYMENTS, system, OURS),
        reading.list(DEPLOYMENTS, system, OPERATOR),
        reading.list(LEASES, system, LEASE),
        _missing_rights(reading, namespace, account),
        _webhooks(reading, system),
    )
    told = "/".join(account) if account else ""
    return ClusterFacts(definitions, ours, operators, leases, told, missing, webhooks)


async def _definitions(reading: Reading) -> dict[str, Answer]:
    names = [f"{kind.plural}.{GROUP}" for kind in KINDS]
    answers = await asyncio.gather(*(reading.get(CUSTOM_RESOURCE_DEFINITIONS, name) for name in names))
    return dict(zip(names, answers, strict=True))


async def _missing_rights(
    reading: Reading, namespace: str, account: tuple[str, str] | None
) -> Sequence[Right] | Unread:
    if account is None:
        return ()
    wanted = [(verb, resource, sub) for resource, sub, verbs in NEEDED for verb in verbs]
    answers = await asyncio.gather(
        *(reading.allows(account, verb, resource, namespace, sub) for verb, resource, sub in wanted)
    )
    if unread := next((answer for answer in answers if isinstance(answer, Unread)), None):
        return unread
    return [
        Right(verb, f"{resource.plural}/{sub}" if sub else resource.plural, namespace)
        for (verb, resource, sub), allowed in zip(wanted, answers, strict=True)
        if not allowed
    ]


async def _webhooks(reading: Reading, system: str) -> Sequence[WebhookFacts] | Unread:
    listed = await asyncio.gather(reading.list(MUTATING_WEBHOOKS), reading.list(VALIDATING_WEBHOOKS))
    if isinstance(listed[0], Unread):
        return listed[0]
    found = [pair for each in listed for pair in _related(known(each), system)]
    return await asyncio.gather(*(_webhook(reading, name, webhook) for name, webhook in found))


def _related(configurations: Sequence[Mapping[str, Any]], system: str) -> Iterable[tuple[Name, Mapping[str, Any]]]:
    """This project's webhooks and ESO's, by the domain that their names are in."""
    for configuration in configurations:
        for webhook in configuration.get("webhooks") or ():
            service = (webhook.get("clientConfig") or {}).get("service") or {}
            elsewhere = bool(system) and service.get("namespace") != system
            if str(webhook.get("name")).endswith(GROUP) and not elsewhere:
                yield Name(str(configuration["kind"]), "", str(configuration["metadata"]["name"])), webhook


async def _webhook(reading: Reading, name: Name, webhook: Mapping[str, Any]) -> WebhookFacts:
    service = (webhook.get("clientConfig") or {}).get("service")
    if not service:
        return WebhookFacts(name, webhook, Unread("it is called by URL"), Unread("it is called by URL"))
    selector = Selector(labels=f"kubernetes.io/service-name={service['name']}")
    found, slices = await asyncio.gather(
        reading.get(SERVICES, service["name"], service["namespace"]),
        reading.list(ENDPOINT_SLICES, service["namespace"], selector),
    )
    return WebhookFacts(name, webhook, found, slices)
