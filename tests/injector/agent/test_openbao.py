"""The agent and a real OpenBao: each way to log in, rotation, sealing, several ExternalSecrets of one store."""

import base64

import pytest

from tests.injector.agent.agents import vault_store
from tests.injector.agent.backend import external_secret
from tests.injector.agent.test_files import seen

pytestmark = pytest.mark.server

TOKEN = {"tokenSecretRef": {"name": "vault", "key": "token"}}
OFTEN = {"refreshInterval": "200ms"}
READER = 'path "secret/data/*" { capabilities = ["read"] }'


@pytest.fixture
def bao(openbao):
    openbao.put_kv("secret", "db", {"user": "app", "password": "one"})
    openbao.put_kv("secret", "tls", {"key": "k1"})
    openbao.policy("reader", READER)
    return openbao


def test_rotations_reach_the_files_and_a_sealed_server_changes_nothing(pod, bao):
    pod.credentials.write(secrets__vault__token=bao.token)
    both = external_secret("db", **OFTEN), external_secret("tls", **OFTEN)
    pod.hand_over(*both, store=vault_store(bao.url, TOKEN), max_staleness=3600.0)
    pod.start("--refresh")
    pod.until(lambda: pod.status("/startupz") == 200)
    assert seen(pod.volume) == {"db/user": b"app", "db/password": b"one", "tls/key": b"k1"}
    bao.put_kv("secret", "db", {"user": "app", "password": "two"})
    pod.until_seen("db/password", b"two")
    bao.seal()
    try:
        error = 'injector_agent_last_error{external_secret="db",error="StoreUnavailable"} 1'
        pod.until(lambda: error in pod.get("/metrics").text)
        assert seen(pod.volume) == {"db/user": b"app", "db/password": b"two", "tls/key": b"k1"}
        assert pod.status("/readyz") == 200
    finally:
        bao.unseal()
        bao.server.wait_until(lambda: bao.read("sys/seal-status")["sealed"] is False)
    bao.put_kv("secret", "tls", {"key": "k2"})
    pod.until_seen("tls/key", b"k2")
    pod.until(lambda: "last_error{" not in pod.get("/metrics").text)


def test_a_pod_that_starts_while_the_server_is_sealed_waits_for_it(pod, bao):
    pod.credentials.write(secrets__vault__token=bao.token)
    pod.hand_over(external_secret("db"), store=vault_store(bao.url, TOKEN), deadline=60.0)
    bao.seal()
    try:
        agent = pod.start("--once")
        pod.until(lambda: pod.log.exists() and "sealed" in pod.log.read_text())
        assert agent.poll() is None
        assert seen(pod.volume) == {}
    finally:
        bao.unseal()
    assert agent.wait(60) == 0
    assert seen(pod.volume)["db/password"] == b"one"


def test_a_secret_that_is_deleted_at_the_server_takes_its_files_along_where_it_is_to(pod, bao):
    pod.credentials.write(secrets__vault__token=bao.token)
    deleting = external_secret("db", target={"deletionPolicy": "Delete"}, **OFTEN)
    pod.hand_over(deleting, external_secret("tls", **OFTEN), store=vault_store(bao.url, TOKEN))
    pod.start("--refresh")
    pod.until(lambda: pod.status("/startupz") == 200)
    bao.delete("secret/metadata/db")
    bao.delete("secret/metadata/tls")
    pod.until(lambda: seen(pod.volume) == {"tls/key": b"k1"})


def test_a_user_logs_in_once_for_all_external_secrets_of_a_pass(pod, bao):
    bao.enable_auth("agent-userpass", "userpass")
    bao.write("auth/agent-userpass/users/app", {"password": "hunter2", "token_policies": ["reader"]})
    pod.credentials.write(secrets__user__password="hunter2")
    auth = {
        "userPass": {
            "path": "agent-userpass",
            "username": "app",
            "secretRef": {"name": "user", "key": "password"},
        }
    }
    names = [external_secret(name, "db") for name in ("a", "b", "c")]
    pod.hand_over(*names, store=vault_store(bao.url, auth))
    assert pod.run("--once") == 0
    assert {path for path in seen(pod.volume) if path.endswith("password")} == {
        "a/password", "b/password", "c/password",
    }  # fmt: skip
    assert "hunter2" not in pod.log.read_text()


def test_the_pod_s_token_for_an_audience_logs_in_and_a_new_one_is_taken_up(pod, bao, jwt):
    auth = {
        "jwt": {
            "path": "agent-jwt",
            "role": "app",
            "kubernetesServiceAccountToken": {
                "serviceAccountRef": {"name": "app", "audiences": ["bao"]},
                "audiences": [],
            },
        }
    }
    pod.credentials.write(tokens__0=jwt(audience="else"))
    pod.hand_over(external_secret("db"), store=vault_store(bao.url, auth), tokens={"bao": "0"}, deadline=60.0)
    pod.start("--refresh")
    pod.until(lambda: "AccessDenied" in pod.log.read_text())
    assert seen(pod.volume) == {}
    pod.credentials.write(tokens__0=jwt(audience="bao"))
    pod.until_seen("db/password", b"one")


@pytest.fixture
def jwt(bao):
    """Signs tokens that the server's auth method at agent-jwt believes."""
    import json
    import time

    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    key = rsa.generate_private_key(65537, 2048)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    bao.enable_auth("agent-jwt", "jwt", {"jwt_validation_pubkeys": [public.decode()]})
    bao.write(
        "auth/agent-jwt/role/app",
        {"role_type": "jwt", "user_claim": "sub", "bound_audiences": ["bao"], "token_policies": ["reader"]},
    )

    def encoded(content):
        return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=")

    def sign(*, audience):
        now = int(time.time())
        claims = {"sub": "system:serviceaccount:shop:app", "aud": [audience], "iat": now, "exp": now + 600}
        signed = encoded({"alg": "RS256", "typ": "JWT"}) + b"." + encoded(claims)
        signature = key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
        return (signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()

    yield sign
    bao.delete("sys/auth/agent-jwt")


def test_tls_with_the_authority_from_a_config_map(pod, openbao_tls, authority):
    bao = openbao_tls
    bao.enable_mount("agent-tls")
    bao.put_kv("agent-tls", "db", {"password": "over tls"})
    pod.credentials.write(secrets__vault__token=bao.token, configmaps__ca__ca_dot_crt=authority.ca_file.read_text())
    trusted = {"type": "ConfigMap", "name": "ca", "key": "ca.crt"}
    pod.hand_over(external_secret("db"), store=vault_store(bao.url, TOKEN, path="agent-tls", caProvider=trusted))
    assert pod.run("--once") == 0
    assert seen(pod.volume) == {"db/password": b"over tls"}


def test_templates_of_a_mounted_config_map_are_rendered_anew_when_it_changes(pod, bao):
    template = {"templateFrom": [{"configMap": {"name": "t", "items": [{"key": "app.conf"}]}}]}
    pod.credentials.write(secrets__vault__token=bao.token, configmaps__t__app_dot_conf="conf: pw={{ .password }}")
    pod.hand_over(external_secret("db", target={"template": template}), store=vault_store(bao.url, TOKEN))
    pod.start("--refresh")
    pod.until(lambda: pod.status("/startupz") == 200)
    assert set(seen(pod.volume)) == {"db/app.conf"} or set(seen(pod.volume)) == {"db/conf"}
    pod.credentials.write(secrets__vault__token=bao.token, configmaps__t__app_dot_conf="conf: changed={{ .password }}")
    pod.until(lambda: b"changed=one" in b"".join(seen(pod.volume).values()))
