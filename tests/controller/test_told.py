"""How new an answer must be: at least as new as what was asked, and never older than a moment."""

import pytest

from controller.told import Told
from kubecore.cache import Change, Key
from tests.secretcore.clock import Clock

KEY = Key("team", "db")


def manifest(generation=1, version=1, labels=None, annotations=None, **status):
    metadata = {"generation": generation, "resourceVersion": str(version)}
    metadata |= {"labels": labels} if labels else {}
    metadata |= {"annotations": annotations} if annotations else {}
    return {"metadata": metadata, "status": status}


@pytest.mark.parametrize(("interval", "window"), [(3600, 10), (40, 10), (20, 5), (1, 0.25), (0, 10), (-1, 10)])
def test_an_answer_is_at_most_a_quarter_of_the_interval_old_and_never_more_than_ten_seconds(interval, window):
    clock = Clock()
    assert Told(clock).not_before(KEY, interval) == clock.now - window


@pytest.mark.parametrize(
    ("new", "counts"),
    [
        (manifest(generation=2, version=2), True),
        (manifest(version=2, labels={"a": "b"}), True),
        (manifest(version=2, annotations={"external-secrets.io/force-sync": "1"}), True),
        (manifest(version=2, refreshTime="now"), False),
    ],
)
def test_a_new_spec_label_or_annotation_wants_an_answer_of_its_own(new, counts):
    clock = Clock()
    told = Told(clock)
    told.changed(Change(KEY, None, manifest()))
    clock.now += 1
    told.changed(Change(KEY, manifest(), new))
    changed_at = clock.now
    clock.now += 1
    assert told.not_before(KEY, 3600) == (changed_at if counts else changed_at - 1)


def test_it_is_when_the_change_arrived_that_counts_not_when_it_is_worked_on():
    clock = Clock()
    told = Told(clock)
    told.changed(Change(KEY, None, manifest()))
    arrived = clock.now
    clock.now += 9
    assert told.not_before(KEY, 3600) == arrived
    clock.now += 9
    assert told.not_before(KEY, 3600) == clock.now - 10


def test_an_object_that_is_made_again_is_new():
    clock = Clock()
    told = Told(clock)
    told.changed(Change(KEY, None, manifest()))
    clock.now += 1
    told.changed(Change(KEY, manifest(), None))
    assert told.not_before(KEY, 0) == clock.now - 10
    told.changed(Change(KEY, None, manifest()))
    assert told.not_before(KEY, 0) == clock.now


def test_a_sweep_drops_what_makes_no_difference_and_nothing_else():
    clock = Clock()
    told = Told(clock)
    told.changed(Change(KEY, None, manifest()))
    clock.now += 10
    told.sweep()
    assert told._at == {KEY: clock.now - 10}
    clock.now += 0.1
    told.sweep()
    assert told._at == {}
    assert told.not_before(KEY, 3600) == clock.now - 10
