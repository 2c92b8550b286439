"""Leader election: never two writers, a quick hand-over, and what a Lease on the real API server looks
like.
"""

import asyncio
import heapq
import itertools
import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from kubecore.lease import Candidate, Elector, LeadershipLost, Timing, microtime
from kubecore.resources import LEASES
from tests.support.fault_kinds import Reset, status

DURATION, REQUEST = 15.0, 5.0
NOBODY = datetime(2026, 1, 1, tzinfo=UTC)
WHO = st.sampled_from([0, 1])


class ElectionMachine(RuleBasedStateMachine):
    """Two candidates with clocks of their own and one server, which serves and answers claims at any later
    time or never. Candidates act whenever they like, which includes being frozen for any time, and write
    whenever they may.
    """

    @initialize(offsets=st.tuples(*[st.integers(-1000, 1000)] * 2))
    def start(self, offsets):
        self.now = 0.0
        self.offsets = offsets
        self.candidates = [Candidate(f"c{who}", DURATION, REQUEST) for who in range(2)]
        self.version, self.spec = 0, None  # of the lease on the server
        self.claims = {}  # who -> [when it began, the version it is based on, its spec, whether accepted]
        self.writes = []  # (who, from, to)

    def clock(self, who):
        return self.now + self.offsets[who]

    def observe(self, who, spec):
        self.candidates[who].observe(None if spec is None else {"spec": spec}, self.clock(who))

    @rule(seconds=st.sampled_from([0.5, 2, 4, 6, 9, 15.5]))
    def time_passes(self, seconds):
        self.time_passes_by(seconds)

    def time_passes_by(self, seconds):
        for _ in range(int(seconds * 2)):
            self.now += 0.5
            self.whoever_may_write_is_alone()

    @rule(who=WHO, delay=st.sampled_from([0, 0, 3]), promptly=st.booleans())
    def look_and_claim(self, who, delay, promptly):
        version, spec = self.version, self.spec
        self.time_passes_by(delay)
        self.observe(who, spec)
        if self.candidates[who].may_claim(self.clock(who)):
            claim = self.candidates[who].claim(NOBODY) | {"renewTime": self.now}
            self.claims[who] = [self.clock(who), version, claim, None]
            if promptly:
                self.serve_one(who, answered=True)

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), answered=st.booleans())
    def serve(self, data, answered):
        self.serve_one(data.draw(st.sampled_from(sorted(self.claims))), answered)

    def serve_one(self, who, answered):
        _, base, spec, accepted = claim = self.claims[who]
        if accepted is None:
            claim[3] = base == self.version
            if claim[3]:
                self.version, self.spec = self.version + 1, spec
        if answered:
            self.answer(who)

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def answer_late(self, data):
        self.answer(data.draw(st.sampled_from(sorted(self.claims))))

    def answer(self, who):
        began, _, spec, accepted = self.claims.pop(who)
        if accepted:
            self.observe(who, spec)
            self.candidates[who].won(began)

    @invariant()
    def whoever_may_write_is_alone(self):
        for who, candidate in enumerate(self.candidates):
            if candidate.may_write(self.clock(who)):
                begin, end = self.now, self.now + REQUEST
                for other, other_begin, other_end in self.writes:
                    assert other == who or other_end <= begin or end <= other_begin
                self.writes = [write for write in self.writes if write[2] > begin] + [(who, begin, end)]


TestElection = ElectionMachine.TestCase
TestElection.settings = settings(max_examples=150, stateful_step_count=50)


def led(identity, **spec):
    return {"spec": {"holderIdentity": identity, "leaseDurationSeconds": 15, "leaseTransitions": 4, **spec}}


@pytest.mark.parametrize(
    ("lease", "silent", "claimable"),
    [
        (None, 0, True),
        ({"spec": {}}, 0, True),
        ({}, 0, True),
        (led(""), 0, True),
        (led("me"), 0, True),
        (led("other"), 14.9, False),
        (led("other"), 15.1, True),
        (led("other", leaseDurationSeconds=60), 59, False),
        (led("other", leaseDurationSeconds=None), 15.1, True),
        (led("other", renewTime="1999-01-01T00:00:00.000000Z"), 1, False),
        (led("other", renewTime="2999-01-01T00:00:00.000000Z"), 16, True),
    ],
)
def test_a_lease_can_be_taken_when_free_ours_or_silent_whatever_its_clock_says(lease, silent, claimable):
    candidate = Candidate("me", DURATION, REQUEST)
    candidate.observe(lease, 100.0)
    candidate.observe(lease, 100.0 + silent)
    assert candidate.may_claim(100.0 + silent) is claimable


def test_writing_ends_a_request_before_the_lease_does():
    candidate = Candidate("me", DURATION, REQUEST)
    assert not candidate.may_write(0)
    candidate.won(100.0)
    assert candidate.may_write(109.9)
    assert not candidate.may_write(110.0)
    candidate.lost()
    assert not candidate.may_write(100.0)


def test_a_claim_counts_the_change_of_holders_and_a_renewal_does_not():
    candidate = Candidate("me", DURATION, REQUEST)
    candidate.observe(led("other", acquireTime="then"), 0)
    moment = datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=timezone(timedelta(hours=2)))
    taken = candidate.claim(moment)
    assert taken == {
        "holderIdentity": "me", "leaseDurationSeconds": 15, "leaseTransitions": 5,
        "acquireTime": "2026-03-01T10:00:00.000005Z", "renewTime": "2026-03-01T10:00:00.000005Z",
    }  # fmt: skip
    candidate.observe({"spec": taken}, 1)
    renewed = candidate.claim(moment + timedelta(seconds=2))
    assert renewed == taken | {"renewTime": "2026-03-01T10:00:02.000005Z"}
    assert candidate.release(moment)["holderIdentity"] == ""


