"""What every provider that speaks HTTP has to make of a broken backend: a fault, the error, the requests it may cost."""

from secretcore.errors import AccessDenied, Malformed, StoreUnavailable, Throttled
from tests.support.fault_kinds import Huge, Reset, Stall, Truncate, html, status

TRIES = 3
"""The first, and the two repeats that a store gets which does not say."""

FAULTS = {
    "401": (status(401), AccessDenied, 1),
    "403": (status(403), AccessDenied, 1),
    "429": (status(429), Throttled, TRIES),
    "429 for long": (status(429, retry_after="30"), Throttled, 1),
    "500": (status(500), StoreUnavailable, TRIES),
    "502": (status(502), StoreUnavailable, TRIES),
    "503": (status(503), StoreUnavailable, TRIES),
    "stall": (Stall(), StoreUnavailable, TRIES),
    "reset": (Reset(), StoreUnavailable, TRIES),
    "reset after the headers": (Reset("headers"), StoreUnavailable, TRIES),
    "truncated": (Truncate(), StoreUnavailable, TRIES),
    "HTML": (html(), Malformed, 1),
    "70 MB": (Huge(), Malformed, 1),
    "redirect": (status(302), Malformed, 1),
}
"""A stall needs a client whose limits have a short time-out."""
