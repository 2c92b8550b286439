"""How generations are named and which may go."""

from hypothesis import given
from hypothesis import strategies as st

from injector.agent.generations import is_generation, name_after, outdated

SECOND = 1_000_000_000
times = st.integers(min_value=0, max_value=4_000_000_000 * SECOND)


def test_a_name_is_the_time():
    assert name_after([], 1_700_000_000 * SECOND + 42) == "..2023_11_14_22_13_20.000000042"


@given(st.lists(times, max_size=20))
def test_names_sort_as_they_were_made_even_when_the_clock_goes_back_for_a_day(clock):
    start = 10**18
    names = []
    for time in clock:
        names.append(name_after(names, start + time % (86_000 * SECOND)))
    assert names == sorted(set(names))
    assert all(map(is_generation, names))


@given(times, st.sampled_from(["..9999_12_31_23_59_59.999999999", "..2026_99_99_99_99_99.000000000", "..data", "x"]))
def test_names_of_others_do_not_matter(now, foreign):
    assert name_after([foreign], now) == name_after([], now)


@given(st.sets(times, max_size=10), st.integers(0, 9), st.integers(0, 3))
def test_the_current_generation_and_the_last_before_it_stay(made, index, keep):
    names = sorted(name_after([], time) for time in made)
    current = names[index] if index < len(names) else None
    gone = outdated(names, current, keep)
    stays = [name for name in names if name not in gone]
    if current is None:
        assert stays == []
    else:
        at = names.index(current)
        assert stays == names[max(0, at - keep) : at + 1]
