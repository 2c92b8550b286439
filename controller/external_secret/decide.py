"""The second question of a reconcile: what becomes of the target Secret? Pure: the ExternalSecret, what was read from
the stores (or the error), the Secrets that are there in, a `Decision` out. `apply` carries it out.
"""

from __future__ import annotations

from collections.abc import Sequence

from controller.condition import Event, describe
from controller.external_secret import conditions as say
from controller.external_secret.decision import Change, Create, Decision, Delete, Keep, Retry, Update
from controller.external_secret.subject import Subject
from secretcore.errors import FetchFailed, InvalidSpec, SecretError, Throttled, TransformFailed
from secretcore.names import CREATED_BY_LABEL, created_by
from secretcore.plan import Extract, Get, Missing, Rendered
from secretcore.target.desired import desired_secret, metadata_only, same, same_content
from secretcore.target.secret import Secret, is_external_secret, refers_to


def decide(
    subject: Subject, outcome: Rendered | SecretError, target: Secret | None, siblings: Sequence[Secret]
) -> Decision:
    """What to do after the stores were read. `siblings` are the managed Secrets of the namespace, or those of them
    that have this ExternalSecret's created-by label.
    """
    if isinstance(outcome, SecretError):
        return _not_read(outcome)
    if target and target.being_deleted:
        # Writing it now would keep it from going; its end calls us again.
        return Decision(Keep("the Secret is being deleted"), None, retry=Retry.BACK_OFF)
    skipped = tuple(_skipped(missing) for missing in outcome.missing)
    if outcome.nothing and subject.spec.target.deletion_policy != "Merge":
        return _nothing_there(subject, target, skipped)
    match subject.spec.target.creation_policy:
        case "None":
            return Decision(Keep("creationPolicy is None"), say.SYNCED, skipped)
        case "Merge" if target is None:
            return Decision(Keep("there is no Secret to merge with"), say.MISSING, skipped, retry=Retry.POLL)
        case _:
            return _write(subject, outcome, target, siblings, skipped)


def unchanged(subject: Subject, rendered: Rendered, siblings: Sequence[Secret]) -> Decision:
    """What `decide` says when the Secret is just as it is wanted, for those who know that without the Secret."""
    skipped = tuple(_skipped(missing) for missing in rendered.missing)
    strays = _strays(subject, siblings)
    return Decision(Keep("the Secret is up to date"), say.SYNCED, skipped, strays, binds=True)


def decide_end(subject: Subject, target: Secret | None) -> Change:
    """What becomes of the target of an ExternalSecret that is being deleted. The garbage collector does the rest."""
    if subject.spec.target.deletion_policy != "Delete":
        return Keep("deletionPolicy is not Delete")
    owner = target.controller if target else None
    if target is None or owner is None or owner.get("uid") != subject.uid:
        return Keep("the ExternalSecret controls no Secret")
    return Delete(target, "the ExternalSecret is being deleted")


def refused(message: str, detail: str, *, retry: Retry = Retry.CHANGE, change: Change | None = None) -> Decision:
    """A failure: ESO's message, and the sentence that says more."""
    return Decision(
        change or Keep(detail), say.failed(message, detail), (say.update_failed(detail),), binds=False, retry=retry
    )


def _not_read(error: SecretError) -> Decision:
    detail = describe(error)
    message = say.NOT_UPDATED if _is_the_templates_fault(error) else say.NO_DATA
    return Decision(
        Keep("there is nothing to write"),
        say.failed(message, detail),
        (say.update_failed(detail),),
        retry=Retry.BACK_OFF,
        retry_after=_retry_after(error),
    )


def _is_the_templates_fault(error: SecretError) -> bool:
    """ESO renders while it writes the Secret."""
    if isinstance(error, InvalidSpec):
        return error.path.startswith("spec.target.template")
    return isinstance(error, TransformFailed)


