"""When an ExternalSecret is read again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from injector.agent.due import LONGEST_BACKOFF, SHORTEST_CAP, backoff, next_interval

spreads = st.floats(0, 1, exclude_max=True)
intervals = st.floats(0, 1e6)


@given(intervals, spreads)
def test_a_refresh_is_never_later_than_its_interval_and_at_most_a_tenth_sooner(interval, spread):
    assert 0.9 * interval - 1e-6 <= next_interval(interval, spread) <= interval


@pytest.mark.parametrize(
    ("failures", "interval", "seconds"),
    [(1, 3600, 1), (2, 3600, 2), (5, 3600, 16), (20, 3600, 300), (10_000, 3600, 300), (20, 5, 30), (20, 60, 60),
     (20, 0, 300), (1, 0.1, 1)],
)  # fmt: skip
def test_pauses_grow_up_to_what_the_interval_makes_sensible(failures, interval, seconds):
    assert backoff(failures, interval, 0.0) == seconds


@given(st.integers(1, 10_000), intervals, spreads, st.floats(0, 1e4))
def test_a_pause_is_bounded_and_never_shorter_than_the_backend_asked_for(failures, interval, spread, asked):
    pause = backoff(failures, interval, spread, asked)
    assert max(asked, 0.75) <= pause <= max(asked, LONGEST_BACKOFF, SHORTEST_CAP)
