"""A real Kubernetes control plane on loopback: etcd, kube-apiserver with RBAC, and kube-controller-manager, which creates
service accounts, collects garbage and empties deleted namespaces. The fixture `control_plane` has all three.
"""

import json
import ssl
import subprocess
from pathlib import Path
from typing import Any

import httpx
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.binaries import binary
from tests.support.processes import Server, free_port
from tests.support.tls import Authority

ADMIN_TOKEN = "admin-of-the-tests"
ISSUER = "https://kubernetes.default.svc"
CONTROLLERS = "*,-node-ipam-controller,-kube-apiserver-serving-clustertrustbundle-publisher-controller"
"""All but one that needs nodes, and one that complains of our self-signed certificate without end."""
ETCD_FLAGS = ["--unsafe-no-fsync", "--log-level=error"]
APISERVER_FLAGS = [
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    "--endpoint-reconciler-type=none",
    "--service-cluster-ip-range=10.0.0.0/24",
    f"--service-account-issuer={ISSUER}",
    f"--api-audiences={ISSUER}",
    "--authorization-mode=RBAC",
    "--allow-privileged=true",
]


class ControlPlane:
    """Started by construction, ready on return. Every file of it lies in `folder`.

    `url` and `ca_file` are what a client needs to reach it, `token` belongs to `system:masters`,
    `kubeconfig` is a file that holds all three. A certificate of `people` makes its common name a user. The
    server's port stays the same when it is stopped and started again.
    """

    def __init__(self, folder: Path, *apiserver_flags: str) -> None:
        self.folder = folder
        self.token = ADMIN_TOKEN
        self._extra = list(apiserver_flags)
        self._port = free_port()
        self.url = f"https://127.0.0.1:{self._port}"
        self.ca_file = folder / "apiserver.crt"
        self.kubeconfig = folder / "kubeconfig"
        self.people = Authority(folder / "people")
        self._write_keys()
        self.kubeconfig.write_text(yaml.safe_dump(self.kubeconfig_for(self.token)))
        self.controller_manager: Server | None = None
        self._etcd_url = f"http://127.0.0.1:{free_port()}"
        self.etcd = self._start_etcd()
        self.apiserver = self.start_apiserver()

    def _write_keys(self) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (self.folder / "service-accounts.key").write_bytes(pem)
        (self.folder / "tokens.csv").write_text(f'{self.token},admin,admin,"system:masters"\n')

    def kubeconfig_for(self, token: str, *, url: str | None = None, ca_file: Path | None = None) -> dict[str, Any]:
        """A kubeconfig for another token, or for a proxy that stands in front of the server."""
        cluster = {"server": url or self.url, "certificate-authority": str(ca_file or self.ca_file)}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": "test", "user": {"token": token}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
            "current-context": "test",
        }

    def _start_etcd(self) -> Server:
        peer = f"http://127.0.0.1:{free_port()}"
        argv = [
            str(binary("etcd")), *ETCD_FLAGS, f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls={self._etcd_url}", f"--advertise-client-urls={self._etcd_url}",
            f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
        ]  # fmt: skip
        server = Server("etcd", argv, log=self.folder / "etcd.log")
        server.wait_until(lambda: httpx.get(f"{self._etcd_url}/health", trust_env=False).is_success)
        return server

    def start_apiserver(self) -> Server:
        """Start the API server (again); also keeps it in `self.apiserver`."""
        keys = self.folder / "service-accounts.key"
        argv = [
            str(binary("kube-apiserver")), *APISERVER_FLAGS, f"--etcd-servers={self._etcd_url}",
            f"--cert-dir={self.folder}", f"--secure-port={self._port}",
            f"--service-account-key-file={keys}", f"--service-account-signing-key-file={keys}",
            f"--token-auth-file={self.folder / 'tokens.csv'}", f"--client-ca-file={self.people.ca_file}", *self._extra,
        ]  # fmt: skip
        server = Server("kube-apiserver", argv, log=self.folder / "apiserver.log")
        self.apiserver = server
        server.wait_until(self._ready)
        return server

    def _ready(self) -> bool:
        if not self.ca_file.exists():
            return False
        with self.client() as client:
            # `default` exists only when the server's own bootstrap is through.
            return client.get("/readyz").is_success and client.get("/api/v1/namespaces/default").is_success

    def forget_history(self) -> None:
        """Compact etcd and restart the API server: every older resource version is too old from now on."""
        revision = self.request("GET", "/api/v1/namespaces?limit=1")["metadata"]["resourceVersion"]
        body = {"revision": revision, "physical": True}
        httpx.post(f"{self._etcd_url}/v3/kv/compaction", json=body, trust_env=False).raise_for_status()
        self.apiserver.crash()  # a polite end waits for open watches
        self.start_apiserver()

    def start_controller_manager(self) -> Server:
        """Start kube-controller-manager unless it runs: service accounts, garbage collection, namespaces."""
        if self.controller_manager is None:
            argv = [
                str(binary("kube-controller-manager")), f"--kubeconfig={self.kubeconfig}",
                f"--service-account-private-key-file={self.folder / 'service-accounts.key'}",
                f"--root-ca-file={self.ca_file}", "--use-service-account-credentials=true",
                "--leader-elect=false", "--secure-port=0", f"--controllers={CONTROLLERS}",
            ]  # fmt: skip
            server = Server("kube-controller-manager", argv, log=self.folder / "controller-manager.log")
            self.controller_manager = server
            default = "/api/v1/namespaces/default/serviceaccounts/default"
            with self.client() as client:
                server.wait_until(lambda: client.get(default).is_success)
        return self.controller_manager

    def client(self, token: str | None = None) -> httpx.Client:
        """A plain HTTP client for the API, as administrator or with another token. Close it."""
        headers = {"Authorization": f"Bearer {token or self.token}"}
        verify = ssl.create_default_context(cafile=str(self.ca_file))
        return httpx.Client(base_url=self.url, headers=headers, verify=verify, trust_env=False, timeout=30)

    def request(self, method: str, path: str, body: Any = None, *, content_type: str = "application/json") -> Any:
        """Call the API as administrator; returns the decoded answer, raises RuntimeError with its text."""
        content = None if body is None else json.dumps(body)
        with self.client() as client:
            answer = client.request(method, path, content=content, headers={"Content-Type": content_type})
        if answer.is_error:
            raise RuntimeError(f"kube-apiserver: {method} {path}: {answer.status_code} {answer.text}")
        return answer.json()

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Run kubectl as administrator; returns what it prints, raises RuntimeError with its complaint."""
        argv = [
            str(binary("kubectl")),
            f"--kubeconfig={self.kubeconfig}",
            f"--cache-dir={self.folder / 'cache'}",
        ]
        done = subprocess.run([*argv, *arguments], input=stdin, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"kubectl {' '.join(arguments)}: {done.stderr}")
        return done.stdout

    def create_namespace(self, name: str, labels: dict[str, str] | None = None) -> str:
        self.request("POST", "/api/v1/namespaces", {"metadata": {"name": name, "labels": labels or {}}})
        return name

    def create_service_account(self, namespace: str, name: str) -> str:
        """Create it if the controller manager has not; returns the user name that RBAC knows it by."""
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts"
        with self.client() as client:
            answer = client.post(path, json={"metadata": {"name": name}})
        if answer.is_error and answer.status_code != httpx.codes.CONFLICT:
            raise RuntimeError(f"kube-apiserver: {path}: {answer.status_code} {answer.text}")
        return f"system:serviceaccount:{namespace}:{name}"

    def service_account_token(self, namespace: str, name: str, *audiences: str, seconds: int = 3600) -> str:
        """A bound token of a service account, by TokenRequest."""
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
        spec: dict[str, Any] = {"audiences": list(audiences) or [ISSUER], "expirationSeconds": seconds}
        token: str = self.request("POST", path, {"spec": spec})["status"]["token"]
        return token

    def stop(self) -> None:
        for server in (self.controller_manager, self.apiserver, self.etcd):
            if server is not None:
                server.stop()
