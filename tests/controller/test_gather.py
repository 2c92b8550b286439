"""What is remembered of an ExternalSecret between two looks at it, and what ends that."""

import asyncio
from types import SimpleNamespace

import pytest

from controller.external_secret.fetches import Fetches, Pending
from controller.external_secret.gather import Gather
from kubecore.cache import Change, Key
from tests.controller.building import subject

DB = Key("team", "db")


def gather():
    return Gather(None, None, SimpleNamespace(), None, None, None, ())


def manifest(interval, **metadata):
    return subject(refreshInterval=interval, metadata=metadata).manifest


def test_a_spec_is_parsed_once_per_generation():
    asked = gather()
    first = asked.subject(manifest("1h", resourceVersion="1"))
    assert asked.subject(manifest("1h", resourceVersion="2")).spec is first.spec
    assert asked.subject(manifest("2h", generation=2)).spec.refresh_interval == "2h"


@pytest.mark.parametrize("metadata", [{"uid": "another"}, {"generation": 2}])
def test_another_object_or_generation_is_parsed_anew(metadata):
    asked = gather()
    asked.subject(manifest("1h"))
    assert asked.subject(manifest("2h", **metadata)).spec.refresh_interval == "2h"


def test_a_spec_that_changed_under_its_generation_is_parsed_anew():
    """As after an etcd was restored and the object edited once more."""
    asked, old, new = gather(), manifest("1h"), manifest("2h", resourceVersion="11")
    asked.subject(old)
    asked.changed(Change(DB, old, new))
    assert asked.subject(new).spec.refresh_interval == "2h"


async def test_what_was_read_for_a_deleted_one_is_not_given_to_the_next_of_its_name():
    fetches = Fetches(lambda key: None, patience=0.01)

    async def old():
        await asyncio.Event().wait()

    async def new():
        return "new"

    first, second = subject(), subject(metadata={"uid": "another"})
    assert first.version == second.version
    assert isinstance(await fetches.outcome(DB, first.identity, (), old), Pending)
    assert await fetches.outcome(DB, second.identity, (), new) == "new"
