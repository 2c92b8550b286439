"""The limits that everything fetched is held to. Values, given by a shell; providers and the core read them."""

from __future__ import annotations

from msgspec import Struct


class Limits(Struct, frozen=True):
    """Bounds against a hostile or broken backend. Beyond one, the step fails and nothing is replaced."""

    response_bytes: int = 10 * 1024 * 1024
    """The body of one HTTP answer, after decompression."""
    json_depth: int = 100
    """Nested arrays and objects in one JSON text."""
    find_keys: int = 10_000
    """Secrets that one `find` may name."""
    step_bytes: int = 16 * 1024 * 1024
    """Keys and values of one step together."""
    total_bytes: int = 32 * 1024 * 1024
    """Keys and values of one ExternalSecret together."""
    concurrent_reads: int = 16
    """Reads under way at one store at a time."""
    timeout: float = 30.0
    """Seconds that one HTTP exchange may take in all."""
