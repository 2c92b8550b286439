"""One pass over one ExternalSecret: gather, is anything due, decide, apply, status. `loop` calls it with a name.

It returns after how many seconds to come back (None: when something changes), or raises `BackOff` or an error of the
API server's, which the queue answers with a pause.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from controller.backoff import BackOff
from controller.condition import Event, Ready, describe
from controller.external_secret import conditions as say
from controller.external_secret.apply import Apply
from controller.external_secret.decide import decide, decide_end, refused, unchanged
from controller.external_secret.decision import Create, Decision, Delete, Keep, Retry, Update
from controller.external_secret.due import Fetch, Finish, Rest, due
from controller.external_secret.fetches import Fetches, Pending
from controller.external_secret.gather import Gather, Memory, Versions
from controller.external_secret.status import failed_status, next_status, return_at
from controller.external_secret.subject import Subject
from controller.report import Report
from controller.stores import NamespaceRefused
from kubecore.cache import Key
from kubecore.errors import AlreadyExists, ApiError, Conflict, Forbidden, Invalid, NamespaceTerminating, NotFound
from kubecore.wire import Manifest
from secretcore.errors import AccessDenied, InvalidSpec, SecretError, StoreUnavailable
from secretcore.plan import Rendered
from secretcore.target.secret import Secret

TRIES = 5
"""Of a write that meets somebody else's."""
UNVALIDATED = 10.0
"""Seconds after which to look again at a store that is not validated; when it is, `loop` calls at once."""


@dataclass(frozen=True, slots=True)
class _Pass:
    """One that found something to do, and why."""

    key: Key
    subject: Subject
    memory: Memory
    now: datetime
    templates: Versions
    why: str


