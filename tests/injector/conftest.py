"""A cluster for the commands: our kinds on the real API server, and what a test needs in a namespace of it."""

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.binaries import binary

GROUP = "external-secrets.io/v1"
CLUSTER_SCOPED = ("ClusterSecretStore", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
SCRIPTS = Path(sys.executable).parent


class Team:
    """A namespace, and the commands as a person calls them there."""

    def __init__(self, control_plane, namespace, folder):
        self.control_plane = control_plane
        self.namespace = namespace
        self.folder = folder
        self.kubeconfig = str(control_plane.kubeconfig)

    def apply(self, *manifests):
        """By server-side apply, in the namespace where the kind has one; returns the last."""
        for manifest in manifests:
            version, kind = manifest["apiVersion"], manifest["kind"]
            root = f"/apis/{version}" if "/" in version else f"/api/{version}"
            scope = (
                "" if kind in CLUSTER_SCOPED else f"/namespaces/{manifest['metadata'].get('namespace', self.namespace)}"
            )
            path = f"{root}{scope}/{kind.lower()}s/{manifest['metadata']['name']}?fieldManager=test&force=true"
            applied = self.control_plane.request("PATCH", path, manifest, content_type="application/apply-patch+yaml")
        return applied

    def status(self, plural, name, status, group=f"apis/{GROUP}", namespace=""):
        """Writes a status as a controller would."""
        return self.control_plane.request(
            "PATCH",
            f"/{group}/namespaces/{namespace or self.namespace}/{plural}/{name}/status",
            {"status": status},
            content_type="application/merge-patch+json",
        )

    def file(self, *manifests, name="manifests.yaml"):
        path = self.folder / name
        path.write_text(yaml.safe_dump_all(manifests))
        return str(path)

    def run(self, command, *arguments, kubeconfig=None):
        """Returns exit code, standard output and standard error."""
        argv = [sys.executable, "-m", "injector", command, "--no-progress", *arguments]
        argv += ["-n", self.namespace, "--kubeconfig", kubeconfig or self.kubeconfig]
        ran = subprocess.run(argv, capture_output=True, text=True)
        return ran.returncode, ran.stdout, ran.stderr

    def kubectl(self, *arguments):
        """The real kubectl, which finds our plugin among the scripts of this environment."""
        environment = {**os.environ, "PATH": f"{SCRIPTS}:{os.environ['PATH']}", "KUBECONFIG": self.kubeconfig}
        argv = [str(binary("kubectl")), *arguments]
        ran = subprocess.run(argv, capture_output=True, text=True, env=environment)
        return ran.returncode, ran.stdout, ran.stderr

    def user(self, *rules):
        """A kubeconfig for a ServiceAccount that may do just this in the namespace."""
        name = f"user-{len(list(self.folder.iterdir()))}"
        self.control_plane.create_service_account(self.namespace, name)
        subject = {"kind": "ServiceAccount", "name": name, "namespace": self.namespace}
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
        rbac = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": name}}
        self.apply(
            {**rbac, "kind": "Role", "rules": list(rules)},
            {**rbac, "kind": "RoleBinding", "roleRef": role, "subjects": [subject]},
        )
        token = self.control_plane.service_account_token(self.namespace, name)
        path = self.folder / name
        path.write_text(yaml.safe_dump(self.control_plane.kubeconfig_for(token)))
        return str(path)


def store(name="store", kind="SecretStore", rest=None, **values):
    """A store in memory."""
    data = [{"key": key, "value": value} for key, value in values.items()]
    spec = {"provider": {"fake": {"data": data}}, **(rest or {})}
    return {"apiVersion": GROUP, "kind": kind, "metadata": {"name": name}, "spec": spec}


def external_secret(name="db", store="store", metadata=None, **spec):
    """Reads key `db` of the store into key `password`."""
    entry = {"secretKey": "password", "remoteRef": {"key": "db"}}
    spec = {"secretStoreRef": {"name": store}, "refreshInterval": "1h", "data": [entry], **spec}
    return {"apiVersion": GROUP, "kind": "ExternalSecret", "metadata": {"name": name, **(metadata or {})}, "spec": spec}


def secret(name="db", metadata=None, **data):
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, **(metadata or {})}, "data": encoded}


@pytest.fixture
def team(control_plane, crds, namespace, tmp_path):
    return Team(control_plane, namespace, tmp_path)
