"""Reads everything that the question is about: one ExternalSecret, one pod with what it names, or a whole namespace."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from injector.doctor import pod_layout as layout
from injector.doctor.facts import Facts, Listed, PodFacts, Unread, known
from injector.doctor.gather_cluster import gather_cluster
from injector.doctor.gather_external_secret import gather_external_secret
from injector.doctor.gather_pod import FAILED_CREATE, gather_pod
from injector.doctor.reading import Reading
from injector.kinds import EXTERNAL_SECRETS
from injector.local.manifests import Name
from kubecore.resources import EVENTS, PODS


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. `kind` is externalsecret, pod, or empty for all of both in the namespace."""

    kind: str
    name: str
    namespace: str
    account: tuple[str, str] | None = None
    """The controller's ServiceAccount, its namespace and name, where it was told."""
    system: str = ""
    """The namespace in which controller and webhooks run, where it was told."""


async def gather(reading: Reading, asked: Question, now: datetime) -> Facts:
    """All that is needed for an answer."""
    kind, name, namespace = asked.kind, asked.name, asked.namespace
    cluster, there = await asyncio.gather(
        gather_cluster(reading, namespace, asked.account, asked.system), reading.list(EXTERNAL_SECRETS, namespace)
    )
    refused: Listed = ()
    pods: list[PodFacts] = []
    if kind == "externalsecret":
        names = [name]
    elif kind == "pod":
        pods = [await gather_pod(reading, Name("Pod", namespace, name))]
        names = _named_by(pods)
    else:
        listed, refused = await asyncio.gather(
            reading.list(PODS, namespace), reading.list(EVENTS, namespace, FAILED_CREATE)
        )
        opted_in = [str(pod["metadata"]["name"]) for pod in known(listed) if layout.opted_in(pod)]
        pods = list(await asyncio.gather(*(gather_pod(reading, Name("Pod", namespace, each)) for each in opted_in)))
        names = [*(str(each["metadata"]["name"]) for each in known(there)), *_named_by(pods)]
    external_secrets = await asyncio.gather(
        *(
            gather_external_secret(reading, Name("ExternalSecret", namespace, each), there)
            for each in dict.fromkeys(names)
        )
    )
    served = not (isinstance(there, Unread) and there.not_served)
    return Facts(now, namespace, cluster, external_secrets, pods, refused, served)


def _named_by(pods: Iterable[PodFacts]) -> list[str]:
    """The ExternalSecrets that the pods name."""
    there = [pod.manifest for pod in pods if pod.manifest is not None and not isinstance(pod.manifest, Unread)]
    return [name for pod in there for name in layout.injected_names(pod)]
