"""Prints findings: as text for a person, as JSON for a program. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from injector.doctor.facts import Facts
from injector.doctor.finding import Finding
from injector.printable import printable


def as_text(findings: Sequence[Finding], facts: Facts, unchecked: Iterable[str]) -> str:
    """A numbered sentence and its remedy for each, what could not be checked, and the sum."""
    lines: list[str] = []
    for number, finding in enumerate(findings, 1):
        problem = printable(f"{finding.about}: {finding.problem}")
        lines += [f"{number}. {problem}", f"   remedy: {printable(finding.remedy)}"]
    lines += [f"not checked: {printable(why)}" for why in unchecked]
    lines.append(f"{_counted(findings)} in {', '.join(_examined(facts))}")
    return "\n".join(lines) + "\n"


def as_json(findings: Sequence[Finding], facts: Facts, unchecked: Iterable[str]) -> str:
    """A map of the three."""
    told = [
        {"order": finding.order.name, "about": finding.about, "problem": finding.problem, "remedy": finding.remedy}
        for finding in findings
    ]
    document = {"findings": told, "unchecked": list(unchecked), "examined": list(_examined(facts))}
    return json.dumps(document, indent=2) + "\n"


def _counted(findings: Sequence[Finding]) -> str:
    return f"{len(findings)} finding{'' if len(findings) == 1 else 's'}" if findings else "nothing wrong was found"


def _examined(facts: Facts) -> Iterator[str]:
    names = [*(each.name for each in facts.external_secrets), *(each.name for each in facts.pods)]
    yield from (str(name) for name in names)
    if not names:
        yield f"namespace {facts.namespace}, which has no ExternalSecret and no pod that opted in"
