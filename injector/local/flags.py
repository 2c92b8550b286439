"""The arguments that the commands over manifests have in common."""

from __future__ import annotations

import argparse
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence

from injector.local.manifests import WrongCall
from injector.program import program_name
from kubecore.errors import ApiError


def parser_of(command: str, description: str) -> argparse.ArgumentParser:
    """A parser for one command of the injector."""
    parser = argparse.ArgumentParser(prog=f"{program_name()} {command}", description=description)
    parser.add_argument(
        "--no-progress",
        action="store_true",
        help="say nothing on standard error while waiting; else something is said after two seconds",
    )
    return parser


def add_cluster(parser: argparse.ArgumentParser, purpose: str) -> None:
    """How to reach a cluster."""
    parser.add_argument("--kubeconfig", metavar="FILE", help=purpose)
    parser.add_argument("--context", metavar="NAME", help="context of the kubeconfig; default: its current one")


def add_environment(parser: argparse.ArgumentParser) -> None:
    """Where stores may take credentials from, besides manifests and a cluster."""
    parser.add_argument(
        "--from-environment",
        action="store_true",
        help="let stores take credentials from the environment: SECRET_<NAME>_<KEY> for a key of a Secret, "
        "TOKEN_<NAME> for a ServiceAccount (what is no letter or digit becomes _), and the variables of a cloud's own "
        "tools",
    )


def add_subjects(parser: argparse.ArgumentParser) -> None:
    """Which ExternalSecrets."""
    parser.add_argument(
        "subjects",
        nargs="+",
        metavar="FILE_OR_DIR|NAME",
        help="manifests (- is standard input), or ExternalSecrets of the cluster (externalsecret/NAME where a file "
        "is called so too)",
    )
    parser.add_argument(
        "--namespace",
        "-n",
        help="namespace of what is named, and of manifests that name none; default: that of the kubeconfig's context "
        "where a cluster is read, else default",
    )


def run(
    command: str, parser: argparse.ArgumentParser, arguments: Sequence[str], work: Callable[[Namespace], int]
) -> int:
    """What the command returns; 2 for a wrong call, 3 where the cluster can't be read, 130 when interrupted."""
    try:
        return work(parser.parse_args(arguments))
    except SystemExit as end:
        return int(end.code or 0)
    except WrongCall as error:
        print(f"{command}: {error}", file=sys.stderr)
        return 2
    except ApiError as error:
        print(f"{command}: {error}", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        return 130
