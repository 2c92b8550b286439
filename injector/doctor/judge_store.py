"""What is wrong with a store, for an ExternalSecret that reads from it: whether it exists, may be used, can log in, and
is ready. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from injector.doctor.facts import Answer, CredentialRef, StoreFacts, Unread
from injector.doctor.finding import Finding, Order
from injector.doctor.status import condition
from injector.local.manifests import Name
from secretcore.store import allows


def judge_store(facts: StoreFacts, user: Name) -> Iterator[Finding]:
    """`user` is the ExternalSecret."""
    about = str(facts.name)
    if isinstance(facts.manifest, Unread):
        return
    if facts.manifest is None:
        yield Finding(
            Order.REFERENCE, about, f"it does not exist, and {user} reads from it", "create it, or name another"
        )
        return
    if facts.wrong:
        yield Finding(Order.STORE, about, f"it can't be used: {facts.wrong}", "correct its manifest")
    if facts.parsed and not isinstance(facts.labels, Unread) and not allows(facts.parsed, user.namespace, facts.labels):
        problem = f"its spec.conditions do not let namespace {user.namespace} use it, and {user} reads from it"
        yield Finding(Order.REFERENCE, about, problem, "let spec.conditions of the store name the namespace")
    missing = [finding for ref, answer in facts.credentials.items() for finding in _credential(about, ref, answer)]
    yield from missing
    yield from _ready(about, facts.manifest)


def _credential(about: str, ref: CredentialRef, answer: Answer) -> Iterator[Finding]:
    if isinstance(answer, Unread):
        return
    where = f"its {ref.path} names {ref.name}"
    if answer is None:
        yield Finding(Order.CREDENTIAL, about, f"{where}, which does not exist", "create it, or correct the reference")
    elif ref.key and ref.key not in {**(answer.get("data") or {}), **(answer.get("binaryData") or {})}:
        remedy = "add the key, or correct the reference"
        yield Finding(Order.CREDENTIAL, about, f'{where}, which has no key "{ref.key}"', remedy)


def _ready(about: str, manifest: Mapping[str, Any]) -> Iterator[Finding]:
    ready = condition(manifest, "Ready")
    if ready is None:
        named = (manifest.get("spec") or {}).get("controller")
        remedy = "see that a controller runs and serves it" + (f', one of class "{named}"' if named else "")
        yield Finding(Order.STORE, about, "no controller has validated it", remedy)
    elif ready.get("status") != "True":
        message, _, remedy = str(ready.get("message") or "").partition(" | ")
        problem = f"it is not ready ({ready.get('reason')}): {message}"
        yield Finding(Order.STORE, about, problem, remedy or "correct its manifest or its credentials")
