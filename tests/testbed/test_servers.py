"""The real servers of the test bed start, answer, and end with the test process."""

import os
import signal
import subprocess
import sys
import time

import httpx
import pytest

from tests.support.moto import run_with_botocore, sign_with_botocore
from tests.support.processes import Server

pytestmark = pytest.mark.server


def test_openbao_keeps_a_secret_and_its_versions(openbao):
    openbao.enable_mount("team")
    assert [openbao.put_kv("team", "db", {"password": word}) for word in ("old", "new")] == [1, 2]
    assert openbao.read("team/data/db?version=1")["data"]["data"] == {"password": "old"}


def test_openbao_tokens_are_bound_by_their_policies(openbao):
    openbao.put_kv("secret", "mine", {"a": "b"})
    openbao.policy("mine", 'path "secret/data/mine" { capabilities = ["read"] }')
    token = openbao.create_token("mine", ttl="5m")
    assert openbao.read("secret/data/mine", token=token)["data"]["data"] == {"a": "b"}
    with pytest.raises(RuntimeError, match="403"):
        openbao.read("secret/data/other", token=token)


def test_openbao_can_be_sealed_and_unsealed(openbao):
    openbao.seal()
    with pytest.raises(RuntimeError, match="503"):
        openbao.read("secret/data/any")
    openbao.unseal()
    assert openbao.read("sys/seal-status")["sealed"] is False


def test_openbao_over_tls_is_trusted_only_with_its_authority(openbao_tls):
    openbao_tls.enable_auth("approle", "approle")
    assert "approle/" in openbao_tls.read("sys/auth")["data"]
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(f"{openbao_tls.url}/v1/sys/health", trust_env=False)


def test_openbao_with_client_certificates_refuses_strangers(openbao_mtls):
    assert openbao_mtls.read("sys/seal-status")["sealed"] is False
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{openbao_mtls.url}/v1/sys/health", verify=openbao_mtls.authority.client_context())


def test_moto_keeps_secrets_until_it_is_reset(moto):
    moto.call("secretsmanager.CreateSecret", {"Name": "db", "SecretString": "pw"})
    assert moto.call("secretsmanager.GetSecretValue", {"SecretId": "db"})["SecretString"] == "pw"
    moto.reset()
    with pytest.raises(RuntimeError, match="ResourceNotFoundException"):
        moto.call("secretsmanager.GetSecretValue", {"SecretId": "db"})


def test_botocore_signs_the_same_request_with_the_same_time_alike():
    request = {
        "method": "POST", "url": "https://secretsmanager.eu-central-1.amazonaws.com/",
        "headers": {}, "body": "{}",
        "service": "secretsmanager", "region": "eu-central-1", "access_key": "AKID", "secret_key": "s",
        "time": "20260102T030405Z",
    }  # fmt: skip
    first, second, other = sign_with_botocore([request, request, {**request, "secret_key": "t"}])
    assert first == second != other
    assert first["X-Amz-Date"] == "20260102T030405Z"
    assert "Credential=AKID/20260102/eu-central-1/secretsmanager/aws4_request" in first["Authorization"]


def test_boto3_talks_to_moto(moto):
    script = (
        "import boto3, sys; c = boto3.client('ssm', endpoint_url=sys.argv[1], region_name='eu-central-1', "
        "aws_access_key_id='a', aws_secret_access_key='b'); "
        "c.put_parameter(Name='/p', Value='v', Type='SecureString'); "
        "print(c.get_parameter(Name='/p', WithDecryption=True)['Parameter']['Value'])"
    )
    assert run_with_botocore(script, moto.url) == "v\n"


KEEPER = """
import pathlib, sys, time
from tests.support.processes import Server
server = Server("sleeper", ["sleep", "600"], log=pathlib.Path(sys.argv[1]))
print(server.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_server_ends_when_the_test_process_is_killed(tmp_path, how):
    keeper = subprocess.Popen(
        [sys.executable, "-c", KEEPER, str(tmp_path / "log")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    pid = int(keeper.stdout.readline())
    assert exists(pid)
    keeper.send_signal(how)
    keeper.communicate()
    while exists(pid):
        time.sleep(0.01)


def exists(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_frozen_server_can_be_stopped(tmp_path):
    server = Server("sleeper", ["sleep", "600"], log=tmp_path / "log")
    server.send(signal.SIGSTOP)
    server.stop()
    assert not exists(server.pid)


def test_a_server_that_dies_at_once_is_reported_with_its_log(tmp_path):
    server = Server("broken", ["sh", "-c", "echo no such flag; exit 3"], log=tmp_path / "log")
    with pytest.raises(RuntimeError, match=r"(?s)exit code 3.*no such flag"):
        server.wait_until(lambda: False)
