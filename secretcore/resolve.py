"""The whole pass, once: an ExternalSecret in, the data of its Secret out. Both shells and local mode call it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence

from secretcore.clients import Clients
from secretcore.errors import InvalidSpec
from secretcore.fetch import fetch
from secretcore.model.external_secret import ExternalSecretSpec
from secretcore.parse import plan_external_secret
from secretcore.plan import FetchPlan, Generate, Outcome, Rendered, Sources, sources_of
from secretcore.render import render
from secretcore.rendering import Rendering


async def resolve(
    spec: ExternalSecretSpec, namespace: str, clients: Clients, rendering: Rendering, not_before: float = -math.inf
) -> Rendered:
    """Plans, fetches and renders for an ExternalSecret of this namespace, from answers whose reads did not begin before
    `not_before` (`Clients.reader`).

    Raises `InvalidSpec` before anything is fetched, `FetchFailed` with every step that failed, `TransformFailed`.
    """
    plan = plan_external_secret(spec)
    refuse_unsupported(plan)
    outcomes = await fetch(plan, clients, namespace, not_before)
    sources = {source: await clients.template_source(source, namespace) for source in sources_of(plan.template)}
    return await finish(plan, outcomes, clients, rendering, sources)


async def finish(
    plan: FetchPlan, outcomes: Sequence[Outcome], clients: Clients, rendering: Rendering, sources: Sources
) -> Rendered:
    """`render`, in a thread where there are templates: they may take milliseconds, native cryptography more."""
    if plan.template is None and not any(step.transform.rewrite for step in plan.steps):
        return render(plan, outcomes, clients.limits, rendering, sources)
    return await asyncio.to_thread(render, plan, outcomes, clients.limits, rendering, sources)


def refuse_unsupported(plan: FetchPlan) -> None:
    """Names the field that asks for what this version does not do."""
    for step in plan.steps:
        if isinstance(step.source, Generate):
            raise InvalidSpec(step.path, f"generators ({step.source.generator.kind}) are not supported yet")