class Clock:
    """Time for a number of sleepers: it passes, to the next one's waking, when all of them are asleep."""

    def __init__(self, sleepers=1):
        self.now = 1000.0
        self._sleepers = sleepers
        self._order = itertools.count()
        self._asleep = []

    def __call__(self):
        return self.now

    async def pause(self, seconds):
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._asleep, (self.now + seconds, next(self._order), woken))
        self._pass()
        await woken

    def leave(self):
        self._sleepers -= 1
        self._pass()

    def _pass(self):
        self._asleep = [entry for entry in self._asleep if not entry[2].cancelled()]
        heapq.heapify(self._asleep)
        if self._asleep and len(self._asleep) >= self._sleepers:
            self.now, _, woken = heapq.heappop(self._asleep)
            woken.set_result(None)


def elector(client, namespace, identity, clock):
    return Elector(client, namespace, "leader", identity, Timing(), clock=clock, pause=clock.pause)


async def until_cancelled():
    await asyncio.Event().wait()


async def lead_until(elector, at_work, work=until_cancelled):
    async def working():
        at_work.set()
        await work()

    await elector.lead(working)


@pytest.mark.server
async def test_the_first_leads_the_second_takes_over_when_the_first_stops(api, namespace):
    clock = Clock(3)
    first, second = (elector(api, namespace, name, clock) for name in ("first", "second"))
    first_works, second_works = asyncio.Event(), asyncio.Event()
    leader = asyncio.create_task(lead_until(first, first_works))
    await first_works.wait()
    follower = asyncio.create_task(lead_until(second, second_works))
    lease = await api.get(LEASES, "leader", namespace)
    assert (lease["spec"]["holderIdentity"], lease["spec"]["leaseTransitions"]) == ("first", 0)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", lease["spec"]["renewTime"])
    await clock.pause(60)
    assert first.may_write()
    assert not second_works.is_set()
    leader.cancel()
    await asyncio.gather(leader, return_exceptions=True)
    assert not first.may_write()
    stopped_at = clock.now
    clock.leave()
    clock.leave()
    await second_works.wait()
    assert clock.now - stopped_at <= 4
    lease = await api.get(LEASES, "leader", namespace)
    assert (lease["spec"]["holderIdentity"], lease["spec"]["leaseTransitions"]) == ("second", 1)
    follower.cancel()
    await asyncio.gather(follower, return_exceptions=True)


@pytest.mark.server
async def test_a_frozen_leader_stops_writing_before_the_next_one_starts(api, namespace):
    frozen, running = Clock(), Clock()
    first = elector(api, namespace, "first", frozen)
    await first.acquire()
    assert first.may_write()
    second = elector(api, namespace, "second", running)
    await second.acquire()
    passed = running.now - 1000
    assert passed >= 15
    frozen.now += passed
    assert not first.may_write()
    with pytest.raises(LeadershipLost):
        await first.hold()
    assert second.may_write()


@pytest.mark.server
async def test_a_leader_that_cannot_renew_stops_its_work_in_time(proxied, proxy, api, namespace):
    clock = Clock()
    cut_off = elector(proxied, namespace, "first", clock)
    at_work, ended = asyncio.Event(), []

    async def work():
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(clock.now)

    leader = asyncio.create_task(lead_until(cut_off, at_work, work))
    await at_work.wait()
    proxy.always("/leases", status(503))
    began = clock.now
    with pytest.raises(LeadershipLost, match="503"):
        await leader
    assert ended[0] - began <= 15
    assert (await api.get(LEASES, "leader", namespace))["spec"]["holderIdentity"] == "first"


@pytest.mark.server
async def test_a_short_disturbance_does_not_cost_the_leadership(proxied, proxy, namespace):
    clock = Clock(2)
    leader = elector(proxied, namespace, "first", clock)
    await leader.acquire()
    proxy.on("/leases", status(500), Reset("committed"), status(429))
    holding = asyncio.create_task(leader.hold())
    await clock.pause(60)
    assert leader.may_write()
    assert leader.error == ""
    holding.cancel()
    await asyncio.gather(holding, return_exceptions=True)


@pytest.mark.server
async def test_of_many_that_start_together_one_leads(api, namespace):
    clocks = [Clock() for _ in range(5)]
    electors = [elector(api, namespace, f"e{number}", clock) for number, clock in enumerate(clocks)]
    tries = await asyncio.gather(*(one._try() for one in electors))
    assert sum(tries) == 1
    assert [one.may_write() for one in electors] == tries


@pytest.mark.server
@pytest.mark.parametrize("error", [None, LookupError])
async def test_the_end_of_the_work_frees_the_lease_and_is_told(api, namespace, error):
    async def work():
        if error:
            raise error

    leader = elector(api, namespace, "first", Clock())
    if error:
        with pytest.raises(error):
            await leader.lead(work)
    else:
        await leader.lead(work)
    assert not leader.may_write()
    assert (await api.get(LEASES, "leader", namespace))["spec"]["holderIdentity"] == ""


def test_a_time_is_written_in_utc_with_six_digits():
    assert microtime(datetime(2026, 1, 2, tzinfo=UTC)) == "2026-01-02T00:00:00.000000Z"
