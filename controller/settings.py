"""The settings of the controller: a flag, an environment variable or a line of a file each, under one name, the flag
before the variable before the file. Flags that ESO has too mean the same here. `__main__` reads them, `app` obeys.

    --concurrent=32    CONTROLLER_CONCURRENT=32    concurrent: 32 (in the YAML file that --config names)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BeforeValidator, Field, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    CliSettingsSource,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from controller.eso_flags import set_aside
from controller.logs import TimeEncoding
from secretcore.durations import parse_duration


def _duration(value: Any) -> Any:
    return timedelta(microseconds=parse_duration(value) / 1000) if isinstance(value, str) else value


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Address = Annotated[str, Field(pattern=r"^(\[[0-9a-fA-F:]*\]|[^:]*):\d+$|^0$")]

LEVEL = "(?i)^(debug|info|warn|warning|error|dpanic|panic|fatal)$"


class WrongSettings(Exception):
    """A flag, variable or line that can't be used. `str(error)` names each and says what is wrong."""


class Settings(BaseSettings):
    """What an administrator chooses."""

    model_config = SettingsConfigDict(env_prefix="CONTROLLER_", extra="forbid", frozen=True)

    config: Path | None = Field(None, description="YAML file with settings")
    kubeconfig: Path | None = Field(None, description="kubeconfig file; without it the pod's ServiceAccount is used")
    namespace: str = Field("", description="only this namespace (default: all)")
    controller_class: str = Field("default", description="serve stores of this class")
    concurrent: int = Field(16, ge=1, le=1024, description="ExternalSecrets worked on at once")
    store_requeue_interval: Duration = Field(timedelta(minutes=5), description="between two validations of a store")
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
        return self

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, *_: Any, **__: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """`read_settings` gathers the sources: the file is named by one of the others."""
        return (init_settings,)


def read_settings(arguments: Sequence[str]) -> Settings:
    """From flags, environment and file. Raises `WrongSettings`; `--help` prints and exits."""
    arguments, _, refused = set_aside(arguments)
    if refused:
        raise WrongSettings("; ".join(refused))
    flags = CliSettingsSource[Any](
        Settings,
        cli_prog_name="python -m controller",
        cli_parse_args=[_explicit(argument) for argument in arguments],
        cli_kebab_case=True,
        cli_hide_none_type=True,
    )()
    given = EnvSettingsSource(Settings)() | flags
    try:
        return Settings(**(_from_file(given.get("config")) | given))
    except ValidationError as error:
        raise WrongSettings("; ".join(_sentences(error))) from None


def notices(arguments: Sequence[str]) -> list[str]:
    """A sentence for each flag of ESO's that is accepted and has no effect."""
    return set_aside(arguments)[1]


def _explicit(argument: str) -> str:
    """`--enable-flood-gate` alone means true, as Go has it."""
    name = argument.removeprefix("--").replace("-", "_")
    field = Settings.model_fields.get(name)
    return f"{argument}=true" if argument.startswith("--") and field and field.annotation is bool else argument


def _from_file(path: str | None) -> dict[str, Any]:
    if not path:
        return {}
    try:
        content = yaml.safe_load(Path(path).read_bytes())
    except OSError as error:
        raise WrongSettings(f"config {path}: {error.strerror}") from None
    except (yaml.YAMLError, ValueError):
        raise WrongSettings(f"config {path}: not YAML") from None
    if not isinstance(content, dict | None):
        raise WrongSettings(f"config {path}: must be a map of settings")
    return {str(name).replace("-", "_"): value for name, value in (content or {}).items()}


def _sentences(error: ValidationError) -> Iterator[str]:
    for each in error.errors(include_url=False, include_input=False):
        name = ".".join(str(part) for part in each["loc"]).replace("_", "-")
        yield f"{name}: {each['msg'][0].lower()}{each['msg'][1:]}"
