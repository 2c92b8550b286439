"""Carries out an ExternalSecret step by step, each alone and then all together, and has it explained."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from msgspec import structs

from injector.explain.explanation import (
    Explained,
    StepResult,
    explain_rendered,
    explain_steps,
    explain_template,
    planned_step,
)
from injector.fingerprint import Fingerprint
from injector.local.failures import failure_lines
from injector.local.manifests import Manifests, Name
from injector.local.opening import Local, parse, rendering
from injector.progress import Progress
from secretcore.errors import FetchFailed, SecretError
from secretcore.fetch import fetch
from secretcore.parse import plan_external_secret
from secretcore.plan import FetchPlan, Outcome, StoreRef, sources_of
from secretcore.resolve import finish, refuse_unsupported


async def explain(
    name: Name, manifest: Mapping[str, Any], local: Local, fingerprint: Fingerprint, progress: Progress
) -> Explained:
    """What may be told of it, and what went wrong."""
    known = Explained(str(name), "")
    try:
        external_secret = parse(manifest)
        plan = plan_external_secret(external_secret.spec)
        providers = _providers(plan, local.manifests, name.namespace)
        known = Explained(
            str(name),
            f"Secret {name.namespace}/{external_secret.target_name}",
            tuple(planned_step(step, providers) for step in plan.steps),
            explain_template(external_secret),
        )
        refuse_unsupported(plan)
        with progress.during(name.name):
            outcomes = await fetch(plan, local.clients, name.namespace)
        results = await asyncio.gather(*(_alone(name, plan, outcome, local) for outcome in outcomes))
        known = replace(known, steps=explain_steps(results, providers, fingerprint))
        sources = {
            each: await local.clients.template_source(each, name.namespace) for each in sources_of(plan.template)
        }
        rendered = await finish(plan, outcomes, local.clients, rendering(), sources)
    except FetchFailed as error:
        said = {line for step in known.steps for line in step.errors}
        return replace(known, errors=tuple(line for line in failure_lines(name, error) if line not in said))
    except SecretError as error:
        return replace(known, errors=tuple(failure_lines(name, error)))
    return explain_rendered(known, rendered, fingerprint)


async def _alone(name: Name, plan: FetchPlan, outcome: Outcome, local: Local) -> StepResult:
    """One step as if it were the only one."""
    single = structs.replace(plan, steps=(outcome.step,), template=None)
    try:
        rendered = await finish(single, (outcome,), local.clients, rendering(), {})
    except SecretError as error:
        return StepResult(outcome, None, tuple(failure_lines(name, error)))
    return StepResult(outcome, rendered.data)


def _providers(plan: FetchPlan, manifests: Manifests, namespace: str) -> Mapping[str, str]:
    """The key under spec.provider of each store, as far as there is one."""
    found: dict[str, str] = {}
    for ref in {step.store for step in plan.steps if step.store}:
        spec = (_store(ref, manifests, namespace) or {}).get("spec")
        provider = spec.get("provider") if isinstance(spec, dict) else None
        if isinstance(provider, dict) and provider:
            found[str(ref)] = str(next(iter(provider)))
    return found


def _store(ref: StoreRef, manifests: Manifests, namespace: str) -> Mapping[str, Any] | None:
    return manifests.get(ref.kind, namespace if ref.kind == "SecretStore" else "", ref.name)
