"""A cluster for the commands: our kinds on the real API server, and what a test needs in a namespace of it."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.binaries import binary

GROUP = "external-secrets.io/v1"
SCRIPTS = Path(sys.executable).parent


class Team:
    """A namespace, and the commands as a person calls them there."""

    def __init__(self, control_plane, namespace, folder):
        self.control_plane = control_plane
        self.namespace = namespace
        self.folder = folder
        self.kubeconfig = str(control_plane.kubeconfig)

    def apply(self, *manifests, status=()):
        """As `kubectl apply` does it; `status` is written where it is given."""
        for manifest in manifests:
            # The schema is fetched anew by each kubectl, and the server may not have ours yet.
            self.control_plane.kubectl(
                "apply", "-n", self.namespace, "--validate=false", "-f", "-", stdin=yaml.safe_dump(manifest)
            )

    def status(self, plural, name, status, group=f"apis/{GROUP}"):
        """Writes a status as a controller would."""
        return self.control_plane.request(
            "PATCH",
            f"/{group}/namespaces/{self.namespace}/{plural}/{name}/status",
            {"status": status},
            content_type="application/merge-patch+json",
        )

    def delete(self, kind, name):
        self.control_plane.kubectl("delete", kind, name, "-n", self.namespace)

    def get(self, kind, name):
        return json.loads(self.control_plane.kubectl("get", kind, name, "-n", self.namespace, "-o", "json"))

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
