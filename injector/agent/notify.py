"""Tells a container of the pod that its files changed: an HTTP POST to 127.0.0.1 after the swap. `run` pokes it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

import httpx
import tenacity

from injector.agent import logs
from injector.handoff import OnChange
from secretcore.backends.transport import Transport

DEBOUNCE = 0.5
"""Seconds in which further changes are told as one."""
ATTEMPTS = 5
TIMEOUT = 10.0
"""Seconds until a container has to have said how it went."""


class Notifier:
    """Changes in, requests out, one at a time. `told` counts how they ended: "success" or "error"."""

    def __init__(
        self, on_change: Callable[[], OnChange | None], *, debounce: float = DEBOUNCE, timeout: float = TIMEOUT
    ) -> None:
        self.told: Counter[str] = Counter()
        self._on_change = on_change
        self._debounce = debounce
        self._timeout = timeout
        self._poked = asyncio.Event()

    def poke(self) -> None:
        """New files are in place."""
        self._poked.set()

    async def run(self) -> None:
        """Tells of changes until it is cancelled."""
        while True:
            await self._poked.wait()
            await asyncio.sleep(self._debounce)
            self._poked.clear()  # what comes from here on is news again
            target = self._on_change()
            if target is not None:
                await self._tell(target)

    async def _tell(self, target: OnChange) -> None:
        retrying = tenacity.AsyncRetrying(
            stop=tenacity.stop_after_attempt(ATTEMPTS),
            wait=tenacity.wait_random_exponential(multiplier=0.5, max=8),
            retry=tenacity.retry_if_exception_type((httpx.HTTPError, TimeoutError)),
            reraise=True,
        )
        url = f"http://127.0.0.1:{target.port}{target.path}"
        try:
            await retrying(_post, url, self._timeout)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            self.told["error"] += 1
            status = error.response.status_code if isinstance(error, httpx.HTTPStatusError) else None
            logs.error("a container could not be told of new files", url=url, error=type(error).__name__, status=status)
        else:
            self.told["success"] += 1
            logs.info("a container was told of new files", url=url)


async def _post(url: str, seconds: float) -> None:
    """Raises `httpx.HTTPError`, `httpx.InvalidURL` or TimeoutError. What a container says beside the status is not
    read: it may be without end.
    """
    # Without TLS: nothing is encrypted on the way to one's own pod, and a context of CAs would cost half a megabyte.
    async with (
        asyncio.timeout(seconds),
        httpx.AsyncClient(transport=Transport(None, 1), timeout=seconds) as client,
        client.stream("POST", url) as answer,
    ):
        answer.raise_for_status()
