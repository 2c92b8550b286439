"""What is wrong with a pod that opted in: whether the webhook saw it, and how its agent fares. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from injector.doctor import pod_layout as layout
from injector.doctor.facts import Listed, PodFacts, Unread, known
from injector.doctor.finding import Finding, Order
from injector.doctor.status import condition, last_seen, last_warning

Manifest = Mapping[str, Any]

RECREATE = "delete the pod, so that it is created anew, once the webhook is reachable and serves its namespace"


def judge_pod(facts: PodFacts) -> Iterator[Finding]:
    """Everything that is wrong with it."""
    about = str(facts.name)
    if isinstance(facts.manifest, Unread):
        return
    if facts.manifest is None:
        yield Finding(Order.REFERENCE, about, "it does not exist", "see below for pods that were refused, or list pods")
        yield from judge_refusals(facts.refused)
        return
    pod = facts.manifest
    if not layout.opted_in(pod):
        remedy = f"annotate the pod (the template of a Deployment) with {layout.INJECT}"
        yield Finding(Order.INJECTION, about, "it did not opt in: it has no annotation of the injector", remedy)
        return
    yield from _injected(about, pod)
    yield from _agent(about, pod)
    yield from _pod_condition(about, pod, facts.events)


def judge_refusals(refused: Listed) -> Iterator[Finding]:
    """Pods that could not be created because the webhook said no, by who wanted to create them."""
    ours = [event for event in known(refused) if "external-secrets.io" in str(event.get("message"))]
    newest = {_creator(event): event for event in sorted(ours, key=last_seen)}
    for about, event in newest.items():
        message = " ".join(str(event.get("message")).split())
        yield Finding(Order.INJECTION, about, f"its pods can't be created: {message}", "do as the sentence says")


def _creator(event: Manifest) -> str:
    who = event["involvedObject"]
    return f"{who.get('kind')} {event['metadata']['namespace']}/{who.get('name')}"


def _injected(about: str, pod: Manifest) -> Iterator[Finding]:
    if not layout.injected_names(pod):
        remedy = f"name the ExternalSecrets in {layout.INJECT}, separated by commas"
        yield Finding(Order.INJECTION, about, f"its annotation {layout.INJECT} names no ExternalSecret", remedy)
    elif not layout.agent_containers(pod):
        problem = "it opted in, and has no agent: the webhook did not see it when it was created"
        yield Finding(Order.INJECTION, about, problem, RECREATE)
    elif not layout.has_handoff(pod) or not layout.has_files_volume(pod):
        yield Finding(Order.INJECTION, about, "its agent lacks its hand-off or the volume with the files", RECREATE)
    elif not layout.readers(pod):
        problem = "none of its containers mounts the files"
        yield Finding(Order.INJECTION, about, problem, f"see its annotation {layout.PREFIX}containers, and {RECREATE}")


def _agent(about: str, pod: Manifest) -> Iterator[Finding]:
    for name, status in layout.agent_states(pod):
        state, last = status.get("state") or {}, status.get("lastState") or {}
        ended = state.get("terminated") or last.get("terminated") or {}
        waiting = state.get("waiting") or {}
        if ended and ended.get("exitCode") != 0:
            said = " ".join(str(ended.get("message") or "").split())
            problem = f"container {name} ended with exit code {ended.get('exitCode')} ({ended.get('reason')})"
            if said:
                problem = f"{problem}, and said: {said}"
            log = f"see its log: kubectl logs {pod['metadata']['name']} -n {pod['metadata'].get('namespace')} -c {name}"
            yield Finding(Order.AGENT, about, problem, log)
        elif waiting and waiting.get("reason") not in ("PodInitializing", "ContainerCreating"):
            said = f": {waiting['message']}" if waiting.get("message") else ""
            problem = f"container {name} waits ({waiting.get('reason')}){said}"
            yield Finding(Order.AGENT, about, problem, "see the pod's events: kubectl describe pod")
        elif state.get("running") and not status.get("ready", True):
            problem = f"container {name} runs and is not ready: it has not all files, or they are too old"
            log = f"see its log: kubectl logs {pod['metadata']['name']} -n {pod['metadata'].get('namespace')} -c {name}"
            yield Finding(Order.AGENT, about, problem, log)


def _pod_condition(about: str, pod: Manifest, events: Listed) -> Iterator[Finding]:
    """What keeps the agent from starting at all: no node, a volume that can't be mounted."""
    scheduled = condition(pod, "PodScheduled") or {}
    if scheduled.get("status") == "False":
        problem = f"it has no node ({scheduled.get('reason')}): {scheduled.get('message')}"
        yield Finding(Order.AGENT, about, problem, "see that the cluster has room for it")
        return
    mounts = [each for each in known(events) if each.get("reason") == "FailedMount"]
    starts = [status for _, status in layout.agent_states(pod) if (status.get("state") or {}).get("running")]
    if (said := last_warning(mounts)) and not starts:
        yield Finding(Order.AGENT, about, f"a volume can't be mounted: {said}", "create what the volume names")
