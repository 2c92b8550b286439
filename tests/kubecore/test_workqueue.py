"""Properties of the work queue; time is a number."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from kubecore.workqueue import (
    LONGEST_BACKOFF,
    URGENT_IN_A_ROW,
    Lane,
    WorkQueue,
    backoff,
    next_refresh,
)

KEYS = st.sampled_from("abc")  # few, so that they meet
SPREADS = st.floats(0, 1, exclude_max=True)


class QueueMachine(RuleBasedStateMachine):
    """The queue beside a model of it: what must be worked on, from when on, and who is being worked on."""

    @initialize()
    def start(self):
        self.queue = WorkQueue()
        self.now = 0.0
        self.working = set()
        self.wanted = {}  # key -> (from when on, lane)
        self.meanwhile = {}  # the same for keys being worked on
        self.taken = 0
        self.row = 0

    def want(self, key, at, lane):
        wanted = self.meanwhile if key in self.working else self.wanted
        old_at, old_lane = wanted.get(key, (at, lane))
        if old_at <= self.now:  # it waits already: only the lane can get better
            wanted[key] = (old_at, min(lane, old_lane) if at <= self.now else old_lane)
        elif at <= old_at:
            wanted[key] = (at, lane)

    @rule(key=KEYS, lane=st.sampled_from(Lane))
    def add(self, key, lane):
        self.queue.add(key, self.now, lane)
        self.want(key, self.now, lane)

    @rule(key=KEYS, seconds=st.integers(1, 20))
    def schedule(self, key, seconds):
        self.queue.schedule(key, self.now + seconds)
        self.want(key, self.now + seconds, Lane.PERIODIC)

    @rule(seconds=st.integers(1, 10))
    def time_passes(self, seconds):
        self.now += seconds

    @rule()
    def take(self):
        due = {key: lane for key, (at, lane) in self.wanted.items() if at <= self.now}
        taken = self.queue.take(self.now)
        assert (taken is None) == (not due)
        if taken is None:
            return
        assert taken.key not in self.working
        assert due[taken.key] == taken.lane
        assert taken.waited >= 0
        lanes = set(due.values())
        self.row = self.row + 1 if len(lanes) == 2 and taken.lane is Lane.URGENT else 0
        assert self.row <= URGENT_IN_A_ROW
        if taken.lane is Lane.PERIODIC and Lane.URGENT in lanes:
            assert self.queue._urgent_in_a_row == 0
        self.working.add(taken.key)
        self.taken += 1
        del self.wanted[taken.key]

    @precondition(lambda self: self.working)
    @rule(data=st.data())
    def done(self, data):
        key = data.draw(st.sampled_from(sorted(self.working)))
        self.queue.done(key, self.now)
        self.given_back(key)
        assert key not in self.queue._failures

    @precondition(lambda self: self.working)
    @rule(data=st.data(), spread=SPREADS)
    def fail(self, data, spread):
        key = data.draw(st.sampled_from(sorted(self.working)))
        before = self.queue._failures.get(key, 0)
        seconds = self.queue.failed(key, self.now, spread)
        assert seconds == backoff(before + 1, spread)
        self.want(key, self.now + seconds, Lane.PERIODIC)
        self.given_back(key)

    def given_back(self, key):
        self.working.remove(key)
        if key in self.meanwhile:
            self.wanted[key] = self.meanwhile.pop(key)

    @invariant()
    def the_wait_is_until_the_next_key_is_due(self):
        wait = self.queue.wait(self.now)
        pending = [at for at, _ in self.wanted.values()]
        if pending and min(pending) <= self.now:
            assert wait == 0
        elif pending:
            assert wait is not None
            assert wait <= min(pending) - self.now

    @invariant()
    def what_is_overdue_has_waited_no_longer_than_since_it_was_wanted(self):
        due = [self.now - at for at, _ in self.wanted.values() if at <= self.now]
        assert 0 <= self.queue.overdue(self.now) <= max(due, default=0)

    @invariant()
    def a_key_that_began_to_wait_was_taken_or_still_waits(self):
        self.queue.overdue(self.now)  # what is due waits from now on
        assert self.queue.adds == self.taken + sum(self.queue.depth(lane) for lane in Lane)

    def teardown(self):
        """Everything that was asked for is worked on in the end, once, and nothing stays behind."""
        if not hasattr(self, "queue"):
            return
        for key in list(self.working):
            self.queue.done(key, self.now)
            self.given_back(key)
        self.now += 10_000
        taken = Counter()
        while (one := self.queue.take(self.now)) is not None:
            taken[one.key] += 1
            self.queue.done(one.key, self.now)
        assert taken == Counter(self.wanted.keys())
        assert self.queue.wait(self.now) is None
        assert not any((self.queue._due, self.queue._heap, self.queue._working, self.queue._failures))


TestQueue = QueueMachine.TestCase
TestQueue.settings = settings(max_examples=150, stateful_step_count=50)


def take_all(queue, now=0.0):
    order = []
    while (taken := queue.take(now)) is not None:
        order.append(taken.key)
        queue.done(taken.key, now)
    return order


def test_the_most_overdue_key_is_the_one_that_waits_longest_whatever_its_lane():
    queue = WorkQueue()
    assert queue.overdue(5) == 0
    queue.schedule("later", 10)
    assert queue.overdue(10) == 0
    queue.add("now", 12)
    assert queue.overdue(12) == 2
    assert queue.overdue(30) == 20
    assert queue.take(30).key == "now"
    assert queue.overdue(30) == 20
    assert queue.take(30).key == "later"
    assert queue.overdue(99) == 0


def test_adds_and_retries_are_counted_once_each():
    queue = WorkQueue()
    queue.add("a", 0)
    queue.add("a", 0, Lane.PERIODIC)
    queue.schedule("a", 9)  # it waits already
    assert (queue.adds, queue.retries) == (1, 0)
    queue.take(0)
    queue.failed("a", 0, 0.0)
    queue.schedule("a", 900)  # it comes back sooner
    assert (queue.adds, queue.retries) == (1, 1)
    queue.take(1)
    assert (queue.adds, queue.retries) == (2, 1)


def test_each_lane_is_worked_on_in_the_order_of_arrival():
    queue = WorkQueue()
    for key in "cab":
        queue.add(key, 0)
    assert take_all(queue) == ["c", "a", "b"]


def test_urgent_keys_go_first_and_the_periodic_lane_keeps_a_quarter():
    queue = WorkQueue()
    for number in range(8):
        queue.add(f"p{number}", 0, Lane.PERIODIC)
    for number in range(9):
        queue.add(f"u{number}", 0)
    order = take_all(queue)
    assert order[:8] == ["u0", "u1", "u2", "p0", "u3", "u4", "u5", "p1"]
    assert order[8:] == ["u6", "u7", "u8", "p2", "p3", "p4", "p5", "p6", "p7"]


def test_a_waiting_periodic_key_becomes_urgent_when_it_changes():
    queue = WorkQueue()
    for key, lane in (("p", Lane.PERIODIC), ("u", Lane.URGENT), ("p", Lane.URGENT)):
        queue.add(key, 0, lane)
    assert take_all(queue) == ["u", "p"]


def test_a_change_during_work_is_worked_on_after_it_and_not_before():
    queue = WorkQueue()
    queue.add("a", 0)
    assert queue.take(0).key == "a"
    queue.add("a", 1)
    assert queue.take(1) is None
    queue.done("a", 2)
    assert queue.take(3).waited == 1


def test_failures_back_off_from_a_second_to_seven_minutes_until_a_success():
    queue, now, waits = WorkQueue(), 0.0, []
    queue.add("a", now)
    for _ in range(12):
        assert queue.take(now) is not None
        waits.append(queue.failed("a", now, 0.0))
        assert queue.take(now + waits[-1] * 0.99) is None
        now += waits[-1]
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 420, 420, 420]
    assert queue.take(now) is not None
    queue.done("a", now)
    queue.add("a", now)
    queue.take(now)
    assert queue.failed("a", now, 0.0) == 1


def test_a_failure_waits_as_long_as_the_server_wished():
    queue = WorkQueue()
    queue.add("a", 0)
    queue.take(0)
    assert queue.failed("a", 0, 0.5, at_least=30) == 30
    assert queue.wait(0) == 30


def test_a_change_does_not_wait_for_the_back_off():
    queue = WorkQueue()
    queue.add("a", 0)
    queue.take(0)
    queue.failed("a", 0, 0.0, at_least=100)
    queue.add("a", 1)
    assert queue.take(1).key == "a"
    queue.done("a", 1)
    assert queue.wait(1) is None


@given(st.integers(1, 10_000), SPREADS)
def test_back_off_stays_in_its_limits(failures, spread):
    assert 0.75 <= backoff(failures, spread) <= LONGEST_BACKOFF


@given(st.text(), st.floats(0.1, 1e7), st.floats(0, 4e9), st.floats(0, 1))
def test_a_refresh_comes_within_the_interval_and_keeps_its_phase(uid, interval, last, delay):
    due = next_refresh(uid, interval, last)
    assert last < due <= last + interval
    if interval > 1:
        again = next_refresh(uid, interval, due + delay * interval * 0.9)
        assert again == pytest.approx(due + interval, abs=1e-3 * interval + 1e-5)


def test_objects_refreshed_together_spread_over_the_interval():
    due = [next_refresh(f"uid-{number}", 3600.0, 1_800_000_000.0) - 1_800_000_000.0 for number in range(10_000)]
    per_minute = Counter(int(seconds // 60) for seconds in due)
    assert len(per_minute) >= 60
    assert max(per_minute.values()) < 2 * 10_000 / 60
