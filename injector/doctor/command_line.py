"""`doctor`: its arguments and its exit code."""

from __future__ import annotations

import argparse
import asyncio
import sys
from argparse import Namespace
from collections.abc import Sequence
from datetime import UTC, datetime

from injector.doctor.facts import Facts
from injector.doctor.gather import Question, gather
from injector.doctor.judge import judge
from injector.doctor.reading import Reading
from injector.doctor.text import as_json, as_text
from injector.local import flags
from injector.local.cluster import cluster_source, namespace_of
from injector.local.manifests import WrongCall
from injector.progress import shown

KINDS = {
    "externalsecret": "externalsecret", "externalsecrets": "externalsecret", "es": "externalsecret",
    "pod": "pod", "pods": "pod", "po": "pod",
}  # fmt: skip


def main(arguments: Sequence[str]) -> int:
    """Returns the exit code: 0 nothing wrong, 1 findings, 2 a wrong call, 3 the cluster can't be read."""
    return flags.run("doctor", _parser(), arguments, _doctor)


def _doctor(arguments: Namespace) -> int:
    facts, unchecked = asyncio.run(_gathered(arguments, _question(arguments)))
    findings = judge(facts)
    shape = as_json if arguments.output == "json" else as_text
    sys.stdout.write(shape(findings, facts, unchecked))
    return 1 if findings else 0


async def _gathered(arguments: Namespace, asked: Question) -> tuple[Facts, Sequence[str]]:
    async with (
        shown(silent=arguments.no_progress) as progress,
        cluster_source(arguments.kubeconfig, arguments.context) as cluster,
    ):
        reading = Reading(cluster.client, progress)
        await reading.reach()
        facts = await gather(reading, asked, datetime.now(UTC))
    return facts, list(reading.unchecked)


def _question(arguments: Namespace) -> Question:
    kind, name = _asked(arguments.subject)
    account = _account(arguments.controller_service_account)
    namespace = arguments.namespace or namespace_of(arguments.kubeconfig, arguments.context)
    return Question(kind, name, namespace, account, arguments.controller_namespace)


def _asked(subject: Sequence[str]) -> tuple[str, str]:
    """Kind and name: `externalsecret db`, `pod/app-0`, or both empty for the whole namespace."""
    if not subject:
        return "", ""
    kind, _, name = subject[0].partition("/")
    named = [name] if name else list(subject[1:])
    if kind.lower() not in KINDS or len(named) != 1 or (name and len(subject) > 1):
        raise WrongCall("name one object, as externalsecret NAME or pod NAME, or none for the whole namespace")
    return KINDS[kind.lower()], named[0]


def _account(told: str | None) -> tuple[str, str] | None:
    if not told:
        return None
    namespace, _, name = told.partition("/")
    if not namespace or not name:
        raise WrongCall("--controller-service-account: write it as NAMESPACE/NAME")
    return namespace, name


def _parser() -> argparse.ArgumentParser:
    parser = flags.parser_of(
        "doctor",
        "Says why an ExternalSecret or a pod is not ready, or what is wrong in a whole namespace: each finding in one "
        "sentence with a remedy, by what to do first. Reads as the user of the kubeconfig, and says what that user "
        "may not read. Exit code: 0 nothing wrong, 1 findings, 2 a wrong call, 3 the cluster can't be read.",
    )
    parser.add_argument(
        "subject",
        nargs="*",
        metavar="externalsecret NAME | pod NAME",
        help="what is not ready; default: everything in the namespace",
    )
    parser.add_argument("--namespace", "-n", help="default: that of the kubeconfig's context")
    parser.add_argument("--output", "-o", choices=("text", "json"), default="text", help="default: text")
    parser.add_argument(
        "--controller-service-account",
        metavar="NAMESPACE/NAME",
        help="the controller's; then what it may do in the namespace is checked, too",
    )
    parser.add_argument(
        "--controller-namespace",
        metavar="NAMESPACE",
        default="",
        help="where controller and webhooks run; default: they are looked for in all namespaces",
    )
    flags.add_cluster(parser, "the cluster; default: $KUBECONFIG, or ~/.kube/config")
    return parser
