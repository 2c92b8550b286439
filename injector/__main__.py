"""The command line of the injector: `python -m injector COMMAND …`, or `kubectl external-secrets COMMAND …`. Each
command is a module with a `main` of its own, imported when it is called, so that none pays for the imports of another.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from injector.program import program_name

COMMANDS = {
    "webhook": ("injector.webhook.command_line", "give pods that opt in their agent, when the API server asks"),
    "render": ("injector.local.command_line", "resolve the ExternalSecrets in manifests and print the Secrets"),
    "agent": ("injector.agent.command_line", "deliver the ExternalSecrets of a hand-off as files, in a pod"),
    "explain": ("injector.explain.command_line", "show each step of an ExternalSecret, hashes in place of values"),
    "diff": ("injector.diff.command_line", "show which Secrets of a cluster would change"),
    "doctor": ("injector.doctor.command_line", "say why an ExternalSecret or a pod is not ready"),
}

CLIENT = ("aiohttp", "kubernetes")
"""What only those have installed who read a cluster."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command. Returns its exit code; a wrong call is 2, output that can't be written 3."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if os.getpid() == 1:
        _end_when_told(0 if given[:2] == ["agent", "--refresh"] else 128 + signal.SIGTERM)
    if given and given[0] in COMMANDS:
        module, _ = COMMANDS[given[0]]
        try:
            return _run(import_module(module).main, given[1:])
        except ModuleNotFoundError as error:
            if error.name not in CLIENT:
                raise
            print(f"{given[0]}: reading a cluster needs external-secrets-injector[cluster]", file=sys.stderr)
            return 2
    asked = bool(given) and given[0] in ("-h", "--help")
    print(_usage(), file=sys.stdout if asked else sys.stderr)
    return 0 if asked else 2


def _end_when_told(code: int) -> None:
    """SIGTERM ends the process also while a command is still being imported: as the first process of a container it
    would not hear of a signal that nobody handles. A command that runs on has handlers of its own.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os._exit(code))


def _run(command: Callable[[Sequence[str]], int], arguments: Sequence[str]) -> int:
    try:
        code = command(arguments)
        sys.stdout.flush()
    except OSError as error:
        if error.errno not in (errno.EPIPE, errno.ENOSPC):
            raise
        # The reader left or the disk is full: what is left in the buffer must not be tried again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if error.errno == errno.EPIPE:
            return 141  # as if SIGPIPE had ended it
        print(f"the output can't be written: {error.strerror}", file=sys.stderr)
        return 3  # 1 is an answer: a difference, a finding, an ExternalSecret that did not resolve
    return code


def _usage() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {says}" for name, (_, says) in COMMANDS.items()]
    return "\n".join([f"usage: {program_name()} COMMAND …", "", *lines])


if __name__ == "__main__":
    sys.exit(main())
