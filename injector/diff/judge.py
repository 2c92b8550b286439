"""What would become of the Secrets of an ExternalSecret. Pure: what was resolved and what the cluster has in, verdicts
out; a test holds them against what the controller decides. Values are compared here and shown nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from injector.diff.applied import LAST_APPLIED
from secretcore.model.external_secret import ExternalSecret
from secretcore.names import CREATED_BY_LABEL, DATA_HASH_ANNOTATION, MANAGED_LABEL, created_by
from secretcore.plan import Rendered
from secretcore.target.desired import desired_secret, metadata_only, same, same_content
from secretcore.target.secret import Secret, refers_to

What = Literal["created", "changed", "unchanged", "deleted", "conflict", "left alone"]
DIFFERENCES: tuple[What, ...] = ("created", "changed", "deleted", "conflict")
OWN_MARKS = (MANAGED_LABEL, CREATED_BY_LABEL, DATA_HASH_ANNOTATION)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing about a Secret. Sizes are bytes of values, None where there is none."""

    field: str
    """data, labels, annotations, type, immutable, ownerReferences."""
    key: str
    how: Literal["added", "removed", "changed", "equal"]
    before: int | None = None
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What would become of one Secret, and why."""

    namespace: str
    name: str
    external_secret: str
    what: What
    why: str
    differences: tuple[Difference, ...] = ()


def judge(of: ExternalSecret, rendered: Rendered, target: Secret | None, siblings: Sequence[Secret]) -> list[Verdict]:
    """The verdict on the target, and one on each Secret that the ExternalSecret made under another name. `siblings` is
    metadata of the namespace's Secrets that carry its created-by label.
    """
    verdict = _target(of, rendered, target)
    strays = _strays(of, siblings) if verdict.what in ("created", "changed", "unchanged") else ()
    return [verdict, *strays]


def _target(of: ExternalSecret, rendered: Rendered, target: Secret | None) -> Verdict:
    if of.spec.target.manifest is not None:
        return _verdict(of, "conflict", "spec.target.manifest is not supported; let the target be a Secret")
    if target and target.being_deleted:
        return _verdict(of, "left alone", "it is being deleted")
    if rendered.nothing and of.spec.target.deletion_policy != "Merge":
        return _nothing_there(of, target)
    match of.spec.target.creation_policy:
        case "None":
            return _verdict(of, "left alone", "creationPolicy is None")
        case "Merge" if target is None:
            return _verdict(of, "left alone", "creationPolicy is Merge, and there is no Secret to merge with")
        case _:
            return _written(of, rendered, target)


def _nothing_there(of: ExternalSecret, target: Secret | None) -> Verdict:
    if of.spec.target.deletion_policy == "Retain":
        return _verdict(of, "left alone", "the stores have nothing, and deletionPolicy is Retain")
    if of.spec.target.creation_policy != "Owner":
        return _verdict(of, "conflict", "deletionPolicy Delete needs creationPolicy Owner")
    if target is None:
        return _verdict(of, "left alone", "the stores have nothing, nor is there a Secret")
    owner = target.controller
    if owner is None or not refers_to(owner, of.metadata.name):
        return _verdict(of, "conflict", "the stores have nothing, and the ExternalSecret does not own the Secret")
    return _verdict(of, "deleted", "the stores have nothing, and deletionPolicy is Delete")


def _written(of: ExternalSecret, rendered: Rendered, target: Secret | None) -> Verdict:
    desired = desired_secret(of, rendered, target)
    if target is None:
        return _verdict(of, "created", "there is none", _differences(desired, None))
    owner = target.controller
    if owner is not None and not refers_to(owner, of.metadata.name) and _insists(of, owner):
        why = f'{owner.get("kind")} "{owner.get("name")}" controls it; choose another target name'
        return _verdict(of, "conflict", why, _differences(desired, target))
    if target.immutable and not same_content(desired, target):
        why = "it is immutable, and its data would change; delete it, so that it is made anew"
        return _verdict(of, "conflict", why, _differences(metadata_only(desired, target), target))
    if same(desired, target):
        return _verdict(of, "unchanged", "it is as it should be")
    return _verdict(of, "changed", "it differs from what is wanted", _differences(desired, target))


def _insists(of: ExternalSecret, owner: Mapping[str, Any]) -> bool:
    """Another ExternalSecret's is never touched; with other controllers only creationPolicy Owner collides."""
    return refers_to(owner, str(owner.get("name"))) or of.spec.target.creation_policy == "Owner"


def _strays(of: ExternalSecret, siblings: Sequence[Secret]) -> Iterator[Verdict]:
    if of.spec.target.creation_policy != "Owner":
        return
    for secret in siblings:
        owner = secret.controller
        ours = owner is not None and refers_to(owner, of.metadata.name)
        marked = secret.labels.get(CREATED_BY_LABEL) == created_by(of.metadata.namespace, of.metadata.name)
        if ours and marked and secret.name != of.target_name and not secret.being_deleted:
            yield _verdict(of, "deleted", "the ExternalSecret has another target", name=secret.name)


def _verdict(
    of: ExternalSecret, what: What, why: str, differences: Iterable[Difference] = (), name: str = ""
) -> Verdict:
    metadata = of.metadata
    return Verdict(metadata.namespace, name or of.target_name, metadata.name, what, why, tuple(differences))


def _differences(desired: Secret, existing: Secret | None) -> Iterator[Difference]:
    yield from _of_maps("data", existing.data if existing else {}, desired.data)
    for field in ("labels", "annotations"):
        before: Mapping[str, str] = getattr(existing, field) if existing else {}
        yield from (each for each in _of_maps(field, before, getattr(desired, field)) if _is_told(each, existing))
    before_owners = existing.metadata.get("ownerReferences") if existing else None
    fields = {
        "type": (existing.manifest.get("type") if existing else None, desired.manifest.get("type")),
        "immutable": (existing.immutable if existing else None, desired.immutable or None),
        "ownerReferences": (before_owners or None, desired.metadata.get("ownerReferences") or None),
    }
    for field, (was, will_be) in fields.items():
        if was != will_be and existing and (was or will_be):
            yield Difference(field, "", "added" if not was else "removed" if not will_be else "changed")


def _of_maps(
    field: str, before: Mapping[str, str] | Mapping[str, bytes], after: Mapping[str, str] | Mapping[str, bytes]
) -> Iterator[Difference]:
    sizes = field == "data"
    for key in sorted({*before, *after}):
        was, will_be = before.get(key), after.get(key)
        how: Literal["added", "removed", "changed", "equal"] = (
            "added" if was is None else "removed" if will_be is None else "equal" if was == will_be else "changed"
        )
        yield Difference(
            field, key, how, *(len(each) if sizes and each is not None else None for each in (was, will_be))
        )


def _size(value: str | bytes | None) -> int | None:
    return None if value is None else len(value)


def _is_told(difference: Difference, existing: Secret | None) -> bool:
    """Of metadata only what differs; our own marks go without saying on a Secret that is new."""
    if difference.how == "equal" or difference.key == LAST_APPLIED:
        return False
    return existing is not None or difference.key not in OWN_MARKS
