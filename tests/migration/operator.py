"""The External Secrets Operator's side of a move, without its code: a chart of the shape of its own, and a cluster in
which every object is as ESO 2.9.0 left it, managedFields included (`eso.jsonl`, made by `recording.py`).
"""

import copy
import json
from datetime import datetime, timedelta
from pathlib import Path

import yaml

from tests.crd.reference import ESO_CRDS
from tests.migration.recording import NAMESPACE

RECORDED = Path(__file__).with_name("eso.jsonl")
FRESH = ("template", "create-or-merge")
GROUP = "external-secrets.io"
RELEASE = "external-secrets"
DEPLOYMENTS = {"external-secrets": "", "external-secrets-webhook": "webhook", "external-secrets-cert-controller": "certController"}  # fmt: skip
WEBHOOKS = {"secretstore-validate": ("secretstores", "clustersecretstores"), "externalsecret-validate": ("externalsecrets",)}  # fmt: skip
SERVED = {"installCRDs": True, "replicaCount": 1, "webhook": {"create": True}, "certController": {"create": True}}
CRDS = """{{- if .Values.installCRDs }}{{- range $path, $_ := .Files.Glob "definitions/*.yaml" }}
---
{{ $.Files.Get $path }}
{{- end }}{{- end }}
"""


def write_chart(folder: Path) -> None:
    """A chart that installs what ESO's does, as far as a move is concerned: definitions as templates, three
    Deployments, webhooks that refuse when nobody answers.
    """
    (folder / "templates").mkdir(parents=True)
    (folder / "definitions").mkdir()
    for file in ESO_CRDS.glob(f"{GROUP}_*.yaml"):
        (folder / "definitions" / file.name).write_text(file.read_text())
    (folder / "Chart.yaml").write_text(f"apiVersion: v2\nname: {RELEASE}\nversion: 2.9.0\n")
    (folder / "values.yaml").write_text(yaml.safe_dump(SERVED))
    (folder / "templates" / "crds.yaml").write_text(CRDS)
    for name, part in DEPLOYMENTS.items():
        text = yaml.safe_dump(_deployment(name)).replace("'{{", "{{").replace("}}'", "}}")
        (folder / "templates" / f"{name}.yaml").write_text(_where(part, text))
    for name, plurals in WEBHOOKS.items():
        (folder / "templates" / f"{name}.yaml").write_text(_where("webhook", yaml.safe_dump(_webhook(name, plurals))))


def _where(part, text):
    return f"{{{{- if .Values.{part}.create }}}}\n{text}{{{{- end }}}}\n" if part else text


def _deployment(name):
    labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/instance": RELEASE}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": "{{ .Values.replicaCount }}" if name == RELEASE else 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "it", "image": "eso"}]}},
        },
    }


def _webhook(name, plurals):
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": [
            {
                "name": f"validate.{plural}.{GROUP}",
                "rules": [{"apiGroups": [GROUP], "apiVersions": ["v1"], "resources": [plural], "operations": ["*"]}],
                "clientConfig": {"service": {"namespace": RELEASE, "name": "external-secrets-webhook", "path": "/v"}},
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "failurePolicy": "Fail",
            }
            for plural in plurals
        ],
    }


def recorded():
    """The objects as ESO left them, stores first, and their Secrets last."""
    return [json.loads(line) for line in RECORDED.read_text().splitlines()]


def fill(plane, now: datetime) -> None:
    """Make every recorded object, in the namespace `team`. UIDs are new, and owner references follow. All are due to be
    refreshed, but for those that ESO has just refreshed.
    """
    plane.create_namespace(NAMESPACE)
    uids = {}
    for each in recorded():
        copied = copy.deepcopy(each)
        if "refreshTime" in copied.get("status", {}):
            at = now if each["metadata"]["name"] in FRESH else now - timedelta(days=1)
            copied["status"]["refreshTime"] = at.strftime("%Y-%m-%dT%H:%M:%SZ")
        made = _make(plane, copied, uids)
        uids[each["metadata"]["uid"]] = made["metadata"]["uid"]


def path_of(manifest, name=""):
    version, plural = manifest["apiVersion"], f"{manifest['kind'].lower()}s"
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    scope = f"/namespaces/{manifest['metadata']['namespace']}" if "namespace" in manifest["metadata"] else ""
    return f"{root}{scope}/{plural}" + (f"/{name}" if name else "")


def _make(plane, manifest, uids):
    """Create it, then its status, then who wrote what: a write that changes nothing else keeps what it brings."""
    metadata, status = manifest["metadata"], manifest.pop("status", None)
    managed = metadata.pop("managedFields")
    for field in ("uid", "resourceVersion", "creationTimestamp", "generation"):
        metadata.pop(field, None)
    for owner in metadata.get("ownerReferences") or ():
        owner["uid"] = uids[owner["uid"]]
    made = plane.request("POST", path_of(manifest), manifest)
    path = path_of(manifest, metadata["name"])
    if status:
        made = plane.request("PUT", f"{path}/status", {**made, "status": status})
    made["metadata"]["managedFields"] = managed
    return plane.request("PUT", path, made)
