"""Prints explanations: as text for a person, as JSON for a program. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from injector.explain.explanation import Explained, ExplainedStep
from injector.fingerprint import NOTE, KeyFacts
from injector.printable import printable


def as_text(explained: Sequence[Explained]) -> str:
    """A block per ExternalSecret."""
    lines = [NOTE[0].upper() + NOTE[1:] + "."]
    for each in explained:
        lines += ["", *_external_secret(each)]
    return "\n".join(map(printable, lines)) + "\n"


def as_json(explained: Sequence[Explained]) -> str:
    """A map with the note and a list."""
    return json.dumps({"note": NOTE, "externalSecrets": [asdict(each) for each in explained]}, indent=2) + "\n"


def _external_secret(explained: Explained) -> Iterator[str]:
    yield f"{explained.name}, for {explained.target}" if explained.target else explained.name
    for step in explained.steps:
        yield from _step(step)
    if explained.template:
        yield "  spec.target.template"
        yield from (f"    {words}" for words in explained.template)
    if explained.data is not None:
        yield f"  {explained.target}" if explained.data else f"  {explained.target}: no keys"
        yield from (f"    {line}" for line in _facts(explained.data))
    for field in ("labels", "annotations"):
        if facts := getattr(explained, field):
            yield f"  {field}"
            yield from (f"    {line}" for line in _facts(facts))
    yield from (f"  error: {error}" for error in explained.errors)


def _step(step: ExplainedStep) -> Iterator[str]:
    provider = f" ({step.provider})" if step.provider else ""
    yield f"  {step.path}{f', {step.store}{provider}' if step.store else ''}"
    call = " ".join(word if name == "call" else f'{name} "{word}"' for name, word in step.call.items())
    yield f"    {call}"
    yield from (f"    {words}" for words in step.transform)
    if step.read != step.gives and not step.errors:
        yield from (f"    read   {line}" for line in _facts(step.read))
    if step.errors:
        yield from (f"    error: {error}" for error in step.errors)
    for facts, line in zip(step.gives, _facts(step.gives), strict=True):
        winner = step.overwritten.get(facts.key)
        yield f"    gives  {line}{f'  (overwritten by {winner})' if winner else ''}"
    if step.note:
        yield f"    {step.note}"


def _facts(facts: Sequence[KeyFacts]) -> Iterator[str]:
    width = max((len(each.key) for each in facts), default=0)
    for each in facts:
        yield f"{each.key:<{width}}  {each.size:>7} bytes  {each.hash}"
