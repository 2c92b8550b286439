"""`diff`: its arguments, and its exit code, which is that of `kubectl diff`."""

from __future__ import annotations

import argparse
import asyncio
import sys
from argparse import Namespace
from collections.abc import Sequence
from contextlib import AsyncExitStack

from injector.diff.gather import Compared, compare
from injector.diff.text import as_json, as_text, is_different
from injector.local import flags
from injector.local.opening import environment, opened
from injector.local.subjects import Subjects, subjects
from injector.progress import Progress, shown

FAILED = 3


def main(arguments: Sequence[str]) -> int:
    """Returns the exit code: 0 no difference, 1 differences, 2 a wrong call, 3 not all could be compared."""
    return flags.run("diff", _parser(), arguments, _diff)


def _diff(arguments: Namespace) -> int:
    compared, unreadable = asyncio.run(_compared(arguments))
    verdicts = [verdict for each in compared for verdict in each.verdicts]
    failures = [*unreadable, *(failure for each in compared for failure in each.failures)]
    sys.stdout.write(as_json(verdicts) if arguments.output == "json" else as_text(verdicts))
    for failure in failures:
        print(failure, file=sys.stderr)
    return FAILED if failures else int(is_different(verdicts))


async def _compared(arguments: Namespace) -> tuple[list[Compared], Sequence[str]]:
    async with AsyncExitStack() as stack:
        progress = await stack.enter_async_context(shown(silent=arguments.no_progress))
        found = await stack.enter_async_context(subjects(arguments, progress, always_cluster=True))
        return await _all(found, arguments, progress), found.manifests.unreadable


async def _all(found: Subjects, arguments: Namespace, progress: Progress) -> list[Compared]:
    assert found.cluster is not None  # as was asked for
    client = found.cluster.client
    wanted = list(found.manifests.of_kind("ExternalSecret"))
    progress.expect(len(wanted))
    others = (*environment(arguments), found.cluster)
    async with opened(found.manifests, others, found.read) as local:
        return await asyncio.gather(*(compare(name, each, local, client, progress) for name, each in wanted))


def _parser() -> argparse.ArgumentParser:
    parser = flags.parser_of(
        "diff",
        "Shows which Secrets of the cluster would be created, changed or deleted, by the names of keys and whether "
        "their values are equal; no value is shown. Exit code: 0 no difference, 1 differences, 2 a wrong call, "
        "3 not all could be compared.",
    )
    flags.add_subjects(parser)
    parser.add_argument("--output", "-o", choices=("text", "json"), default="text", help="default: text")
    flags.add_environment(parser)
    flags.add_cluster(parser, "the cluster to compare with; default: $KUBECONFIG, or ~/.kube/config")
    return parser
