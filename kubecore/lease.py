"""Leader election on a Lease: at most one process writes, also when one is frozen, cut off or has a wrong
clock.

`Candidate` is the pure part: it judges others' leases only by how long they have not changed, on this
process's own clock, and its own by when the request began that renewed it. `Elector` drives it against the
API server and runs the leader's work. Whoever writes asks `may_write` first, and bounds each write by the
request's limit.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn

from kubecore.errors import ApiError, Conflict, NotFound
from kubecore.resources import LEASES
from kubecore.verbs import Client
from kubecore.wire import Manifest


class LeadershipLost(Exception):
    """The lease could not be renewed in time, or another process holds it."""


def steady_clock() -> float:
    """Seconds that also count while the machine sleeps, where the system has such a clock."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


def microtime(moment: datetime) -> str:
    """A time as Kubernetes writes MicroTime: UTC with six digits."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Candidate:
    """Whether we may try to take the lease, and whether we may write. `now` is a clock that never goes
    back.
    """

    def __init__(self, identity: str, duration: float, request_seconds: float) -> None:
        self.identity = identity
        self.duration = duration
        self._request_seconds = request_seconds
        self._spec: dict[str, Any] | None = None
        self._unchanged_since = -math.inf
        self._valid_until = -math.inf

    def observe(self, lease: Manifest | None, now: float) -> None:
        """Take in what the server said; `now` is read after its answer came."""
        spec = None if lease is None else dict(lease.get("spec") or {})
        if spec != self._spec or self._unchanged_since == -math.inf:
            self._spec, self._unchanged_since = spec, now

    def may_claim(self, now: float) -> bool:
        """Whether the lease seen last is free, ours, or has not changed for as long as its holder wanted."""
        if self._spec is None or self._spec.get("holderIdentity", "") in ("", self.identity):
            return True
        return now > self._unchanged_since + float(self._spec.get("leaseDurationSeconds") or self.duration)

    def claim(self, wall: datetime) -> dict[str, Any]:
        """The spec that makes us the holder from now on, or renews it."""
        before = self._spec or {}
        ours = before.get("holderIdentity") == self.identity
        return {
            **before,
            "holderIdentity": self.identity,
            "leaseDurationSeconds": math.ceil(self.duration),
            "acquireTime": before.get("acquireTime", microtime(wall)) if ours else microtime(wall),
            "renewTime": microtime(wall),
            "leaseTransitions": (before.get("leaseTransitions") or 0) + (0 if ours or not before else 1),
        }

    def release(self, wall: datetime) -> dict[str, Any]:
        """The spec that lets another take the lease at once."""
        freed = {"holderIdentity": "", "leaseDurationSeconds": 1, "renewTime": microtime(wall)}
        return {**(self._spec or {}), **freed}

    def won(self, began: float) -> None:
        """The server accepted our claim; `began` is when that request was sent."""
        self._valid_until = began + self.duration

    def lost(self) -> None:
        """From now on we may not write."""
        self._valid_until = -math.inf

    def may_write(self, now: float) -> bool:
        """Whether a write that begins now ends, by its limit, before anyone else can hold the lease."""
        return now + self._request_seconds < self._valid_until


@dataclass(frozen=True)
class Timing:
    """Seconds: how long a silent leader is waited for, how long no call of a leader may last longer than,
    and how often the lease is renewed or looked at.
    """

    duration: float = 15.0
    request: float = 5.0
    retry: float = 2.0


class Elector:
    """Competes for the Lease `namespace/name`. `identity` is unique to this process, such as the pod's name.

    `error` is what went wrong with the last attempt, "" if nothing.
    """

    def __init__(
        self,
        client: Client,
        namespace: str,
        name: str,
        identity: str,
        timing: Timing = Timing(),
        *,
        clock: Callable[[], float] = steady_clock,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.error = ""
        self._client = client
        self._namespace = namespace
        self._name = name
        self._candidate = Candidate(identity, timing.duration, timing.request)
        self._timing = timing
        self._clock = clock
        self._pause = pause
        self._lease: Manifest | None = None

    def may_write(self) -> bool:
        """Whether a write may begin now. False at once when renewals have failed for too long."""
        return self._candidate.may_write(self._clock())

    async def lead(self, work: Callable[[], Awaitable[None]]) -> None:
        """Wait until we lead, then run `work`, to its end or until leadership is lost (LeadershipLost).

        In any case `work` has ended before the lease is released, so cancelling this is the way to stop.
        """
        try:
            await self.acquire()
        except asyncio.CancelledError:
            await self.release()
            raise
        worker = asyncio.ensure_future(work())
        keeper = asyncio.ensure_future(self.hold())
        try:
            done, _ = await asyncio.wait((worker, keeper), return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _end(worker)
            await _end(keeper)
            await self.release()
        (keeper if keeper in done else worker).result()

    async def acquire(self) -> None:
        """Return when we hold the lease."""
        while not await self._try():
            await self._pause(self._timing.retry)

    async def hold(self) -> NoReturn:
        """Renew the lease until that fails for too long or another holds it."""
        while True:
            await self._pause(self._timing.retry)
            held = await self._try()
            if not self.may_write() or (not held and not self._candidate.may_claim(self._clock())):
                self._candidate.lost()
                why = self.error or "another process holds it"
                raise LeadershipLost(f"lease {self._namespace}/{self._name}: {why}")

    async def release(self) -> None:
        """Give the lease to the next, if it is ours. What goes wrong is left to its expiry."""
        self._candidate.lost()
        try:
            if self._lease is None or not await self._freed():
                await self._look()  # a claim whose answer we did not wait for may have changed it
                await self._freed()
        except ApiError as error:
            self.error = str(error)
        self._lease = None

    async def _freed(self) -> bool:
        if self._lease is None or not self._ours():
            return True
        spec = self._candidate.release(datetime.now(UTC))
        try:
            await self._client.update(LEASES, {**self._lease, "spec": spec}, seconds=self._timing.request)
        except Conflict:
            return False
        return True

    async def _try(self) -> bool:
        """One attempt to take or renew; returns whether the server accepted it."""
        try:
            if not self._ours():
                await self._look()
            if not self._candidate.may_claim(self._clock()):
                return False
            await self._claim()
        except ApiError as error:  # a Conflict too: someone was faster, so look again
            self.error, self._lease = str(error), None
            return False
        self.error = ""
        return True

    def _ours(self) -> bool:
        holder = (self._lease or {}).get("spec", {}).get("holderIdentity")
        return bool(holder == self._candidate.identity)

    async def _look(self) -> None:
        try:
            self._lease = await self._client.get(LEASES, self._name, self._namespace, seconds=self._timing.request)
        except NotFound:
            self._lease = None
        self._candidate.observe(self._lease, self._clock())

    async def _claim(self) -> None:
        began = self._clock()
        spec = self._candidate.claim(datetime.now(UTC))
        if self._lease is None:
            made = {"metadata": {"name": self._name, "namespace": self._namespace}, "spec": spec}
            self._lease = await self._client.create(LEASES, made, self._namespace, seconds=self._timing.request)
        else:
            changed = {**self._lease, "spec": spec}
            self._lease = await self._client.update(LEASES, changed, seconds=self._timing.request)
        self._candidate.observe(self._lease, self._clock())
        self._candidate.won(began)


async def _end(task: "asyncio.Future[Any]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
