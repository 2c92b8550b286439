"""The tasks that work on the queue's keys: never one key twice at once, failures apart, an end in order."""

import asyncio
import contextlib
import itertools

import pytest

from kubecore.workers import Workers


def no_failure(key, error, seconds):
    raise AssertionError(f"{key}: {error!r}")


@contextlib.asynccontextmanager
async def running(workers, grace=10.0):
    task = asyncio.create_task(workers.run())
    yield workers
    await workers.stop(grace)
    await task


async def test_a_key_is_never_worked_on_twice_at_once_and_no_change_is_missed():
    at_work, rounds, version, seen, calm = set(), 0, 0, {}, asyncio.Event()

    async def work(key):
        nonlocal rounds
        assert key not in at_work
        at_work.add(key)
        seen[key] = version
        await asyncio.sleep(0)
        rounds += 1
        at_work.remove(key)
        if set(seen.values()) == {version} and version == 50:
            calm.set()

    async with running(Workers(work, no_failure, concurrency=4)) as workers:
        for version in range(51):  # noqa: B007 - `work` reads it
            for key in "abcdefgh":
                workers.add(key)
            await asyncio.sleep(0)
        await calm.wait()
    assert seen == dict.fromkeys("abcdefgh", 50)
    assert rounds < 51 * 8


async def test_no_more_keys_than_allowed_are_worked_on():
    full, most, release = asyncio.Event(), 0, asyncio.Event()

    async def work(_):
        nonlocal most
        most = max(most, workers.busy)
        if workers.busy == 3:
            full.set()
        await release.wait()

    async with running(Workers(work, no_failure, concurrency=3)) as workers:
        for key in range(10):
            workers.add(key)
        await full.wait()
        release.set()
    assert most == 3


async def test_a_key_comes_back_after_the_time_that_its_work_returned():
    times, enough = [], asyncio.Event()

    async def work(_):
        times.append(asyncio.get_running_loop().time())
        if len(times) == 3:
            enough.set()
            return None
        return 0.02

    async with running(Workers(work, no_failure, concurrency=1)) as workers:
        workers.add_after("a", 0.01)
        await enough.wait()
    assert all(later - sooner >= 0.02 for sooner, later in itertools.pairwise(times))
    assert workers.queue.wait(0) is None


async def test_a_failing_key_is_told_and_retried_apart_from_the_others():
    failures, others = [], asyncio.Event()

    class ThrottledError(Exception):
        retry_after = 77.0

    async def work(key):
        if key == "poisoned":
            raise ThrottledError
        others.set()

    def failed(key, error, seconds):
        failures.append((key, type(error), seconds))

    async with running(Workers(work, failed, concurrency=1)) as workers:
        workers.add("poisoned")
        workers.add("fine")
        await others.wait()
    assert failures == [("poisoned", ThrottledError, 77.0)]
    assert workers.queue.retries == 1


async def test_stopping_lets_work_under_way_end_and_starts_no_more():
    started, done = asyncio.Event(), []

    async def work(key):
        started.set()
        await asyncio.sleep(0.02)
        done.append(key)

    async with running(Workers(work, no_failure, concurrency=1)) as workers:
        workers.add("first")
        workers.add("second")
        await started.wait()
    assert done == ["first"]


@pytest.mark.parametrize("by", ["stop", "cancel"])
async def test_work_that_does_not_end_is_cancelled(by):
    started, cancelled = asyncio.Event(), []

    async def work(key):
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.append(key)

    workers = Workers(work, no_failure, concurrency=2)
    task = asyncio.create_task(workers.run())
    workers.add("a")
    await started.wait()
    if by == "stop":
        await workers.stop(0.01)
        await task
    else:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert cancelled == ["a"]
    assert workers.busy == 0


class Measured:
    def __init__(self):
        self.waited, self.seconds = [], []

    def taken(self, waited):
        self.waited.append(waited)

    def worked(self, seconds):
        self.seconds.append(seconds)


async def test_waiting_and_working_is_measured_whether_it_succeeds_or_not():
    measured, both = Measured(), asyncio.Event()

    async def work(key):
        if key == "bad":
            both.set()
            raise ValueError
        await asyncio.sleep(0)

    workers = Workers(work, lambda *_: None, concurrency=1, observer=measured)
    workers.add("good")
    workers.add("bad")
    async with running(workers):
        await both.wait()
    assert len(measured.waited) == len(measured.seconds) == 2
    assert all(0 <= number < 30 for number in (*measured.waited, *measured.seconds))
    assert workers.running_for(0) == []


async def test_it_is_stuck_for_as_long_as_a_key_waits_or_is_worked_on_while_nothing_is_finished():
    started, release = asyncio.Event(), asyncio.Event()

    async def work(key):
        if key != "quick":
            started.set()
            await release.wait()

    workers = Workers(work, no_failure, concurrency=1)
    now = asyncio.get_running_loop().time
    workers.add("waits")
    assert workers.stuck_for(now() + 9_000) == 0  # somebody else leads
    async with running(workers):
        await started.wait()
        assert workers.stuck_for(now() + 1_000) >= 1_000
        assert max(workers.running_for(now() + 1_000)) >= 1_000
        release.set()
        workers.add("quick")
        while workers.busy or workers.queue.wait(now()) == 0:  # noqa: ASYNC110  # it is over in some turns of the loop
            await asyncio.sleep(0)
        assert workers.stuck_for(now() + 9_000) == 0  # nothing is to be done
        workers.add_after("later", 50)
        assert workers.stuck_for(now() + 49) == 0
        assert workers.stuck_for(now() + 1_050) > 900  # as if the wheel stood still
    assert workers.stuck_for(now() + 9_000) == 0


async def test_a_key_that_hangs_does_not_count_as_stuck_while_others_are_finished():
    hanging, release = asyncio.Event(), asyncio.Event()

    async def work(key):
        if key == "hangs":
            hanging.set()
            await release.wait()

    workers = Workers(work, no_failure, concurrency=2)
    workers.add("hangs")
    async with running(workers):
        await hanging.wait()
        workers._progress += 500  # as if another key had been finished by then
        assert workers.stuck_for(asyncio.get_running_loop().time() + 700) < 300
        release.set()
