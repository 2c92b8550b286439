"""`explain`: its arguments, and where ExternalSecrets come from: files, or a cluster where they are named."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from contextlib import AsyncExitStack

from injector.explain.explanation import Explained
from injector.explain.resolving import explain
from injector.explain.text import as_json, as_text
from injector.fingerprint import KEY_BYTES, Fingerprint
from injector.local import flags
from injector.local.opening import environment, opened
from injector.local.subjects import Subjects, subjects
from injector.progress import Progress, shown


def main(arguments: Sequence[str]) -> int:
    """Returns the exit code: 0 all resolved, 1 one did not, 2 a wrong call, 3 the cluster can't be read."""
    return flags.run("explain", _parser(), arguments, _explain)


def _explain(arguments: Namespace) -> int:
    explained, unreadable = asyncio.run(_explained(arguments))
    sys.stdout.write(as_json(explained) if arguments.output == "json" else as_text(explained))
    for line in unreadable:
        print(line, file=sys.stderr)
    failed = any(each.errors or any(step.errors for step in each.steps) for each in explained)
    return 1 if failed or unreadable else 0


async def _explained(arguments: Namespace) -> tuple[list[Explained], Sequence[str]]:
    async with AsyncExitStack() as stack:
        progress = await stack.enter_async_context(shown(silent=arguments.no_progress))
        found = await stack.enter_async_context(subjects(arguments, progress, always_cluster=False))
        return await _all(found, arguments, progress), found.manifests.unreadable


async def _all(found: Subjects, arguments: Namespace, progress: Progress) -> list[Explained]:
    fingerprint = Fingerprint(os.urandom(KEY_BYTES))
    wanted = list(found.manifests.of_kind("ExternalSecret"))
    progress.expect(len(wanted))
    others = environment(arguments) + ((found.cluster,) if found.cluster else ())
    async with opened(found.manifests, others, found.read) as local:
        return await asyncio.gather(*(explain(name, each, local, fingerprint, progress) for name, each in wanted))


def _parser() -> argparse.ArgumentParser:
    parser = flags.parser_of(
        "explain",
        "Shows each step of each ExternalSecret: where it stands in the manifest, what is asked of which store, what "
        "is done with the answer, with sizes and hashes in place of values. Exit code: 0 all resolved, 1 one did not, "
        "2 a wrong call, 3 the cluster can't be read.",
    )
    flags.add_subjects(parser)
    parser.add_argument("--output", "-o", choices=("text", "json"), default="text", help="default: text")
    flags.add_environment(parser)
    flags.add_cluster(
        parser,
        "read what is not among the files from this cluster; for a NAME default: $KUBECONFIG, or ~/.kube/config",
    )
    return parser
