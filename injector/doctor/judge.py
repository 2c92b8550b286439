"""All findings about everything that was gathered, in the order of what to do first. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from injector.doctor import pod_layout as layout
from injector.doctor.facts import ExternalSecretFacts, Facts, Manifest, PodFacts, StoreFacts, Unread
from injector.doctor.finding import Finding, in_order
from injector.doctor.judge_cluster import judge_cluster, not_served
from injector.doctor.judge_external_secret import judge_external_secret
from injector.doctor.judge_pod import judge_pod, judge_refusals
from injector.doctor.judge_webhook import judge_webhooks
from injector.doctor.status import condition, moment
from secretcore.field_managers import written_at
from secretcore.names import MANAGER

LATELY = timedelta(hours=1)
"""A status is written when it changes, and a controller that can't be seen otherwise may run anywhere."""


def judge(facts: Facts) -> list[Finding]:
    """The findings."""
    return in_order(_findings(facts))


def _findings(facts: Facts) -> Iterator[Finding]:
    cluster_stores = any(
        store.name.kind == "ClusterSecretStore" for each in facts.external_secrets for store in each.stores
    )
    yield from judge_cluster(facts.cluster, facts.now, cluster_stores=cluster_stores, works=_works(facts))
    if not facts.served:
        yield from not_served(facts.cluster)
    opted_in = any(_opted_in(pod) for pod in facts.pods)
    yield from judge_webhooks(facts.cluster.webhooks, pods_opted_in=opted_in)
    for external_secret in facts.external_secrets:
        yield from judge_external_secret(external_secret, facts.now)
    for pod in facts.pods:
        yield from judge_pod(pod)
    yield from judge_refusals(facts.refused)


def _works(facts: Facts) -> bool:
    """Whether an ExternalSecret is ready, since somebody made it so, or this controller wrote a status a while ago."""
    secrets, stores = facts.external_secrets, [store for each in facts.external_secrets for store in each.stores]
    ready = any((condition(each, "Ready") or {}).get("status") == "True" for each in _read(secrets))
    written = (moment(written_at(each, MANAGER)) for each in _read([*secrets, *stores]))
    return ready or any(at is not None and facts.now - at < LATELY for at in written)


def _read(several: Iterable[ExternalSecretFacts | StoreFacts]) -> Iterator[Manifest]:
    for each in several:
        if each.manifest and not isinstance(each.manifest, Unread):
            yield each.manifest


def _opted_in(pod: PodFacts) -> bool:
    return pod.manifest is not None and not isinstance(pod.manifest, Unread) and layout.opted_in(pod.manifest)
