"""How a reconcile asks to be called again sooner or later: by what it raises. `loop` hands it to the work queue."""

from __future__ import annotations


class BackOff(Exception):
    """It failed, said so where the user looks, and wants to be tried again. `str(error)` is for the log."""

    def __init__(self, why: str, retry_after: float | None = None) -> None:
        super().__init__(why)
        self.retry_after = retry_after
