"""The time that a stop takes: one budget, and what each step gets of it."""

from itertools import pairwise

import pytest

from controller.ending import GRACE, Ending, Step


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


def test_every_step_has_time_of_its_own_and_all_fit_in_the_promise():
    assert all(earlier.value < later.value for earlier, later in pairwise(Step))
    assert list(Step)[-1] is Step.ALL
    assert Step.ALL.value < GRACE


def test_steps_that_take_all_they_may_end_in_time():
    clock = Clock()
    ending = Ending(clock)
    for step in Step:
        assert ending.left(step) > 0
        clock.now += ending.left(step)
    assert clock.now - 1000 == Step.ALL.value


@pytest.mark.parametrize(("late", "left"), [(0.0, 6.5), (2.0, 4.5), (6.0, 0.5), (6.5, 0.0), (60.0, 0.0)])
def test_a_step_gets_what_those_before_it_left(late, left):
    clock = Clock()
    ending = Ending(clock)
    clock.now += late
    assert ending.left(Step.LOGOUT) == left
