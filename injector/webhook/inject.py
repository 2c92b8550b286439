"""One question, from the review to the decision: reads the annotations, gathers what they name, compiles, mutates.

`app` calls it for each request. It asks the view, and nobody else: no provider, no token, no Secret.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Protocol, TypeVar

from injector.webhook import external_secrets, stores
from injector.webhook.admission import Answer, Review, refused
from injector.webhook.annotations import Injection, read_annotations, wants_injection
from injector.webhook.compile import Found, Unusable, about, compile_pod, config_maps_of, logins_of, store_refs
from injector.webhook.mutate import identity_of, mutate
from injector.webhook.options import Options
from injector.webhook.stores import Pod
from secretcore.errors import SecretError, StoreUnavailable
from secretcore.plan import StoreRef

SECONDS = 8.0
"""That a question may take, so that the API server gets a sentence before its own patience ends."""
TOLD = 5
"""Missing objects that one refusal names."""
K = TypeVar("K", str, StoreRef)
T = TypeVar("T")


class Cluster(Protocol):
    """What is asked about a cluster. Each raises `SecretError` where it has not what is asked for."""

    async def external_secret(self, namespace: str, name: str) -> external_secrets.Examined: ...

    async def store(self, ref: StoreRef, namespace: str) -> stores.Examined: ...

    async def has_config_map(self, namespace: str, name: str) -> bool: ...

    async def labels(self, namespace: str) -> Mapping[str, str]: ...


async def decide(review: Review, cluster: Cluster, options: Options) -> Answer:
    """Whatever is wrong becomes a refusal, with a sentence."""
    pod = review.pod
    if pod is None or not wants_injection(pod["metadata"].get("annotations") or {}):
        return Answer()
    try:
        injection = read_annotations(pod["metadata"]["annotations"])
        who = identity_of(pod, review.namespace)
        async with asyncio.timeout(SECONDS):
            found = await gather(injection, who, cluster)
        made = mutate(pod, injection, who, compile_pod(injection, who, found), options)
    except TimeoutError:
        late = "the API server did not tell in time what the pod names"
        return refused(StoreUnavailable(late, remedy="create the pod again"))
    except SecretError as error:
        return refused(error)
    return Answer(pod=made.pod, warnings=made.warnings, mode=made.mode)


async def gather(injection: Injection, who: Pod, cluster: Cluster) -> Found:
    """All that the annotations name. Raises `SecretError` that names everything that is missing."""
    secrets = await _all(
        injection.names, lambda name: cluster.external_secret(who.namespace, name), 'ExternalSecret "{}"'
    )
    known = await _all(store_refs(secrets.values()), lambda ref: cluster.store(ref, who.namespace), "{}")
    logins = logins_of(known, who)
    labels = await cluster.labels(who.namespace) if any(each.asks_for_labels for each in known.values()) else {}
    config_maps = [
        name
        for name in config_maps_of(secrets.values(), logins.values())
        if await cluster.has_config_map(who.namespace, name)
    ]
    return Found(secrets, known, logins, labels, frozenset(config_maps))


async def _all(keys: Iterable[K], ask: Callable[[K], Awaitable[T]], title: str) -> dict[K, T]:
    found: dict[K, T] = {}
    errors: list[SecretError] = []
    for key in keys:
        try:
            found[key] = await ask(key)
        except SecretError as error:
            errors.append(about(title.format(key), error))
    if len(errors) > 1:
        told: list[str] = [str(error) for error in errors[:TOLD]]
        more: list[str] = [f"and {len(errors) - TOLD} more"] if len(errors) > TOLD else []
        first = next((error for error in errors if error.transient), errors[0])
        kind = StoreUnavailable if first.transient else Unusable
        raise kind("; ".join([*told, *more]), remedy=first.remedy)
    if errors:
        raise errors[0]
    return found
