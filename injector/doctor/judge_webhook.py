"""What is wrong with the webhooks that the API server calls for our kinds and for pods. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from injector.doctor.facts import Unread, WebhookFacts, known
from injector.doctor.finding import Finding, Order


def judge_webhooks(webhooks: Sequence[WebhookFacts] | Unread, *, pods_opted_in: bool) -> Iterator[Finding]:
    """`pods_opted_in` says whether there is a pod that the injector's webhook should have changed."""
    if isinstance(webhooks, Unread):
        return
    for webhook in webhooks:
        yield from _webhook(webhook)
    if pods_opted_in and not any(for_pods(webhook.webhook) for webhook in webhooks):
        remedy = "install the chart with injector.enabled"
        problem = "there is no MutatingWebhookConfiguration of it, so that no pod gets its files"
        yield Finding(Order.WEBHOOK, "the injector's webhook", problem, remedy)


def for_pods(webhook: Mapping[str, Any]) -> bool:
    """Whether pods are what it is called for."""
    return any("pods" in (rule.get("resources") or ()) for rule in webhook.get("rules") or ())


def _webhook(facts: WebhookFacts) -> Iterator[Finding]:
    about = str(facts.configuration)
    webhook = facts.webhook
    fails = webhook.get("failurePolicy") != "Ignore"
    what = ", ".join(sorted({kind for rule in webhook.get("rules") or () for kind in rule.get("resources") or ()}))
    follows = f"so that {what} are refused" if fails else f"so that {what} pass unseen"
    client = webhook.get("clientConfig") or {}
    service = client.get("service") or {}
    name = f"Service {service.get('namespace')}/{service.get('name')}"
    delete = f"start what serves it, or, if it was left behind, kubectl delete {facts.configuration.kind} "
    remedy = f"{delete}{facts.configuration.name}"
    if facts.service is None:
        yield Finding(Order.WEBHOOK, about, f"its {name} does not exist, {follows}", remedy)
    elif not isinstance(facts.slices, Unread) and not _has_endpoint(facts):
        yield Finding(Order.WEBHOOK, about, f"its {name} has no ready endpoint, {follows}", remedy)
    if not client.get("caBundle") and service:
        problem = f"it has no caBundle, so that the API server trusts no certificate of {name}, {follows}"
        yield Finding(Order.WEBHOOK, about, problem, "see that what keeps its certificate runs and may patch it")


def _has_endpoint(facts: WebhookFacts) -> bool:
    endpoints = (each for one in known(facts.slices) for each in one.get("endpoints") or ())
    return any((each.get("conditions") or {}).get("ready") is not False for each in endpoints)
