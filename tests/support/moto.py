"""moto, a server that speaks AWS's APIs, and botocore as the oracle of request signatures.

Both live in a virtual environment of their own (`requirements/moto.lock`), because botocore and the
Kubernetes client need different versions of one library. It is made on first use.
"""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.support.paths import ROOT, virtual_environment
from tests.support.processes import Server, free_port

SIGNER = Path(__file__).with_name("botocore_signer.py")


def environment() -> Path:
    """The folder of the virtual environment that holds moto and botocore."""
    return virtual_environment("moto", ROOT / "requirements" / "moto.lock")


@dataclass(frozen=True)
class Moto:
    """A running server. `url` is the endpoint of every AWS service."""

    url: str
    server: Server

    def reset(self) -> None:
        """Forget everything that was created in it."""
        httpx.post(f"{self.url}/moto-api/reset", trust_env=False).raise_for_status()

    def call(self, target: str, body: Mapping[str, Any], *, region: str = "eu-central-1") -> Any:
        """Call a JSON operation such as `secretsmanager.CreateSecret`; the request is not really signed."""
        service, operation = target.split(".")
        scope = f"test/20260101/{region}/{service}/aws4_request"
        headers = {
            "X-Amz-Target": f"{JSON_PREFIXES[service]}.{operation}",
            "Content-Type": "application/x-amz-json-1.1",
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=00",
        }
        answer = httpx.post(self.url, content=json.dumps(body), headers=headers, trust_env=False)
        if answer.is_error:
            raise RuntimeError(f"moto: {target}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    def stop(self) -> None:
        self.server.stop()


JSON_PREFIXES = {"secretsmanager": "secretsmanager", "ssm": "AmazonSSM"}


def moto_server(folder: Path) -> Moto:
    """Start a server on a free port."""
    port = free_port()
    argv = [str(environment() / "bin" / "moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    server = Server("moto", argv, log=folder / "moto.log")
    moto = Moto(f"http://127.0.0.1:{port}", server)
    server.wait_until(lambda: httpx.get(f"{moto.url}/moto-api/", trust_env=False).is_success)
    return moto


def sign_with_botocore(requests: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Sign requests with botocore's SigV4 and return the headers of each, as botocore would send them.

    Each request: `method`, `url`, `headers`, `body` (text), `service`, `region`, `access_key`, `secret_key`,
    optionally `session_token`, and `time` (`20260102T030405Z`).
    """
    argv = [str(environment() / "bin" / "python"), str(SIGNER)]
    done = subprocess.run(argv, input=json.dumps(list(requests)), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"botocore could not sign: {done.stderr}")
    signed: list[dict[str, str]] = json.loads(done.stdout)
    return signed


def run_with_botocore(script: str, *arguments: str) -> str:
    """Run Python code where botocore, boto3 and moto can be imported; returns what it prints."""
    argv = [str(environment() / "bin" / "python"), "-c", script, *arguments]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the script ended with {done.returncode}: {done.stderr}")
    return done.stdout
