"""How long an ExternalSecret waits in silence for its store to be validated for the first time."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from controller.external_secret.gather import Gather, Memory
from tests.controller.building import NOON, UID, subject

VALID = {"conditions": [{"type": "Ready", "status": "True"}]}


class Stores:
    """The view: every store has this status."""

    def __init__(self, status):
        self.status = status

    def store(self, key):
        return {"metadata": {"name": key.name}, "status": self.status}


def gather(*, status=None, flood_gate=True, validated=("SecretStore",)):
    stores = SimpleNamespace(flood_gate=flood_gate)
    return Gather(None, Stores(status), stores, None, None, None, validated)


@pytest.mark.parametrize(
    ("options", "waits"),
    [
        ({}, True),
        ({"status": {"capabilities": "ReadOnly"}}, True),
        ({"status": VALID}, False),
        ({"flood_gate": False}, False),
        ({"validated": ("ClusterSecretStore",)}, False),
    ],
)
def test_only_for_a_store_that_this_process_is_about_to_validate(options, waits):
    found = gather(**options).waits_for(subject(), Memory(UID), NOON)
    assert found == ('SecretStore "store"' if waits else "")


@pytest.mark.parametrize(("seconds", "waits"), [(0, True), (10, True), (29, True), (30, False), (300, False)])
def test_no_longer_than_half_a_minute(seconds, waits):
    memory, asked = Memory(UID), gather()
    assert asked.waits_for(subject(), memory, NOON)
    assert bool(asked.waits_for(subject(), memory, NOON + timedelta(seconds=seconds))) == waits


def test_the_time_begins_anew_once_it_need_not_wait():
    memory = Memory(UID)
    assert gather().waits_for(subject(), memory, NOON)
    assert not gather(status=VALID).waits_for(subject(), memory, NOON)
    assert gather().waits_for(subject(), memory, NOON + timedelta(minutes=9))
