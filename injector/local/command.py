"""`render`: every ExternalSecret among the files is resolved against the stores among the files, and printed."""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from injector.local.failures import failure_lines, line
from injector.local.manifests import Manifests, Name, WrongCall, read_manifests
from injector.local.opening import Local, opened, other_sources, parse, rendering
from injector.local.output import RenderedSecret, as_env, as_json, as_yaml
from injector.progress import Progress, shown
from secretcore.errors import SecretError
from secretcore.resolve import resolve

FORMATS = {"yaml": as_yaml, "json": as_json, "env": as_env}


@dataclass(frozen=True, slots=True)
class Resolved:
    """What became of one ExternalSecret: its Secret, unless there is none, and what to say."""

    secret: RenderedSecret | None = None
    notes: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()


def render(arguments: Namespace) -> int:
    """Runs the command. Returns the exit code: 0 all resolved, 1 one did not. Raises `WrongCall`."""
    manifests = read_manifests(arguments.paths, arguments.namespace)
    if not manifests.unreadable and not any(manifests.of_kind("ExternalSecret")):
        raise WrongCall(f"no ExternalSecret in {', '.join(arguments.paths)}")
    return asyncio.run(_render(manifests, arguments))


async def _render(manifests: Manifests, arguments: Namespace) -> int:
    async with AsyncExitStack() as stack:
        others = await other_sources(arguments, stack)
        local = await stack.enter_async_context(opened(manifests, others))
        async with shown(silent=arguments.no_progress) as progress:
            wanted = list(manifests.of_kind("ExternalSecret"))
            progress.expect(len(wanted))
            outcomes = await asyncio.gather(*(_resolve(name, each, local, progress) for name, each in wanted))
    failures = [*manifests.unreadable, *(failure for outcome in outcomes for failure in outcome.failures)]
    try:
        rendered = [outcome.secret for outcome in outcomes if outcome.secret]
        sys.stdout.write(FORMATS[arguments.output](rendered, show_values=arguments.show_values))
    except SecretError as error:
        failures.append(line(str(error), error))
    notes = [f"note: {note}" for outcome in outcomes for note in outcome.notes]
    for sentence in (*notes, *(f"warning: {warning}" for warning in local.stores.warnings()), *failures):
        print(sentence, file=sys.stderr)
    return 1 if failures else 0


async def _resolve(name: Name, manifest: Mapping[str, Any], local: Local, progress: Progress) -> Resolved:
    try:
        external_secret = parse(manifest)
        with progress.during(name.name):
            rendered = await resolve(external_secret.spec, name.namespace, local.clients, rendering())
    except SecretError as error:
        return Resolved(failures=tuple(failure_lines(name, error)))
    notes = [f"{name}: {missing.step.path}: left out: {missing.error}" for missing in rendered.missing]
    if not rendered.data and rendered.missing:
        return Resolved(notes=(*notes, f"{name}: no Secret: the backend has nothing for it"))
    return Resolved(RenderedSecret(external_secret, name.namespace, rendered), tuple(notes))
