"""Makes the data of a Secret from the outcomes of a plan's steps: transforms each, merges them in order. Pure; what
comes out goes to a shell, which delivers it.
"""

from __future__ import annotations

from collections.abc import Sequence
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
)
from secretcore.secret_data import SecretData
from secretcore.transform import transform_map, transform_values


def render(plan: FetchPlan, outcomes: Sequence[Outcome], limits: Limits) -> Rendered:
    """The data, a later step over an earlier one. Raises `FetchFailed` with every step that failed."""
    data: dict[str, bytes] = {}
    missing: list[Missing] = []
    failures: list[Failure] = []
    for outcome in outcomes:
        match outcome:
            case Fetched():
                try:
                    data |= _transformed(outcome)
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
    size = sum(len(key) + len(value) for key, value in data.items())
    if size > limits.total_bytes:
        raise TransformFailed(f"the data is {size} bytes, the most is {limits.total_bytes}")
    return Rendered(SecretData(data), tuple(missing))


def _transformed(fetched: Fetched) -> dict[str, bytes]:
    step = fetched.step
    match step.source:
        case Get():
            return transform_values(fetched.data, step.transform)
        case Extract() | FindAll() | Generate():
            return transform_map(fetched.data, step.transform)
        case _:
            assert_never(step.source)
