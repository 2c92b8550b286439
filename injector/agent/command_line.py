"""`python -m injector agent`: its arguments, and how it begins and ends as a process of a container.

agent --once       deliver everything, then end: an init container
agent --refresh    deliver everything, then keep it fresh: a sidecar
agent --probe      ask the agent that runs: an exec probe
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from injector.handoff import CREDENTIALS_FOLDER, HANDOFF_FILE, HANDOFF_FOLDER


def main(arguments: Sequence[str]) -> int:
    """Runs the agent and ends the process: Python's own end would take as long as half the work."""
    code = run(arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def run(arguments: Sequence[str]) -> int:
    """The exit code: 0 delivered or ended by a signal, 1 not delivered, 2 a wrong call, 143 ended before all was
    delivered once.
    """
    try:
        options = _parser().parse_args(arguments)
    except SystemExit as end:
        return int(end.code or 0)
    if options.probe:
        from injector.agent import probe  # noqa: PLC0415

        return probe.probe(options.probe, options.out or probe.volume_of(options.handoff))
    from injector.agent.process import run_agent  # noqa: PLC0415  # all the rest, which a probe does without

    return run_agent(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m injector agent",
        description="Delivers the ExternalSecrets of a hand-off as files. Exit code: 0 delivered, or ended while "
        "refreshing; 1 not delivered; 2 a wrong call; 143 ended before --once had delivered.",
    )
    modes = parser.add_mutually_exclusive_group(required=True)
    modes.add_argument("--once", action="store_true", help="deliver everything, then end")
    modes.add_argument("--refresh", action="store_true", help="deliver everything, then keep it fresh")
    modes.add_argument(
        "--probe",
        nargs="?",
        const="ready",
        choices=("started", "ready"),
        help="ask the running agent: exit code 0 where it is; default: ready",
    )
    parser.add_argument(
        "--handoff", metavar="FILE", default=f"{HANDOFF_FOLDER}/{HANDOFF_FILE}", help="default: %(default)s"
    )
    parser.add_argument(
        "--credentials", metavar="DIR", default=CREDENTIALS_FOLDER, help="mounted credentials; default: %(default)s"
    )
    parser.add_argument("--out", metavar="DIR", help="the volume; default: the hand-off's mountPath")
    parser.add_argument(
        "--termination-log", metavar="FILE", default="/dev/termination-log", help="default: %(default)s"
    )
    return parser
