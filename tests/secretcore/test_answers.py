"""An answer serves whoever asked before its read began, for as long as it is kept, and nobody else."""

import asyncio
import math
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretcore.answers import Answers
from secretcore.errors import ProviderBroken, SecretNotFound
from secretcore.keeping import ONE_RUN, Keeping
from tests.secretcore.clock import Clock

DUTY = Keeping(answers=10.0, answer_bytes=100, errors=False)


class Backend:
    """Answers with how many reads there were, when it is let."""

    def __init__(self):
        self.reads = 0
        self.open = asyncio.Event()
        self.open.set()
        self.error = None

    async def __call__(self, begin):
        begin()
        self.reads += 1
        number = self.reads
        await self.open.wait()
        if self.error:
            raise self.error
        return number


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def answers(clock):
    async with Answers(DUTY, clock) as answers:
        yield answers


@pytest.fixture
def backend():
    return Backend()


def size(_answer):
    return 10


@pytest.mark.parametrize(
    ("later", "not_before", "expected"),
    [
        (0.0, 1000.0, 1),  # at the very moment
        (5.0, 1000.0, 1),
        (5.0, 1000.1, 2),  # told after that read had begun
        (9.9, -math.inf, 1),
        (10.0, -math.inf, 1),
        (10.1, -math.inf, 2),  # whatever one would take
        (10.1, 1000.0, 2),
    ],
)
async def test_an_answer_is_taken_if_its_read_began_late_enough(answers, clock, backend, later, not_before, expected):
    assert await answers.get("q", backend, size, 1000.0) == 1
    clock.now += later
    assert await answers.get("q", backend, size, not_before) == expected


async def test_who_asks_while_a_read_is_under_way_shares_it_if_it_began_late_enough(answers, clock, backend):
    backend.open.clear()
    first = asyncio.ensure_future(answers.get("q", backend, size, 999.0))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    clock.now = 1001.0
    shares = asyncio.ensure_future(answers.get("q", backend, size, 1000.0))
    anew = asyncio.ensure_future(answers.get("q", backend, size, 1000.5))
    await asyncio.sleep(0)
    backend.open.set()
    assert (await first, await shares, await anew) == (1, 1, 2)
    assert await answers.get("q", backend, size, 1000.5) == 2  # the newer stays


async def test_a_read_that_has_not_begun_serves_those_who_ask_meanwhile(answers, clock):
    may_begin = asyncio.Event()
    reads = []

    async def read(begin):
        await may_begin.wait()
        begin()
        reads.append(clock.now)
        return clock.now

    first = asyncio.ensure_future(answers.get("q", read, size, 1000.0))
    await asyncio.sleep(0)
    clock.now = 1005.0
    second = asyncio.ensure_future(answers.get("q", read, size, 1005.0))
    await asyncio.sleep(0)
    may_begin.set()
    assert (await first, await second, reads) == (1005.0, 1005.0, [1005.0])


async def test_an_error_is_for_those_only_who_wait_for_it(answers, backend):
    backend.error = SecretNotFound("no")
    backend.open.clear()
    waiting = [asyncio.ensure_future(answers.get("q", backend, size)) for _ in range(3)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    backend.open.set()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(each) for each in outcomes] == [SecretNotFound] * 3
    assert backend.reads == 1
    backend.error = None
    assert await answers.get("q", backend, size) == 2


async def test_an_error_does_not_take_the_place_of_an_answer(answers, clock, backend):
    assert await answers.get("q", backend, size, 1000.0) == 1
    clock.now = 1001.0
    backend.error = SecretNotFound("no")
    with pytest.raises(SecretNotFound):
        await answers.get("q", backend, size, 1001.0)
    assert await answers.get("q", backend, size, 1000.0) == 1


async def test_in_one_run_an_error_is_an_answer(clock, backend):
    backend.error = SecretNotFound("no")
    async with Answers(ONE_RUN, clock) as answers:
        for _ in range(2):
            with pytest.raises(SecretNotFound):
                await answers.get("q", backend, size)
    assert backend.reads == 1


async def test_what_a_read_raises_beyond_its_contract_is_named_by_its_class_only(answers, backend):
    backend.error = KeyError("canary")
    with pytest.raises(ProviderBroken, match="failed with KeyError") as caught:
        await answers.get("q", backend, size)
    assert caught.value.__context__ is None


async def test_the_oldest_answers_make_room(answers, backend):
    for number in range(12):
        await answers.get(number, backend, size)
    assert answers.size == 100
    assert await answers.get(11, backend, size) == 12
    assert await answers.get(0, backend, size) == 13


async def test_an_answer_beyond_all_room_is_given_and_not_kept(answers, backend):
    assert await answers.get("small", backend, size) == 1
    assert await answers.get("large", backend, lambda _: 101) == 2
    assert answers.size == 10
    assert await answers.get("large", backend, lambda _: 101) == 3


async def test_a_sweep_drops_what_is_too_old(answers, clock, backend):
    await answers.get("old", backend, size)
    clock.now += 6
    await answers.get("new", backend, size)
    clock.now += 5
    answers.sweep()
    assert answers.size == 10
    clock.now += 6
    answers.sweep()
    assert answers.size == 0


async def test_who_waits_may_be_cancelled_and_the_end_cancels_the_reads(clock, backend):
    backend.open.clear()
    async with Answers(DUTY, clock) as answers:
        first = asyncio.ensure_future(answers.get("q", backend, size))
        second = asyncio.ensure_future(answers.get("q", backend, size))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        assert not second.done()
    for each in (first, second):
        with pytest.raises(asyncio.CancelledError):
            await each
    assert backend.reads == 1


@dataclass(frozen=True)
class Ask:
    """At a time, by somebody who was told so many seconds ago, of a backend that takes so long."""

    after: int
    told_ago: int
    takes: int


ASKS = st.lists(st.builds(Ask, st.integers(0, 4), st.integers(0, 12), st.integers(0, 5)), min_size=1, max_size=30)


@given(ASKS)
def test_no_answer_is_ever_older_than_who_asked_allows_and_no_read_is_needless(asks):
    """The backend answers with the time at which it was asked. Reads end in virtual time, in any order."""
    asyncio.run(_play(asks))


async def _play(asks):
    clock, ends, began = Clock(), {}, []
    async with Answers(DUTY, clock) as answers:

        def reading(takes):
            async def read(begin):
                begin()
                began.append(clock.now)
                at = clock.now
                ends.setdefault(at + takes, asyncio.Event())
                await ends[at + takes].wait()
                return at

            return read

        async def one(ask, not_before):
            needed = not any(each >= not_before for each in began)
            answer = await answers.get("q", reading(ask.takes), size, not_before)
            assert answer >= not_before
            return needed

        waiting = []
        for ask in asks:
            await _advance(clock, ends, ask.after)
            waiting.append(asyncio.ensure_future(one(ask, max(clock.now - ask.told_ago, clock.now - 10))))
            await _turn()
        await _advance(clock, ends, 20)
        needed = sum(await asyncio.gather(*waiting))
    assert len(began) == needed


async def _advance(clock, ends, seconds):
    for _ in range(seconds + 1):
        for at in [at for at in ends if at <= clock.now]:
            ends.pop(at).set()
        await _turn()
        clock.now += 1
    clock.now -= 1


async def _turn():
    for _ in range(10):
        await asyncio.sleep(0)
