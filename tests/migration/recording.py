"""Records what the External Secrets Operator makes of `before.yaml` on a real API server, for the tests of the move:

    python -m tests.migration.recording /path/to/external-secrets > tests/migration/eso.jsonl

The binary is ESO's own of that name (field managers bear it), built with the provider `fake` (`go build -tags fake`);
its CRDs are where `tests/crd/reference` looks for them. What is recorded are objects of the API server, one a line, with
their managedFields, and nothing of ESO's code. Those in the tree are from ESO 2.9.0.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import yaml

from tests.crd.reference import ESO_CRDS
from tests.support.controlplane import ControlPlane
from tests.support.processes import Server, free_port

NAMESPACE = "team"
BEFORE = Path(__file__).with_name("before.yaml")
PLURALS = ("secretstores", "clustersecretstores", "pushsecrets", "externalsecrets", "secrets")


def record(binary: str) -> list[dict]:
    """The objects, stores first, as ESO left them."""
    with tempfile.TemporaryDirectory() as folder:
        plane = ControlPlane(Path(folder))
        try:
            return _recorded(plane, binary)
        finally:
            plane.stop()


def _recorded(plane: ControlPlane, binary: str) -> list[dict]:
    plane.kubectl("apply", "--server-side", "-f", str(ESO_CRDS))
    plane.kubectl("wait", "--for=condition=Established", "--timeout=60s", "-f", str(ESO_CRDS))
    plane.create_namespace(NAMESPACE)
    plane.kubectl("apply", "--server-side", "--field-manager=gitops", "-n", NAMESPACE, "-f", str(BEFORE))
    metrics, live = free_port(), free_port()
    argv = [
        "/usr/bin/env", f"KUBECONFIG={plane.kubeconfig}", binary, f"--metrics-addr=127.0.0.1:{metrics}",
        f"--live-addr=127.0.0.1:{live}", "--concurrent=4",
    ]  # fmt: skip
    server = Server("external-secrets", argv, log=Path(plane.folder) / "operator.log")
    try:
        return _settled(plane)
    finally:
        server.stop()


def _settled(plane: ControlPlane) -> list[dict]:
    """What there is once ESO has said something about everything, and five seconds have brought nothing new."""
    before: list[dict] = []
    while True:
        time.sleep(5)
        found = [each for plural in PLURALS for each in _list(plane, plural)]
        said = all(each.get("status") for each in found if each["kind"] != "Secret")
        if said and found == before:
            return found
        before = found


def _list(plane: ControlPlane, plural: str) -> list[dict]:
    scope = () if plural == "clustersecretstores" else ("-n", NAMESPACE)
    text = plane.kubectl("get", plural, *scope, "-o", "yaml", "--show-managed-fields")
    return yaml.safe_load(text)["items"]


if __name__ == "__main__":
    for each in record(sys.argv[1]):
        print(json.dumps(each))
