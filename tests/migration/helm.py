"""`helm`, as far as docs/migration.md calls it: its command line on Helm's own engine.

    python -m tests.migration.helm upgrade NAME CHART --namespace N --reuse-values --set a.b=c …

`HELM_REPOSITORY` is the folder of charts that are named `repository/chart`; others are folders.
"""

import argparse
import os
import sys
from pathlib import Path

import yaml
from helm_python import Config

WORDS = {"true": True, "false": False}


def main(arguments):
    """Runs one command; what Helm refuses it raises."""
    parser = argparse.ArgumentParser()
    parser.add_argument("command", nargs="+")
    parser.add_argument("--namespace", required=True)
    parser.add_argument("--version")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--reuse-values", action="store_true")
    parser.add_argument("--reset-values", action="store_true")
    parser.add_argument("--create-namespace", action="store_true")
    parser.add_argument("--output", choices=["yaml"])
    parser.add_argument("-f", dest="file", type=Path)
    parser.add_argument("--wait", action="store_true")  # for nothing: no pod runs here
    parser.add_argument("--timeout")
    given = parser.parse_args(arguments)
    helm = Config(kubeconfig_path=Path(os.environ["KUBECONFIG"]), namespace=given.namespace)
    match given.command:
        case ["install", name, chart]:
            helm.install(_chart(chart), name, values(given.set), create_namespace=given.create_namespace)
        case ["upgrade", name, chart]:
            new = yaml.safe_load(given.file.read_text()) if given.file else values(given.set)
            reuse, reset = given.reuse_values, given.reset_values
            helm.upgrade(_chart(chart), name, new, reuse_values=reuse, reset_values=reset)
        case ["uninstall", name]:
            helm.uninstall(name)
        case ["get", "manifest", name]:
            print(helm.status(name)["manifest"])
        case ["get", "values", name]:
            print(yaml.safe_dump(helm.get_values(name)))
        case other:
            raise SystemExit(f"helm: {other} is not known here")


def values(settings):
    """What `--set` says, nested."""
    found = {}
    for setting in settings:
        path, _, value = setting.partition("=")
        *outer, last = path.split(".")
        below = found
        for name in outer:
            below = below.setdefault(name, {})
        below[last] = WORDS.get(value, int(value) if value.isdigit() else value)
    return found


def _chart(named):
    folder = Path(named)
    return folder if folder.is_dir() else Path(os.environ["HELM_REPOSITORY"]) / folder.name


if __name__ == "__main__":
    main(sys.argv[1:])