@dataclass(slots=True)
class ExternalSecretReconciler:
    """Serves ExternalSecrets by name."""

    gather: Gather
    fetches: Fetches
    apply: Apply
    report: Report
    clock: Callable[[], datetime]
    doubt_stores: Callable[[Manifest], None]
    """Called with an ExternalSecret whose store did not answer or let us in, so that the store is validated anew."""

    async def __call__(self, key: Key) -> float | None:
        manifest = self.gather.view.external_secret(*key)
        if manifest is None:
            self.gather.forget(key)
            self.fetches.forget(key)
            self.report.gone(key)
            return None
        if not manifest["metadata"].get("deletionTimestamp") and not self.gather.is_ours(manifest):
            return None  # whose stores are another's is let go nevertheless, as ESO does it
        try:
            subject = self.gather.subject(manifest)
        except InvalidSpec as error:
            return await self._invalid(manifest, error)
        try:
            return await self._pass(key, subject)
        except NamespaceTerminating:
            raise
        except Forbidden as error:  # of a read, or of the status itself: then it is the queue's business
            decision = refused(say.NOT_UPDATED, f"{error}{_REMEDIES[Forbidden]}", retry=Retry.BACK_OFF)
            memory = self.gather.memory(key, subject.uid)
            return await self._settle(_Pass(key, subject, memory, self.clock(), (), str(error)), decision)

    async def _pass(self, key: Key, subject: Subject) -> float | None:
        now = self.clock()
        memory = self.gather.memory(key, subject.uid)
        intact = await self.gather.intact(subject, memory)
        templates = self.gather.templates(subject)
        changed = memory.templates not in (None, templates)
        match due(subject, intact=intact, remembered=memory.refreshed_at, now=now, templates_changed=changed):
            case Finish(why):
                await self._finish(subject)
                self.report.line(subject.manifest, why)
                return None
            case Rest(_, until):
                if memory.templates is None:
                    memory.templates = templates  # after a restart: those that there are count as rendered
                self.fetches.forget(key)
                self.report.state(subject.manifest)
                return None if until is None else max(0.0, (until - now).total_seconds())
            case Fetch(why):
                return await self._fetch(_Pass(key, subject, memory, now, templates, why))

    async def _fetch(self, this: _Pass) -> float | None:
        subject = this.subject
        if subject.spec.target.manifest is not None:
            detail = "spec.target.manifest is not supported | let the target be a Secret"
            return await self._settle(this, refused(say.GENERIC_TARGET, detail))
        if self.gather.is_read_by_pods(subject):
            return await self._settle(this, Decision(Keep("its store is for the identity of pods"), say.READ_BY_PODS))
        if store := self.gather.waits_for(subject, this.memory, this.now):
            self.report.line(subject.manifest, f"waits for {store} to be validated")
            return UNVALIDATED
        return await self._sync(this)

    async def _sync(self, this: _Pass) -> float | None:
        subject, stores = this.subject, self.gather.stores_read(this.subject)
        outcome = await self.fetches.outcome(
            this.key,
            f"{subject.identity} {this.templates} {stores}",
            subject.stores,
            lambda: self.gather.outcome(subject),
        )
        if isinstance(outcome, Pending):
            return outcome.seconds
        if self.gather.stores_read(subject) != stores:
            return 0.0  # what a store answered that has been replaced or changed is nobody's any more
        if isinstance(outcome, SecretError):
            if _is_the_stores_fault(outcome):
                self.doubt_stores(subject.manifest)
            decision = decide(subject, outcome, None, ())
        else:
            decision = await self._write(subject, outcome, this.memory)
        return await self._settle(this, decision)

    async def _write(self, subject: Subject, rendered: Rendered, memory: Memory) -> Decision:
        """Decide and write, anew where somebody else wrote in between. Nothing is fetched twice, and a Secret that is
        known to be as it is wanted is not read.
        """
        wanted = self.gather.fingerprint(subject, rendered)
        if self.gather.is_settled(subject, memory, wanted):
            return await self._sweep(unchanged(subject, rendered, await self.gather.siblings(subject)))
        for attempt in range(TRIES):
            target = await self._target(subject) if not attempt else await self.gather.target(subject)
            decision = decide(subject, rendered, target, await self.gather.siblings(subject))
            try:
                written = await self.apply.change(decision.change, subject)
            except (Conflict, AlreadyExists, NotFound):
                continue
            except NamespaceTerminating:
                return Decision(Keep("the namespace is being deleted"), None)
            except ApiError as error:
                return _not_written(decision, error)
            left = written or (target if isinstance(decision.change, Keep) else None)
            if left and decision.binds:
                memory.intact = (left.uid, left.resource_version)
                memory.settled = (*memory.intact, wanted)
            if written:
                self.apply.known(written)
            return await self._sweep(decision)
        raise BackOff("the Secret is being written by somebody else all the time")

    async def _target(self, subject: Subject) -> Secret | None:
        """Live, unless it makes no difference: who makes one learns from the API server if there is one after all."""
        policy = subject.spec.target.creation_policy
        if policy == "None" or (policy != "Merge" and self.gather.is_missing(subject)):
            return None
        return await self.gather.target(subject)

    async def _sweep(self, decision: Decision) -> Decision:
        """Delete the Secrets of earlier target names."""
        for stray in decision.strays:
            try:
                await self.apply.delete(stray.secret)
            except ApiError as error:
                if error.transient:
                    raise
                return refused(say.STRAYS_NOT_DELETED, str(error), retry=Retry.BACK_OFF, change=decision.change)
            decision = decision.telling(say.stray_deleted())
        return decision

    async def _settle(self, this: _Pass, decision: Decision) -> float | None:
        """Tell what was done, and when to come back."""
        subject, now = this.subject, this.now
        self.report.metrics.synced(this.key, failed=not decision.synced)
        self.report.line(subject.manifest, decision.change.why, trigger=this.why, **_facts(decision))
        if decision.synced:
            this.memory.refreshed_at, this.memory.templates = now, this.templates
        self._tell(subject.manifest, decision.ready, decision.events)
        status = next_status(subject, decision, now)
        if status is not None:
            await self.apply.status(subject.manifest, status)
        if decision.retry is Retry.BACK_OFF:
            raise BackOff(decision.ready.message if decision.ready else decision.change.why, decision.retry_after)
        at = return_at(subject, decision, now)
        return None if at is None else (at - now).total_seconds()

    def _tell(self, manifest: Manifest, ready: Ready | None, events: tuple[Event, ...]) -> None:
        for event in events:
            self.report.event(manifest, event)
        if ready is not None:
            self.report.ready(manifest, ready)

    async def _invalid(self, manifest: Manifest, error: InvalidSpec) -> float | None:
        """What can't be read can't be served: nothing is retried before it is corrected."""
        if manifest["metadata"].get("deletionTimestamp"):
            await self.apply.release(manifest)
            return None
        detail = describe(error)
        ready = say.failed(say.NO_DATA, detail)
        status = failed_status(manifest, ready, self.clock())
        if status is not None:
            self._tell(manifest, ready, (say.update_failed(detail),))
            await self.apply.status(manifest, status)
        self.report.line(manifest, detail)
        return None

    async def _finish(self, subject: Subject) -> None:
        deletes = subject.spec.target.deletion_policy == "Delete"
        change = decide_end(subject, await self.gather.target(subject) if deletes else None)
        if isinstance(change, Delete):
            await self.apply.change(change, subject)
        await self.apply.release(subject.manifest)


def _facts(decision: Decision) -> dict[str, str]:
    facts = {"change": type(decision.change).__name__.lower()}
    if decision.ready is not None:
        facts |= {"ready": decision.ready.status, "reason": decision.ready.reason, "condition": decision.ready.message}
    return facts


def _is_the_stores_fault(error: SecretError) -> bool:
    errors = [failure.error for failure in getattr(error, "failures", ())] or [error]
    return any(
        isinstance(each, StoreUnavailable | AccessDenied) and not isinstance(each, NamespaceRefused) for each in errors
    )


def _not_written(decision: Decision, error: ApiError) -> Decision:
    """What will not get better by itself in a moment is told; what may is the queue's business."""
    if error.transient:
        raise error
    message = say.NOT_DELETED if isinstance(decision.change, Delete) else say.NOT_UPDATED
    assert isinstance(decision.change, Create | Update | Delete)
    return refused(message, f"{error}{_REMEDIES.get(type(error), '')}", retry=Retry.BACK_OFF)


_REMEDIES = {
    Forbidden: " | let the controller's role do it, or whatever admission policy forbids it",
    Invalid: " | correct the target, or let it hold less",
}
