"""Reads a pod and what happened to it."""

from __future__ import annotations

import asyncio

from injector.doctor.facts import PodFacts
from injector.doctor.gather_external_secret import events_of
from injector.doctor.reading import Reading
from injector.local.manifests import Name
from kubecore.resources import EVENTS, PODS
from kubecore.wire import Selector

FAILED_CREATE = Selector(fields="reason=FailedCreate")


async def gather_pod(reading: Reading, name: Name) -> PodFacts:
    """One pod; also one that there is none of, which may be because it was refused."""
    manifest, events, refused = await asyncio.gather(
        reading.get(PODS, name.name, name.namespace),
        events_of(reading, name),
        reading.list(EVENTS, name.namespace, FAILED_CREATE),
    )
    return PodFacts(name, manifest, events, refused)
