"""All findings about everything that was gathered, in the order of what to do first. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from injector.doctor import pod_layout as layout
from injector.doctor.facts import Facts, PodFacts, Unread
from injector.doctor.finding import Finding, in_order
from injector.doctor.judge_cluster import judge_cluster, not_served
from injector.doctor.judge_external_secret import judge_external_secret
from injector.doctor.judge_pod import judge_pod, judge_refusals
from injector.doctor.judge_webhook import judge_webhooks
from injector.doctor.status import condition


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
    """Whether an ExternalSecret is ready: then somebody made it so."""
    manifests = (each.manifest for each in facts.external_secrets)
    conditions = (
        condition(manifest, "Ready") for manifest in manifests if manifest and not isinstance(manifest, Unread)
    )
    return any(ready is not None and ready.get("status") == "True" for ready in conditions)


def _opted_in(pod: PodFacts) -> bool:
    return pod.manifest is not None and not isinstance(pod.manifest, Unread) and layout.opted_in(pod.manifest)
