"""The hand-off: what is written is read again, and what is none is refused with a sentence."""

import pytest

from injector.handoff import VERSION, AgentConfig, Delivery, OnChange, decode, encode
from secretcore.errors import InvalidSpec

MANIFEST = {
    "apiVersion": "external-secrets.io/v1",
    "kind": "ExternalSecret",
    "metadata": {"name": "db", "namespace": "shop"},
    "spec": {"secretStoreRef": {"name": "vault"}, "target": {"name": "db-credentials"}},
}
CONFIG = AgentConfig(
    version=VERSION,
    namespace="shop",
    service_account="app",
    deliveries=(Delivery(external_secret=MANIFEST, format="env"),),
    stores=({"kind": "SecretStore", "metadata": {"name": "vault"}, "spec": {}},),
    tokens={"vault": "0"},
    on_change=OnChange(port=8080, path="/-/reload"),
    max_staleness=3600.0,
)


def test_what_is_written_is_read_again():
    assert decode(encode(CONFIG)) == CONFIG


def test_the_same_content_is_the_same_text():
    assert encode(decode(encode(CONFIG))) == encode(CONFIG)


@pytest.mark.parametrize(
    ("target", "name"), [({"name": "db-credentials"}, "db-credentials"), ({"name": ""}, "db"), ({}, "db"), (None, "db")]
)
def test_files_are_named_for_the_target_or_else_the_external_secret(target, name):
    delivery = Delivery(external_secret={**MANIFEST, "spec": {"target": target}})
    assert delivery.target == name


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"version":2,"whatever":1}', "version 2"),
        ("{}", "version"),
        ("no json", "not a hand-off"),
        (b"\xff", "not a hand-off"),
        ('{"version":1}', "namespace"),
        ('{"version":1,"namespace":"a","deliveries":[{"externalSecret":{},"format":"toml"}]}', "format"),
        ('{"version":1,"namespace":"a","deliveries":[],"onChange":{"port":0,"path":"/"}}', "port"),
    ],
)
def test_what_is_no_hand_off_is_refused_with_a_sentence(text, says):
    with pytest.raises(InvalidSpec, match=says) as refused:
        decode(text)
    assert "injector.external-secrets.io/config" in str(refused.value)
    assert refused.value.remedy
