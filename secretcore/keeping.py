"""How long sessions and answers serve others. Values, given by a shell; `answers` and `sessions` obey."""

from __future__ import annotations

import math

from msgspec import Struct


class Keeping(Struct, frozen=True):
    """Times are in seconds. The default is that of one run: everything is kept until its end."""

    answers: float = math.inf
    """After a read began, for how long its answer may be handed out."""
    answer_bytes: float = math.inf
    """All answers together; the oldest go first."""
    errors: bool = True
    """Whether an error is an answer for those, too, who ask when it is there already. If not, they ask anew."""
    session: float = math.inf
    """A session is replaced when it is this old, so that what its login got does not end under it."""
    idle: float = math.inf
    """A session that was not used for this long is closed."""
    sessions: float = math.inf
    """How many may be open at once; those that were not asked for the longest are closed then."""
    doubt: float = 30.0
    """Between two logins that are made because a session in use was refused something."""


ONE_RUN = Keeping()
ON_DUTY = Keeping(answers=10.0, answer_bytes=32 * 1024 * 1024, errors=False, sessions=256, session=300.0, idle=180.0)
"""Of a process that goes on for ever."""
