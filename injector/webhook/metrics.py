"""What `/metrics` shows of the webhook."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

RESULTS = ("injected", "untouched", "refused", "failed", "malformed")
_SECONDS = (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.125, 0.25, 0.5, 1, 2, 5, 10)


class Metrics:
    """One set of series, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._admissions = Counter(
            "injector_admissions",
            "Pods that the API server asked about, by result.",
            ("result",),
            registry=self.registry,
        )
        for result in RESULTS:
            self._admissions.labels(result)
        self._duration = Histogram(
            "injector_admission_duration_seconds",
            "From the review, read, to its answer.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.certificate_expires = Gauge(
            "injector_certificate_expiry_timestamp_seconds",
            "When the certificate that is served expires.",
            registry=self.registry,
        )

    def answered(self, result: str, seconds: float) -> None:
        """Count one answer."""
        self._admissions.labels(result).inc()
        self._duration.observe(seconds)