def _retry_after(error: SecretError) -> float | None:
    """The longest pause that a store asked for."""
    errors = [failure.error for failure in error.failures] if isinstance(error, FetchFailed) else [error]
    return max((each.retry_after for each in errors if isinstance(each, Throttled) and each.retry_after), default=None)


def _skipped(missing: Missing) -> Event:
    """Named by the entry, as ESO has it, not by the step."""
    source = missing.step.source
    key = source.ref.key if isinstance(source, Get | Extract) else ""
    return say.missing_at_provider(missing.step.path.partition("]")[0] + "]", key)


def _nothing_there(subject: Subject, target: Secret | None, skipped: tuple[Event, ...]) -> Decision:
    if subject.spec.target.deletion_policy == "Retain":
        return Decision(Keep("the stores have nothing, and deletionPolicy is Retain"), say.RETAINED, skipped)
    if subject.spec.target.creation_policy != "Owner":
        return refused(say.NOT_DELETED, "deletionPolicy Delete needs creationPolicy Owner | correct spec.target")
    if target is None:
        return Decision(Keep("the stores have nothing, nor is there a Secret"), say.DELETED, skipped)
    owner = target.controller
    if owner is None or not refers_to(owner, subject.name):
        return refused(say.NOT_DELETED, f"the ExternalSecret does not own {_name(target)} | delete it yourself")
    change = Delete(target, "the stores have nothing, and deletionPolicy is Delete")
    return Decision(change, say.DELETED, (*skipped, say.deleted()))


def _write(
    subject: Subject, rendered: Rendered, target: Secret | None, siblings: Sequence[Secret], skipped: tuple[Event, ...]
) -> Decision:
    if target and (conflict := _conflict(subject, target)):
        return conflict
    desired = desired_secret(subject.external_secret, rendered, target)
    strays = _strays(subject, siblings)
    if target is None:
        change: Change = Create(desired, "there is no Secret")
        return Decision(change, say.SYNCED, (*skipped, say.created()), strays, binds=True)
    if target.immutable and not same_content(desired, target):
        return _frozen(metadata_only(desired, target), target)
    if same(desired, target):
        return unchanged(subject, rendered, siblings)
    return Decision(
        Update(desired, "the Secret differs from what is wanted"),
        say.SYNCED,
        (*skipped, say.updated()),
        strays,
        binds=True,
    )


def _conflict(subject: Subject, target: Secret) -> Decision | None:
    """Who controls a Secret decides over it."""
    owner = target.controller
    if owner is None or refers_to(owner, subject.name):
        return None
    detail = f'{_name(target)} is controlled by {owner.get("kind")} "{owner.get("name")}" | choose another target name'
    if is_external_secret(owner):
        return refused(say.OTHERS, detail)
    return refused(say.NOT_OWNER, detail) if subject.spec.target.creation_policy == "Owner" else None


def _frozen(desired: Secret, target: Secret) -> Decision:
    detail = f"{_name(target)} is immutable, and its data would change | delete it, so that it is made anew"
    change = None if same(desired, target) else Update(desired, "only the metadata may change")
    return refused(say.IMMUTABLE, detail, change=change)


def _strays(subject: Subject, siblings: Sequence[Secret]) -> tuple[Delete, ...]:
    """Secrets that this ExternalSecret made under other target names. The label alone does not convict: whoever copies
    a Secret copies its labels too.
    """
    if subject.spec.target.creation_policy != "Owner":
        return ()
    mark = created_by(subject.namespace, subject.name)
    return tuple(
        Delete(secret, "the ExternalSecret has another target now")
        for secret in siblings
        if secret.labels.get(CREATED_BY_LABEL) == mark
        and secret.name != subject.target_name
        and not secret.being_deleted
        and (owner := secret.controller) is not None
        and refers_to(owner, subject.name)
    )


def _name(secret: Secret) -> str:
    return f'Secret "{secret.namespace}/{secret.name}"'
