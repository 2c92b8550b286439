"""The example of Vault, as a person runs it: local mode with a token from the environment, against a real OpenBao."""

import base64
from pathlib import Path

import pytest
import yaml

from injector.__main__ import main
from tests.providers.vaults import fresh, mounted

pytestmark = pytest.mark.server

EXAMPLE = Path(__file__).parents[2] / "examples/vault"


@pytest.fixture
def example(openbao, tmp_path):
    """The example's manifests, with their server and mount replaced by these."""
    mount = mounted(openbao)
    openbao.put_kv(mount, "payments/database", {"username": "payments", "password": "correct horse"})
    openbao.write(f"{mount}/metadata/payments/database", {"custom_metadata": {"team": "blue"}})
    openbao.put_kv(mount, "payments/queue/consumer", {"token": "rabbit"})
    text = "---\n".join(file.read_text() for file in sorted(EXAMPLE.glob("*.yaml")))
    manifests = tmp_path / "manifests.yaml"
    manifests.write_text(text.replace("http://127.0.0.1:8200", openbao.url).replace("path: secret", f"path: {mount}"))
    return str(manifests)


def rendered(example, capsys, *options):
    code = main(["render", "--no-progress", "--from-environment", example, *options])
    out, err = capsys.readouterr()
    return code, list(yaml.safe_load_all(out)), err


def decoded(secret):
    return {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}


def test_the_example_prints_its_secrets(openbao, example, capsys, monkeypatch):
    monkeypatch.setenv("SECRET_VAULT_TOKEN", f"{openbao.token}\n")
    code, (database, payments), err = rendered(example, capsys, "--show-values")
    assert (code, err) == (0, "")
    assert decoded(database) == {"password": "correct horse", "team": "blue"}
    assert decoded(payments) == {
        "username": "payments", "password": "correct horse", "payments_queue_consumer": '{"token":"rabbit"}',
    }  # fmt: skip


def test_a_wrong_token_is_one_line_per_step_with_what_to_do(example, capsys, monkeypatch):
    monkeypatch.setenv("SECRET_VAULT_TOKEN", fresh("canary"))
    code, out, err = rendered(example, capsys)
    assert code == 1
    assert 'secret "payments/database": access denied (403)' in err
    assert "check the store's credentials" in err
    assert "canary" not in err
    assert not [document for document in out if document]
