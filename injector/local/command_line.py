"""`python -m injector render`: its arguments, and which of its two errands is meant."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from injector.local import command, flags, manifests


def main(arguments: Sequence[str]) -> int:
    """Returns the exit code: 0 all resolved, 1 one did not, 2 a wrong call."""
    try:
        parsed = _parser().parse_args(arguments)
    except SystemExit as end:
        return int(end.code or 0)
    if not parsed.paths and not parsed.template:
        if sys.stdin.isatty():
            print("render: name files or folders with manifests, or - for standard input", file=sys.stderr)
            return 2
        parsed.paths = ["-"]
    try:
        if parsed.template:
            from injector.local import try_template  # noqa: PLC0415  # the template engine

            return try_template.try_template(parsed.template, parsed.values)
        return command.render(parsed)
    except KeyboardInterrupt:
        return 130
    except manifests.WrongCall as error:
        print(f"render: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = flags.parser_of(
        "render",
        "Resolves every ExternalSecret in the manifests against the stores in the manifests, and prints "
        "the Secrets. Exit code: 0 all resolved, 1 one did not (each failure is a line on standard error), "
        "2 a wrong call.",
    )
    parser.add_argument("paths", nargs="*", metavar="FILE_OR_DIR", help="manifests; - is standard input")
    parser.add_argument("--show-values", action="store_true", help="print values; they are masked otherwise")
    parser.add_argument("--output", "-o", choices=("yaml", "json", "env"), default="yaml", help="default: yaml")
    parser.add_argument(
        "--namespace", "-n", default="default", help="namespace of manifests that name none; default: default"
    )
    flags.add_environment(parser)
    flags.add_cluster(
        parser, "let stores take credentials from this cluster: Secrets and ConfigMaps, and tokens of ServiceAccounts"
    )
    parser.add_argument("--template", metavar="FILE", help="try this template instead, and print what it renders to")
    parser.add_argument("--values", metavar="FILE", help="YAML map of the strings that the template reads")
    return parser
