"""`python -m injector agent`: its arguments, and how it begins and ends as a process of a container.

agent --once       deliver everything, then end: an init container
agent --refresh    deliver everything, then keep it fresh: a sidecar
agent --probe      ask the agent that runs: an exec probe
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields

from injector.handoff import CREDENTIALS_FOLDER, HANDOFF_FILE, HANDOFF_FOLDER

MODES = {
    "--once": "deliver everything, then end",
    "--refresh": "deliver everything, then keep it fresh",
    "--probe": "ask the running agent whether it is ready, or started: exit code 0 where it is",
}
OPTIONS = {
    "--handoff": "handoff",
    "--credentials": "credentials",
    "--out": "out",
    "--termination-log": "termination_log",
}
PROBES = ("ready", "started")


@dataclass(slots=True)
class Options:
    """The arguments, each with its default."""

    mode: str = ""
    """`--once`, `--refresh` or `--probe`."""
    probe: str = "ready"
    handoff: str = f"{HANDOFF_FOLDER}/{HANDOFF_FILE}"
    credentials: str = CREDENTIALS_FOLDER
    out: str = ""
    """Empty for the hand-off's mount path."""
    termination_log: str = "/dev/termination-log"


class WrongCall(Exception):
    """The arguments are none of the agent's."""


def main(arguments: Sequence[str]) -> int:
    """Runs the agent and ends the process: Python's own end would take as long as half the work."""
    gc.disable()  # there is no garbage in what is imported; `run.refresh` turns it on again
    code = run(arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def run(arguments: Sequence[str]) -> int:
    """The exit code: 0 delivered or ended by a signal, 1 not delivered, 2 a wrong call, 143 ended before all was
    delivered once.
    """
    if "-h" in arguments or "--help" in arguments:
        print(usage())
        return 0
    try:
        options = parse(arguments)
    except WrongCall as error:
        print(f"{usage()}\n\nagent: {error}", file=sys.stderr)
        return 2
    if options.mode == "--probe":
        from injector.agent import probe  # noqa: PLC0415

        return probe.probe(options.probe, options.out or probe.volume_of(options.handoff))
    from injector.agent.process import run_agent  # noqa: PLC0415  # all the rest, which a probe does without

    return run_agent(options)


def parse(arguments: Sequence[str]) -> Options:
    """The options. By hand: argparse takes as long to import as Python to start. Raises `WrongCall`."""
    options, rest = Options(), list(arguments)
    while rest:
        name, equals, value = rest.pop(0).partition("=")
        if name in MODES and not equals:
            if options.mode:
                raise WrongCall(f"{options.mode} and {name} exclude each other")
            options.mode = name
            if name == "--probe" and rest and not rest[0].startswith("-"):
                options.probe = rest.pop(0)
        elif name in OPTIONS:
            if not equals and not rest:
                raise WrongCall(f"{name} lacks a value")
            setattr(options, OPTIONS[name], value if equals else rest.pop(0))
        else:
            raise WrongCall(f"{name} is not an argument")
    if not options.mode:
        raise WrongCall(f"one of {', '.join(MODES)} is needed")
    if options.probe not in PROBES:
        raise WrongCall(f"--probe asks whether it is {' or '.join(PROBES)}")
    return options


def usage() -> str:
    """How the agent is called."""
    defaults = {field.name: field.default for field in fields(Options)}
    return "\n".join(
        [
            "usage: python -m injector agent --once | --refresh | --probe [ready | started] [OPTION VALUE …]",
            "",
            *(f"  {mode:<20} {says}" for mode, says in MODES.items()),
            *(f"  {name:<20} default: {defaults[field] or 'the mountPath'}" for name, field in OPTIONS.items()),
            "",
            "Exit code: 0 delivered, or ended while refreshing; 1 not delivered; 2 a wrong call;",
            "143 ended before --once had delivered.",
        ]
    )
