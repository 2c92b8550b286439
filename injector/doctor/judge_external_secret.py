"""What is wrong with an ExternalSecret: its manifest, its target, its condition. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from injector.doctor.facts import ExternalSecretFacts, Unread, known
from injector.doctor.finding import Finding, Order
from injector.doctor.judge_store import judge_store
from injector.doctor.status import age, condition, last_warning, moment, words
from secretcore.durations import parse_duration
from secretcore.errors import InvalidSpec
from secretcore.field_managers import written_at
from secretcore.model.external_secret import ExternalSecret
from secretcore.names import MANAGER, OPERATOR
from secretcore.parse import parse_external_secret, plan_external_secret
from secretcore.target.secret import Secret, refers_to

NEW = timedelta(minutes=1)
"""For which an ExternalSecret may well be without a condition."""
LATE = timedelta(minutes=15)
"""By which a refresh may be late: refreshTime is written every ten minutes at most."""


def judge_external_secret(facts: ExternalSecretFacts, now: datetime) -> Iterator[Finding]:
    """Everything that is wrong with it and with what it depends on."""
    if isinstance(facts.manifest, Unread):
        return
    about = str(facts.name)
    if facts.manifest is None:
        remedy = f"create it, or list those there are: kubectl get externalsecrets -n {facts.name.namespace}"
        yield Finding(Order.REFERENCE, about, "it does not exist", remedy)
        return
    yield from _rival(about, facts.manifest)
    for store in facts.stores:
        yield from judge_store(store, facts.name)
    for name, template in facts.templates.items():
        if template is None:
            yield Finding(Order.REFERENCE, about, f"its template reads {name}, which does not exist", f"create {name}")
    try:
        parsed = parse_external_secret(facts.manifest)
        plan_external_secret(parsed.spec)
    except InvalidSpec as error:
        yield Finding(Order.SPEC, about, str(error), error.remedy)
        return
    yield from _target(facts, parsed)
    yield from _condition(facts, facts.manifest, parsed, now)


def _rival(about: str, manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """Both controllers wrote its status, and ESO did last."""
    ours, theirs = written_at(manifest, MANAGER), written_at(manifest, OPERATOR)
    if ours and theirs > ours:
        problem = f"the External Secrets Operator wrote its status at {theirs}, after this controller did at {ours}"
        remedy = "let only one of them run, or give their stores different classes: see docs/migration.md"
        yield Finding(Order.CONTROLLER, about, problem, remedy)


def _target(facts: ExternalSecretFacts, parsed: ExternalSecret) -> Iterator[Finding]:
    about, policy = str(facts.name), parsed.spec.target.creation_policy
    secret = f"Secret {facts.name.namespace}/{parsed.target_name}"
    if facts.rivals and policy != "None":
        names = ", ".join(facts.rivals)
        yield Finding(
            Order.TARGET,
            about,
            f"its target {secret} is also that of {names}",
            "give each a spec.target.name of its own",
        )
    if facts.target is None or isinstance(facts.target, Unread):
        if facts.target is None and policy == "Merge":
            yield Finding(Order.TARGET, about, f"creationPolicy is Merge, and there is no {secret}", f"create {secret}")
        return
    owner = Secret(facts.target).controller
    if policy == "None" or owner is None or refers_to(owner, facts.name.name):
        return
    if policy == "Owner" or refers_to(owner, str(owner.get("name"))):
        problem = f'its target {secret} is controlled by {owner.get("kind")} "{owner.get("name")}"'
        yield Finding(Order.TARGET, about, problem, "choose another spec.target.name")


def _condition(
    facts: ExternalSecretFacts, manifest: Mapping[str, Any], parsed: ExternalSecret, now: datetime
) -> Iterator[Finding]:
    about = str(facts.name)
    ready = condition(manifest, "Ready")
    if ready is None:
        if age(manifest, now) > NEW:
            problem = "no controller has said anything about it since it was created"
            yield Finding(Order.EXTERNAL_SECRET, about, problem, "see that a controller runs and serves this namespace")
    elif ready.get("status") != "True":
        yield Finding(Order.EXTERNAL_SECRET, about, *_not_ready(ready, known(facts.events)))
    elif overdue := _overdue(parsed, now):
        problem = (
            f"it was refreshed last {words(overdue)} ago, though refreshInterval is {parsed.spec.refresh_interval}"
        )
        yield Finding(Order.EXTERNAL_SECRET, about, problem, "see that the controller runs and is not held back")


def _not_ready(ready: Mapping[str, Any], events: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """Problem and remedy. This controller's messages carry theirs; ESO's real reason is in its last event."""
    message, _, remedy = str(ready.get("message") or "").partition(" | ")
    last = last_warning(events)
    text, _, said = last.partition(" | ")
    if text and text not in message:
        message, remedy = f"{message}; its last event: {text}", said or remedy
    problem = f"it is not ready ({ready.get('reason')}): {message}"
    return problem, remedy or "see the store's condition and the controller's log"


def _overdue(parsed: ExternalSecret, now: datetime) -> timedelta | None:
    """How long ago the last refresh was, where that is too long. Only periodic ones without windows can be late."""
    spec, status = parsed.spec, parsed.status
    last = moment(status.refresh_time) if status and status.refresh_time else None
    interval = timedelta(microseconds=parse_duration(spec.refresh_interval) / 1000)
    if spec.refresh_policy not in (None, "Periodic") or spec.sync_windows or not last or interval <= timedelta(0):
        return None
    since = now - last
    return since if since > 2 * interval + LATE else None
