"""Makes the data of a Secret from the outcomes of a plan's steps: transforms each, merges them in order, lays the
template over the result. Pure; what comes out goes to a shell, which delivers it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import assert_never

from secretcore.errors import Failure, FetchFailed, TransformFailed
from secretcore.limits import Limits
from secretcore.plan import (
    Extract,
    Failed,
    Fetched,
    FetchPlan,
    FindAll,
    Generate,
    Get,
    Missing,
    Outcome,
    Rendered,
    Sources,
)
from secretcore.rendering import Rendering
from secretcore.secret_data import SecretData
from secretcore.transform import check_keys, transform_map, transform_values


def render(
    plan: FetchPlan, outcomes: Sequence[Outcome], limits: Limits, rendering: Rendering, sources: Sources
) -> Rendered:
    """The data, a later step over an earlier one, and what the template makes of it.

    Raises `FetchFailed` with every step that failed, `TransformFailed` or `InvalidSpec` for the template.
    """
    data: dict[str, bytes] = {}
    missing: list[Missing] = []
    failures: list[Failure] = []
    for outcome in outcomes:
        match outcome:
            case Fetched():
                try:
                    data |= _transformed(outcome, rendering)
                except TransformFailed as error:
                    failures.append(Failure(outcome.step.path, error))
            case Missing() if plan.skip_missing:
                missing.append(outcome)
            case Missing(step, error) | Failed(step, error):
                failures.append(Failure(step.path, error))
            case _:
                assert_never(outcome)
    if failures:
        raise FetchFailed(failures)
    _check_size(data, limits)
    if plan.template is None or (plan.needs_data and not data):
        return Rendered(SecretData(data), tuple(missing), nothing=not data)
    from secretcore.target_template import compose  # noqa: PLC0415  # the engine is dear: only who has templates pays

    composed = compose(plan.template, data, sources, rendering)
    _check_size(composed.data, limits)
    finished = SecretData(check_keys(composed.data))
    return Rendered(finished, tuple(missing), composed.labels, composed.annotations, nothing=not data)


def _check_size(data: Mapping[str, bytes], limits: Limits) -> None:
    size = sum(len(key) + len(value) for key, value in data.items())
    if size > limits.total_bytes:
        raise TransformFailed(f"the data is {size} bytes, the most is {limits.total_bytes}")


def _transformed(fetched: Fetched, rendering: Rendering) -> dict[str, bytes]:
    step = fetched.step
    match step.source:
        case Get():
            return transform_values(fetched.data, step.transform)
        case Extract() | FindAll() | Generate():
            if not step.transform.rewrite:
                return transform_map(fetched.data, step.transform)
            from secretcore.rewrite import rewrite  # noqa: PLC0415  # as above

            rewritten = rewrite(fetched.data, step.transform.rewrite, rendering)
            return transform_values(check_keys(rewritten), step.transform)
        case _:
            assert_never(step.source)
