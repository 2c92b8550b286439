"""How often backends were called, and what came of it: ESO's series `externalsecret_provider_api_calls_count`.
`loop` counts here, `/metrics` shows it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from secretcore.provider import metric_names_of
from secretcore.store import Store

SERIES = "externalsecret_provider_api_calls_count"


class ProviderCalls(Collector):
    """A collector of the Prometheus client."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str, str]] = Counter()

    def count(self, store: Store, call: str, error: Exception | None) -> None:
        """A call ended (`secretcore.clients.Observe`)."""
        names = metric_names_of(store.provider, store.provider_key)
        self._counts[names.provider, names.calls.get(call, call), "error" if error else "success"] += 1

    def collect(self) -> Iterator[Metric]:
        # Of no type: a counter's name would have to end with _total, and ESO's does not.
        family = Metric(SERIES, "Calls of providers.", "unknown")
        for (provider, call, status), count in sorted(self._counts.items()):
            family.add_sample(SERIES, {"provider": provider, "call": call, "status": status}, count)
        yield family
