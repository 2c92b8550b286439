"""What is wrong with what all depends on: definitions, controllers and their rights. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from injector.doctor.facts import Answer, ClusterFacts, Unread, known
from injector.doctor.finding import Finding, Order
from injector.doctor.status import condition, moment, words

Manifest = Mapping[str, Any]

SLACK = timedelta(seconds=30)
"""For clocks that differ."""
VERSION = "v1"
INSTALL = "install them: kubectl apply --server-side -f crds/"
_CLASS = re.compile(r"--controller-class(?:=(.*))?")


def judge_cluster(facts: ClusterFacts, now: datetime, *, cluster_stores: bool, works: bool) -> Iterator[Finding]:
    """`cluster_stores` says whether a ClusterSecretStore is asked for, `works` whether there are traces of a
    controller at work.
    """
    for name, definition in facts.definitions.items():
        if cluster_stores or not name.startswith("cluster"):
            yield from _definition(name, definition)
    yield from _controllers(facts, now, works=works)
    if not isinstance(facts.missing_rights, Unread):
        for right in facts.missing_rights:
            problem = f"it may not {right.verb} {right.what} in namespace {right.namespace}"
            remedy = "bind the chart's role to it (rbac.create), or serve another namespace"
            yield Finding(Order.RIGHTS, f"ServiceAccount {facts.account}", problem, remedy)


def not_served(facts: ClusterFacts) -> Iterator[Finding]:
    """The API server does not know ExternalSecrets. Who may read the definition has been told why."""
    for name, definition in facts.definitions.items():
        if name.startswith("externalsecrets.") and isinstance(definition, Unread):
            problem = f"it is not installed, or does not serve {VERSION}"
            yield Finding(Order.DEFINITIONS, f"CustomResourceDefinition {name}", problem, INSTALL)


def _definition(name: str, definition: Answer) -> Iterator[Finding]:
    about = f"CustomResourceDefinition {name}"
    if isinstance(definition, Unread):
        return
    if definition is None:
        yield Finding(Order.DEFINITIONS, about, "it is not installed", INSTALL)
        return
    versions = {each.get("name"): each for each in (definition.get("spec") or {}).get("versions") or ()}
    served = [str(name) for name, each in versions.items() if each.get("served")]
    if VERSION not in served:
        problem = f"it does not serve {VERSION}, only {', '.join(served) or 'nothing'}"
        yield Finding(Order.DEFINITIONS, about, problem, INSTALL)
    established = condition(definition, "Established")
    if established is None or established.get("status") != "True":
        accepted = condition(definition, "NamesAccepted") or {}
        problem = "the API server has not established it" + (
            f": {accepted.get('message')}" if accepted.get("status") == "False" else ""
        )
        yield Finding(Order.DEFINITIONS, about, problem, "see its conditions; another definition may have its names")


def _controllers(facts: ClusterFacts, now: datetime, *, works: bool) -> Iterator[Finding]:
    ours = [each for each in known(facts.ours) if _component(each) in ("controller", "")]
    at_work = [each for each in (*ours, *known(facts.operators)) if _available(each)]
    leases = [lease for lease in known(facts.leases) if (lease.get("spec") or {}).get("holderIdentity")]
    fresh = [lease for lease in leases if _silence(lease, now) is None]
    for deployment in (*ours, *known(facts.operators)):
        if not _available(deployment) and not at_work:
            yield Finding(Order.CONTROLLER, _about(deployment), *_unavailable(deployment))
    if leases and not fresh:
        yield from (_stale(lease, now) for lease in leases)
    unknown = isinstance(facts.ours, Unread) or isinstance(facts.operators, Unread)
    if not (ours or known(facts.operators) or fresh or leases or works or unknown):
        remedy = "install the chart, or start python -m controller"
        yield Finding(Order.CONTROLLER, "the controller", "there is neither a Deployment nor a Lease of one", remedy)
    yield from _two_at_once(ours, known(facts.operators), fresh)


def _two_at_once(
    ours: Sequence[Manifest], operators: Sequence[Manifest], fresh: Sequence[Manifest]
) -> Iterator[Finding]:
    """Both write the same objects, in turns, unless their stores' class keeps them apart."""
    for operator in operators:
        for deployment in ours:
            if _available(operator) and _available(deployment) and _class(operator) == _class(deployment):
                metadata = operator["metadata"]
                remedy = (
                    "stop one of them, or give them classes: kubectl scale deployment "
                    f"{metadata['name']} -n {metadata['namespace']} --replicas=0"
                )
                problem = f"it serves the same objects as the External Secrets Operator ({_about(operator)})"
                yield Finding(Order.CONTROLLER, _about(deployment), problem, remedy)
                return
    if len(fresh) > 1 and not (ours and operators):
        names = " and ".join(f"{lease['metadata']['namespace']}/{lease['metadata']['name']}" for lease in fresh)
        problem = f"two controllers are at work at once, which hold the Leases {names}"
        yield Finding(Order.CONTROLLER, "the controller", problem, "stop one, or let them serve different namespaces")


def _stale(lease: Manifest, now: datetime) -> Finding:
    metadata, spec = lease["metadata"], lease["spec"]
    since = words(_silence(lease, now) or timedelta(0))
    problem = f"{spec['holderIdentity']} has not renewed it for {since}"
    return Finding(
        Order.CONTROLLER,
        f"Lease {metadata['namespace']}/{metadata['name']}",
        problem,
        "see that the controller runs and reaches the API server",
    )


def _silence(lease: Manifest, now: datetime) -> timedelta | None:
    """For how long it has not been renewed, where that is too long."""
    spec = lease["spec"]
    renewed = moment(spec.get("renewTime"))
    if renewed is None:
        return timedelta(0)
    since = now - renewed
    return since if since > timedelta(seconds=float(spec.get("leaseDurationSeconds") or 15)) + SLACK else None


def _unavailable(deployment: Manifest) -> tuple[str, str]:
    metadata = deployment["metadata"]
    if (deployment.get("spec") or {}).get("replicas") == 0:
        return "it is scaled to zero, and no other controller runs", "scale it up"
    progress = condition(deployment, "Available") or {}
    said = f": {progress.get('message')}" if progress.get("message") else ""
    return (
        f"none of its pods is available{said}",
        f"kubectl describe pods -n {metadata['namespace']} -l {_labels(deployment)}",
    )


def _labels(deployment: Manifest) -> str:
    selector = ((deployment.get("spec") or {}).get("selector") or {}).get("matchLabels") or {}
    return ",".join(f"{key}={value}" for key, value in selector.items())


def _available(deployment: Manifest) -> bool:
    return bool((deployment.get("status") or {}).get("availableReplicas"))


def _component(deployment: Manifest) -> str:
    return str((deployment["metadata"].get("labels") or {}).get("app.kubernetes.io/component") or "")


def _class(deployment: Manifest) -> str:
    """The class of stores that it serves, as its arguments say."""
    pod = ((deployment.get("spec") or {}).get("template") or {}).get("spec") or {}
    arguments = [str(each) for container in pod.get("containers") or () for each in container.get("args") or ()]
    for index, argument in enumerate(arguments):
        if found := _CLASS.fullmatch(argument):
            return found[1] or "".join(arguments[index + 1 : index + 2])
    return "default"


def _about(deployment: Manifest) -> str:
    metadata = deployment["metadata"]
    return f"Deployment {metadata['namespace']}/{metadata['name']}"
