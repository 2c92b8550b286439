"""Which secrets a `find` means, with their values where AWS gives them in batches. `providers/aws` asks.

ESO's choices: name, tags or both are needed; a path is the beginning of names. With path or tags AWS filters and
answers with values; a name alone is matched here against the list of all, and the values are then read in batches too.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping

from secretcore.backends.aws.secrets_manager import BATCH, Batch, Filters, SecretsManager
from secretcore.errors import AccessDenied, InvalidSpec, Malformed, SecretNotFound, StoreError
from secretcore.limits import Limits
from secretcore.plan import Find
from secretcore.regexp import compile as compile_regexp

Found = Mapping[str, bytes | str]
"""By full name: the value, or the ARN of a secret that still has to be read."""

Wanted = Callable[[str], bool]

_NO_BATCHES = (AccessDenied, SecretNotFound)
"""Errors of a whole batch after which secrets are read one by one: it is not allowed, or AWS trips over one of them."""
_REMEDY = "narrow it down by path, name or tags"


async def find_secrets(reading: SecretsManager, find: Find, limits: Limits) -> Found:
    """All that is meant, or an error. Raises `InvalidSpec` where neither name nor tags say what is meant."""
    filters, wanted = _filters(find), _wanted(find)
    if not filters:
        listed = await _listed(reading, filters, wanted, limits)
        return await _with_values(reading, listed, limits)
    gathered = _Gathered(wanted, limits)
    try:
        await gathered.take(reading.batch_like(filters))
    except _NO_BATCHES:
        return await _listed(reading, filters, wanted, limits)
    return gathered.whole()


async def _listed(reading: SecretsManager, filters: Filters, wanted: Wanted, limits: Limits) -> dict[str, str]:
    found: dict[str, str] = {}
    async for page in reading.list(filters):
        found |= {secret.name: secret.arn for secret in page if wanted(secret.name)}
        _check_count(len(found), limits)
    return found


async def _with_values(reading: SecretsManager, listed: dict[str, str], limits: Limits) -> Found:
    """One secret is left to be read by itself: that costs as much as a batch, and an identity may always do it."""
    if len(listed) < 2:
        return listed
    names = list(listed)
    gathered = _Gathered(listed.__contains__, limits)
    try:
        for start in range(0, len(names), BATCH):
            await gathered.take(reading.batch_of(names[start : start + BATCH]))
    except _NO_BATCHES:
        return listed
    unanswered = {name: arn for name, arn in listed.items() if name not in gathered.answered}
    return {**gathered.whole(), **unanswered}


class _Gathered:
    """Values of batch after batch, bounded while they come."""

    def __init__(self, wanted: Wanted, limits: Limits) -> None:
        self._wanted = wanted
        self._limits = limits
        self._values: dict[str, bytes] = {}
        self._size = 0
        self._failure: StoreError | None = None
        self.answered: set[str] = set()
        """Names that AWS spoke of, those included that vanished meanwhile or have no value."""

    async def take(self, batches: AsyncIterator[Batch]) -> None:
        """Adds what comes, until a wanted secret can't be read."""
        async for batch in batches:
            self._add(batch)
            if self._failure:
                return

    def whole(self) -> dict[str, bytes]:
        """All values. Raises the error of a secret that could not be read: a part is no answer."""
        if self._failure:
            raise self._failure
        return self._values

    def _add(self, batch: Batch) -> None:
        for name, error in batch.failed:
            self.answered.add(name)
            if self._wanted(name) and not isinstance(error, SecretNotFound):
                self._failure = self._failure or error
        for value in batch.values:
            self.answered.add(value.name)
            if value.content is not None and self._wanted(value.name):
                self._values[value.name] = value.content
                self._size += len(value.content)
        _check_count(len(self._values), self._limits)
        if self._size > self._limits.step_bytes:
            raise Malformed(f"find read more than {self._limits.step_bytes} bytes", remedy=_REMEDY)


def _filters(find: Find) -> Filters:
    if find.name_regexp is None and not find.tags:
        raise InvalidSpec(
            "",
            "unexpected find operator: Secrets Manager finds by name or tags, and path only narrows that down",
            remedy='add find.name, for example {regexp: ".*"}, or find.tags',
        )
    filters = [pair for key, value in find.tags for pair in (("tag-key", key), ("tag-value", value))]
    return [*filters, ("name", find.path)] if find.path else filters


def _wanted(find: Find) -> Wanted:
    if find.name_regexp is None:
        return lambda _name: True
    pattern = compile_regexp(find.name_regexp)
    return lambda name: bool(pattern.match(name))


def _check_count(count: int, limits: Limits) -> None:
    if count > limits.find_keys:
        raise Malformed(f"find means more than {limits.find_keys} secrets", remedy=_REMEDY)
