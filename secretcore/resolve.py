"""The whole pass, once: an ExternalSecret in, the data of its Secret out. Both shells and local mode call it."""

from __future__ import annotations

from secretcore.clients import Clients
from secretcore.errors import InvalidSpec
from secretcore.fetch import fetch
from secretcore.model.external_secret import ExternalSecretSpec
from secretcore.parse import plan_external_secret
from secretcore.plan import FetchPlan, Generate, Rendered
from secretcore.render import render


async def resolve(spec: ExternalSecretSpec, namespace: str, clients: Clients) -> Rendered:
    """Plans, fetches and renders for an ExternalSecret of this namespace.

    Raises `InvalidSpec` before anything is fetched, `FetchFailed` with every step that failed, `TransformFailed`.
    """
    plan = plan_external_secret(spec)
    _refuse_unsupported(plan)
    return render(plan, await fetch(plan, clients, namespace), clients.limits)


def _refuse_unsupported(plan: FetchPlan) -> None:
    """Names the field that asks for what this version does not do."""
    for step in plan.steps:
        if isinstance(step.source, Generate):
            raise InvalidSpec(step.path, f"generators ({step.source.generator.kind}) are not supported yet")
        if step.transform.rewrite:
            raise InvalidSpec(f"{step.path.rpartition('.')[0]}.rewrite", "rewrite is not supported yet")
    template = plan.template
    if template and (template.data or template.template_from):
        field = "data" if template.data else "templateFrom"
        raise InvalidSpec(f"spec.target.template.{field}", "templates are not supported yet")
