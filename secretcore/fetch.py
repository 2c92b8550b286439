"""Runs the steps of a plan against stores, side by side. What becomes of a step is a value (`Outcome`), never a raised
error: one failure hides no other. `render` takes what comes out.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping
from typing import TypeVar, assert_never

from secretcore.clients import Clients, Reader
from secretcore.errors import Malformed, ProviderBroken, SecretError, SecretNotFound
from secretcore.payload import Payload
from secretcore.plan import (
    Extract,
    Failed,
    Fetched,
    FetchPlan,
    FetchStep,
    FindAll,
    Generate,
    Get,
    Missing,
    Outcome,
    RemoteRef,
    StoreRef,
)
from secretcore.secret_data import SecretData

T = TypeVar("T")

SEARCHING = frozenset("#@*?{[|!")
"""Characters of gjson paths that do more than go down one branch."""


async def fetch(
    plan: FetchPlan, clients: Clients, namespace: str, not_before: float = -math.inf
) -> tuple[Outcome, ...]:
    """An outcome per step, in the plan's order, for an ExternalSecret of this namespace. No answer is taken whose read
    began before `not_before` (`Clients.reader`).
    """
    refs = dict.fromkeys(step.store for step in plan.steps if step.store)
    readers = {ref: await _reader(ref, clients, namespace, not_before) for ref in refs}
    outcomes = [_outcome(step, readers, clients.limits.step_bytes) for step in plan.steps]
    if len(outcomes) == 1:
        return (await outcomes[0],)
    return tuple(await asyncio.gather(*outcomes))


async def _reader(ref: StoreRef, clients: Clients, namespace: str, not_before: float) -> Reader | SecretError:
    try:
        return await clients.reader(ref, namespace, not_before)
    except SecretError as error:
        return error
    except Exception as error:  # noqa: BLE001  # of an outside provider's configuration, say
        return ProviderBroken.by(error)


async def _outcome(step: FetchStep, readers: Mapping[StoreRef, Reader | SecretError], most: int) -> Outcome:
    if step.store is None:
        raise TypeError(f"{step.path}: generators are refused before anything is fetched")
    reader = readers[step.store]
    if isinstance(reader, SecretError):
        return Failed(step, reader)
    try:
        data = await _read(step, reader)
        _check_size(data, most)
        return Fetched(step, SecretData(data))
    except SecretNotFound as error:
        return Missing(step, error)
    except SecretError as error:
        return Failed(step, error)
    except Exception as error:  # noqa: BLE001  # a payload of an outside provider, say
        return Failed(step, ProviderBroken.by(error))


async def _read(step: FetchStep, reader: Reader) -> Mapping[str, bytes]:
    match step.source:
        case Get(secret_key, ref):
            return {secret_key: await _looked_up((await reader.get(ref)).value, ref.property)}
        case Extract(ref):
            return await _looked_up((await reader.get(ref)).mapping, ref.property)
        case FindAll(find):
            return await _read_all(await reader.find(find), reader)
        case Generate():
            raise TypeError(step.path)
        case _:
            assert_never(step.source)


async def _looked_up(look_up: Callable[[str], T], path: str) -> T:
    """What the payload has there. A path that searches may take seconds of a hostile document: then in a thread."""
    if SEARCHING.isdisjoint(path):
        return look_up(path)
    return await asyncio.to_thread(look_up, path)


async def _read_all(found: Mapping[str, Payload | RemoteRef], reader: Reader) -> Mapping[str, bytes]:
    values = await asyncio.gather(*(_value(each, reader) for each in found.values()))
    return {name: value for name, value in zip(found, values, strict=True) if value is not None}


async def _value(found: Payload | RemoteRef, reader: Reader) -> bytes | None:
    """None where the secret vanished between listing and reading."""
    if not isinstance(found, RemoteRef):
        return found.value("")
    try:
        return (await reader.get(found)).value(found.property)
    except SecretNotFound:
        return None


def _check_size(data: Mapping[str, bytes], limit: int) -> None:
    size = sum(len(key) + len(value) for key, value in data.items())
    if size > limit:
        raise Malformed(f"{size} bytes were read, the most is {limit}", remedy="read fewer or smaller secrets")
