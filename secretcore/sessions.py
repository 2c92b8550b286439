"""Who is logged in where: one session at a time for all who ask one store as one identity, replaced before it is too
old, when it is refused what it was granted before, and closed when nobody needs it. `clients` asks stores through it.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeVar

from secretcore.answers import Begin, Monotonic
from secretcore.errors import AccessDenied, ProviderBroken, SecretError, Throttled
from secretcore.keeping import Keeping
from secretcore.provider import SecretsClient

T = TypeVar("T")

Connect = Callable[[], AbstractAsyncContextManager[SecretsClient]]
Told = Callable[[str, Exception | None], None]
"""Called with the name of a call to the backend that ended, and what it raised."""

PAUSE = 1.0
"""Seconds that a store is left alone when it asks to slow down and does not say for how long."""


class Session:
    """One login. A task of its own opens and closes it, as some context managers must be; `task` ends when it is
    closed.
    """

    def __init__(self, connect: Connect, now: float, told: Told) -> None:
        self.opened_at = self.used_at = now
        self.users = 0
        self.failed = False
        self._told = told
        self._ended = asyncio.Event()
        self._retired = False
        loop = asyncio.get_running_loop()
        self._opened: asyncio.Future[SecretsClient | SecretError] = loop.create_future()
        self.task = loop.create_task(self._live(connect))

    @asynccontextmanager
    async def used(self, monotonic: Monotonic) -> AsyncIterator[SecretsClient]:
        """The client, open while this context is. Raises the `SecretError` of the login."""
        self.users += 1
        try:
            opened = await asyncio.shield(self._opened)
            if isinstance(opened, SecretError):
                raise opened.with_traceback(None)
            yield opened
        finally:
            self.users -= 1
            self.used_at = monotonic()
            self._end_if_unused()

    def retire(self) -> None:
        """Close it as soon as nobody uses it."""
        self._retired = True
        self._end_if_unused()

    def _end_if_unused(self) -> None:
        if self._retired and not self.users:
            self._ended.set()

    async def _live(self, connect: Connect) -> None:
        try:
            async with connect() as client:
                self._told("login", None)
                self._opened.set_result(client)
                await self._ended.wait()
        except Exception as error:  # noqa: BLE001  # once it was open, nobody is left who could be told
            if not self._opened.done():
                self.failed = True
                self._told("login", error)
                self._opened.set_result(error if isinstance(error, SecretError) else ProviderBroken.by(error))
        finally:
            if not self._opened.done():
                self._opened.cancel()


class Access:
    """One store as one identity."""

    def __init__(
        self, connect: Connect, slots: asyncio.Semaphore, keeping: Keeping, monotonic: Monotonic, told: Told
    ) -> None:
        """`slots` bounds the reads of the store that are under way, whoever asks for them."""
        self._connect = connect
        self._slots = slots
        self._keeping = keeping
        self._monotonic = monotonic
        self._told = told
        self._session: Session | None = None
        self._retired = False
        self._doubted_at = -math.inf
        self._held_until = -math.inf
        self._pause = PAUSE
        self.tasks: set[asyncio.Task[None]] = set()
        """Of sessions that are not closed yet."""

    async def ask(self, call: str, work: Callable[[SecretsClient], Awaitable[T]], begin: Begin) -> T:
        """What the work returns, done with a client that is logged in; `call` names it. Raises `SecretError`."""
        self._check_held()
        async with self._slots:
            self._check_held()  # others may have been told to slow down meanwhile
            asked_at = self._monotonic()
            session = self._current(asked_at)
            try:
                return await self._done(session, call, work, begin)
            except AccessDenied:
                if session.failed or not self._is_doubtful(session, asked_at):
                    raise
            return await self._done(self._current(self._monotonic()), call, work, begin)

    def retire(self) -> None:
        """It is of no use any more; reads under way end as they would."""
        self._retired = True
        self._leave()

    def sweep(self) -> bool:
        """Close the session if it is idle or too old. Returns whether there is nothing to remember."""
        now, session = self._monotonic(), self._session
        if session is not None and self._has_ended(session, now):
            self._leave()
        return self._session is None and now >= max(self._held_until, self._doubted_at + self._keeping.doubt)

    def _current(self, now: float) -> Session:
        session = self._session
        if session is not None and self._has_ended(session, now):
            self._leave()
        if self._session is None:
            self._session = session = Session(self._connect, now, self._told)
            self.tasks.add(session.task)
            session.task.add_done_callback(self.tasks.discard)
        assert session is not None
        return session

    def _has_ended(self, session: Session, now: float) -> bool:
        idle = not session.users and now - session.used_at >= self._keeping.idle
        return idle or now - session.opened_at >= self._keeping.session

    def _leave(self) -> None:
        if self._session is not None:
            self._session.retire()
            self._session = None

    async def _done(
        self, session: Session, call: str, work: Callable[[SecretsClient], Awaitable[T]], begin: Begin
    ) -> T:
        try:
            async with session.used(self._monotonic) as client:
                begin()
                return await self._watched(call, work(client))
        except Throttled as error:
            pause = PAUSE if error.retry_after is None else error.retry_after
            until = self._monotonic() + pause
            if until > self._held_until:
                self._held_until, self._pause = until, pause
            raise
        finally:
            if session is self._session and (self._retired or (session.failed and not self._keeping.errors)):
                self._leave()

    async def _watched(self, call: str, work: Awaitable[T]) -> T:
        try:
            answer = await work
        except Exception as error:
            self._told(call, error)
            raise
        self._told(call, None)
        return answer

    def _is_doubtful(self, session: Session, asked_at: float) -> bool:
        """Whether a refusal may be for the session's end: it was opened for an earlier read. Then there is another
        session now. A backend that goes on refusing is believed for a while.
        """
        if session is not self._session:
            return True
        now = self._monotonic()
        if session.opened_at >= asked_at or now - self._doubted_at < self._keeping.doubt:
            return False
        self._doubted_at = now
        self._leave()
        return True

    def _check_held(self) -> None:
        left = self._held_until - self._monotonic()
        if left > 0:
            # The whole pause, not what is left of it: a condition that says so stays as it is.
            asked = f"the store has asked to slow down for {math.ceil(self._pause)} s"
            raise Throttled(f"{asked}, so it is left alone for now", retry_after=left)
