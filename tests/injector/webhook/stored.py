"""A pod as the API server stored it, without what differs from run to run; and the golden ones."""

import copy
import os
import re

import yaml

from injector.webhook.annotations import PREFIX
from tests.support.paths import ROOT

GOLDEN = ROOT / "tests" / "injector" / "webhook" / "golden" / "stored"
VOLATILE = ("uid", "creationTimestamp", "managedFields", "resourceVersion", "namespace", "generation")


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data):
        return True


def settled(stored):
    """Random names and versions taken out, the hand-off left out: its own tests look at it."""
    it = copy.deepcopy({"metadata": stored["metadata"], "spec": stored["spec"]})
    for name in VOLATILE:
        it["metadata"].pop(name, None)
    if "generateName" in it["metadata"]:
        del it["metadata"]["name"]
    it["metadata"]["annotations"][f"{PREFIX}config"] = "…"
    text = yaml.dump(it, Dumper=_Dumper, allow_unicode=True, width=110)
    return re.sub(r"kube-api-access-\w{5}", "kube-api-access-…", text)


def golden(shape: str, stored) -> None:
    """Compare with the golden one. With GOLDEN=write in the environment it is written first, to be reviewed."""
    path = GOLDEN / f"{shape}.yaml"
    text = settled(stored)
    if os.environ.get("GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert text == path.read_text()
