"""As whom a store asks AWS: its access key, or the roles that it assumes with it, one through the other.

`providers/aws` says which roles; `secrets_manager` asks for the keys before each call. Temporary keys are kept until
shortly before they end, and only here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from secretcore.backends.aws.calls import Service
from secretcore.backends.aws.xml import elements
from secretcore.backends.sigv4 import Keys
from secretcore.errors import Malformed, StoreError

SESSION_NAME = "external-secrets-injector"
LEASE = timedelta(minutes=15)
"""What is asked for: as short as AWS allows, as ESO asks."""
MARGIN = timedelta(minutes=2)
"""So long before they end, keys are replaced: a call under way must not outlive them."""


@dataclass(frozen=True, slots=True)
class Role:
    """A role to assume, and what the session is to carry."""

    arn: str
    external_id: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    transitive_tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lease:
    """Keys, and when they end."""

    keys: Keys
    ends: datetime


class Session:
    """One identity, used by many tasks at once. `sts` is the service that roles are assumed at."""

    def __init__(self, base: Keys, roles: Sequence[Role], sts: Service) -> None:
        self._base = base
        self._roles = tuple(roles)
        self._sts = sts
        self._leases: dict[int, Lease] = {}
        self._turn = asyncio.Lock()

    async def keys(self) -> Keys:
        """Keys that are good for at least a minute or two. Raises a `StoreError` when a role can't be assumed."""
        if not self._roles:
            return self._base
        async with self._turn:
            return await self._keys_after(len(self._roles))

    async def _keys_after(self, steps: int) -> Keys:
        """The keys after so many roles of the chain: fresh ones, each step with the keys of the one before."""
        if not steps:
            return self._base
        now = self._sts.clock()
        lease = self._leases.get(steps)
        if lease and now < lease.ends - MARGIN:
            return lease.keys
        try:
            fresh = await _assume(self._sts, self._roles[steps - 1], await self._keys_after(steps - 1))
        except StoreError as error:
            if error.transient and lease and now < lease.ends:
                return lease.keys
            raise
        self._leases[steps] = fresh
        return fresh.keys


async def _assume(sts: Service, role: Role, keys: Keys) -> Lease:
    what = f'role "{role.arn}"'
    answer = await sts.form_call(_parameters(role), keys, what, "sts:AssumeRole")
    found = elements(answer.body) or {}
    try:
        ends = datetime.fromisoformat(found["Expiration"])
        fresh = Keys(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])
    except (KeyError, ValueError):
        raise Malformed(f"the answer for {what} is not one of STS's") from None
    if ends.tzinfo is None or not all(map(is_key, (fresh.access_key, fresh.secret_key, fresh.session_token))):
        raise Malformed(f"the answer for {what} is not one of STS's")
    return Lease(fresh, ends)


def is_key(text: str) -> bool:
    """Whether this can be part of an access key: it will be a header, where anything else could not stand."""
    return bool(text) and text.isascii() and text.isprintable() and " " not in text


def _parameters(role: Role) -> Iterator[tuple[str, str]]:
    yield "Action", "AssumeRole"
    yield "Version", "2011-06-15"
    yield "RoleArn", role.arn
    yield "RoleSessionName", SESSION_NAME
    yield "DurationSeconds", str(int(LEASE.total_seconds()))
    if role.external_id:
        yield "ExternalId", role.external_id
    for number, (key, value) in enumerate(role.tags, 1):
        yield f"Tags.member.{number}.Key", key
        yield f"Tags.member.{number}.Value", value
    for number, key in enumerate(role.transitive_tags, 1):
        yield f"TransitiveTagKeys.member.{number}", key
