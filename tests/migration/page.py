"""docs/migration.md as a person follows it: the commands of each section, in bash, with kubectl, its plugin and helm."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.support.binaries import binary
from tests.support.paths import ROOT

PAGE = ROOT / "docs/migration.md"


def sections():
    """The commands by heading, those before the first heading under ""."""
    found, heading = {"": []}, ""
    for line in PAGE.read_text().splitlines():
        if line.startswith("## "):
            heading = line.removeprefix("## ")
            found[heading] = []
        elif line.startswith("    "):
            found[heading].append(line.strip())
    return {heading: commands for heading, commands in found.items() if commands}


class Person:
    """Runs sections of the page, in a folder of its own that looks like a checkout."""

    def __init__(self, plane, folder: Path, charts: Path):
        self.folder = folder / "desk"
        self.folder.mkdir()
        (self.folder / "charts").symlink_to(ROOT / "charts")
        tools = folder / "tools"
        tools.mkdir()
        (tools / "kubectl").symlink_to(binary("kubectl"))
        helm = tools / "helm"
        helm.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m tests.migration.helm "$@"\n')
        helm.chmod(0o755)
        path = f"{tools}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.environment = {
            **os.environ, "PATH": path, "KUBECONFIG": str(plane.kubeconfig), "HELM_REPOSITORY": str(charts),
            "HOME": str(folder),
        }  # fmt: skip

    def runs(self, number):
        """The section whose heading begins so; returns what it printed."""
        commands = sections()
        (heading,) = [each for each in commands if re.match(rf"{number}\b", each)]
        script = "\n".join([*commands[""], *commands[heading]])
        argv = ["bash", "-euo", "pipefail", "-c", script]
        ran = subprocess.run(argv, cwd=self.folder, env=self.environment, capture_output=True, text=True)
        assert ran.returncode == 0, f"{heading}: {ran.stdout}\n{ran.stderr}"
        return ran.stdout + ran.stderr
