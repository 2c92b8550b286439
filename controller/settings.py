"""The settings of the controller: a flag, an environment variable or a line of a file each, under one name, the flag
before the variable before the file. Flags that ESO has too mean the same here. `__main__` reads them, `app` obeys.

    --concurrent=32    CONTROLLER_CONCURRENT=32    concurrent: 32 (in the YAML file that --config names)
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_settings import SettingsConfigDict

from controller.eso_flags import set_aside
from kubecore.logs import TimeEncoding
from kubecore.settings import Address, Base, WrongSettings, read
from secretcore.durations import parse_duration


def _duration(value: Any) -> Any:
    return timedelta(microseconds=parse_duration(value) / 1000) if isinstance(value, str) else value


def _not_negative(value: timedelta) -> timedelta:
    if value < timedelta(0):
        raise ValueError("must not be negative")
    return value


Duration = Annotated[timedelta, BeforeValidator(_duration), AfterValidator(_not_negative)]

SHORTEST = timedelta(seconds=1)
"""Between two validations of a store."""
LEVEL = "(?i)^(debug|info|warn|warning|error|dpanic|panic|fatal)$"


class Settings(Base):
    """What an administrator chooses."""

    model_config = SettingsConfigDict(env_prefix="CONTROLLER_", extra="forbid", frozen=True)

    config: Path | None = Field(None, description="YAML file with settings")
    kubeconfig: Path | None = Field(None, description="kubeconfig file; without it the pod's ServiceAccount is used")
    namespace: str = Field("", description="only this namespace (default: all)")
    controller_class: str = Field("default", description="serve stores of this class")
    concurrent: int = Field(16, ge=1, le=1024, description="ExternalSecrets worked on at once")
    store_requeue_interval: Duration = Field(
        timedelta(minutes=5), description="between two validations of a store; 0: only when something changes"
    )
    enable_flood_gate: bool = Field(True, description="leave stores alone that are not ready")
    enable_secret_store_reconciler: bool = Field(True, description="validate SecretStores")
    enable_cluster_store_reconciler: bool = Field(True, description="serve ClusterSecretStores")
    lend_identity: bool = Field(
        True, description="let stores that name no credentials log in as the controller, as ESO does"
    )
    enable_leader_election: bool = Field(False, description="let one of several replicas work")
    leader_election_id: str = Field("external-secrets-controller", description="name of the Lease")
    leader_election_namespace: str = Field("", description="namespace of the Lease (default: the pod's)")
    leader_election_lease_duration: Duration = Field(
        timedelta(seconds=15), description="a dead leader is replaced after"
    )
    leader_election_renew_deadline: Duration = Field(timedelta(seconds=10), description="a leader gives up after")
    leader_election_retry_period: Duration = Field(timedelta(seconds=2), description="between two tries")
    metrics_addr: Address = Field(":8080", description="where /metrics is served; 0 is nowhere")
    live_addr: Address = Field(":8082", description="where /healthz and /readyz are served; 0 is nowhere")
    template_left_delimiter: str = Field("{{", min_length=1, description="left delimiter of spec.target.template")
    template_right_delimiter: str = Field("}}", min_length=1, description="right delimiter of spec.target.template")
    loglevel: str = Field("info", pattern=LEVEL, description="debug, info, warn or error")
    zap_time_encoding: TimeEncoding = Field("iso8601", description="of the times in the log")
    enable_extended_metric_labels: bool = Field(
        False, description="give the series of objects their recommended labels app.kubernetes.io/…"
    )

    @property
    def request_seconds(self) -> float:
        """How long one write may take: what is left of the lease when a leader gives up."""
        return (self.leader_election_lease_duration - self.leader_election_renew_deadline).total_seconds()

    @model_validator(mode="after")
    def _check_lease(self) -> Settings:
        if self.request_seconds < 1:
            raise ValueError("leader-election-renew-deadline must be at least 1s shorter than the lease duration")
        if not timedelta(0) < self.leader_election_retry_period < self.leader_election_renew_deadline:
            raise ValueError("leader-election-retry-period must be longer than 0s and shorter than the renew deadline")
        return self

    @model_validator(mode="after")
    def _check_interval(self) -> Settings:
        if timedelta(0) < self.store_requeue_interval < SHORTEST:
            raise ValueError("store-requeue-interval must be 1s or longer, or 0 for no validation by time")
        return self


def read_settings(arguments: Sequence[str]) -> Settings:
    """From flags, environment and file. Raises `WrongSettings`; `--help` prints and exits."""
    arguments, _, refused = set_aside(arguments)
    if refused:
        raise WrongSettings("; ".join(refused))
    return read(Settings, "python -m controller", arguments)


def notices(arguments: Sequence[str]) -> list[str]:
    """A sentence for each flag of ESO's that is accepted and has no effect."""
    return set_aside(arguments)[1]
