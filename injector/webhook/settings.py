"""The settings of the webhook: a flag, an environment variable or a line of a file each, as those of the controller.

--mode=native    WEBHOOK_MODE=native    mode: native (in the YAML file that --config names)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator
from pydantic_settings import SettingsConfigDict

from injector.webhook.annotations import Mode
from injector.webhook.options import Options
from kubecore.settings import Address, Base, read
from secretcore.durations import parse_duration

QUANTITY = re.compile(r"([1-9][0-9]*)(Ki|Mi|Gi|k|M|G|)")
_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}


def _duration(value: Any) -> Any:
    return timedelta(microseconds=parse_duration(value) / 1000) if isinstance(value, str) else value


Duration = Annotated[timedelta, BeforeValidator(_duration)]


class Settings(Base):
    """What an administrator chooses."""

    model_config = SettingsConfigDict(env_prefix="WEBHOOK_", extra="forbid", frozen=True)

    config: Path | None = Field(None, description="YAML file with settings")
    kubeconfig: Path | None = Field(None, description="kubeconfig file; without it the pod's ServiceAccount is used")
    namespace: str = Field("", description="namespace of the webhook itself (default: the pod's)")
    webhook_addr: Address = Field(":9443", description="where the API server is answered, over TLS")
    metrics_addr: Address = Field(":8080", description="where /metrics is served; 0 is nowhere")
    live_addr: Address = Field(":8082", description="where /healthz and /readyz are served; 0 is nowhere")
    drain: Duration = Field(timedelta(seconds=8), description="go on answering after SIGTERM")
    loglevel: str = Field("info", pattern="(?i)^(debug|info|warn|warning|error)$", description="from which level on")
    controller_class: str = Field("default", description="use stores of this class")

    mode: Mode = Field("native", description="init, sidecar or native, where a pod does not say")
    native_sidecars: Literal["auto", "true", "false"] = Field(
        "auto", description="whether the cluster has sidecars among init containers; auto asks for its version"
    )
    agent_image: str = Field(min_length=1, description="image of the agent")
    agent_image_pull_policy: Literal["Always", "IfNotPresent", "Never"] = Field("IfNotPresent", description="of it")
    agent_resources: dict[str, Any] = Field(
        {"requests": {"cpu": "5m", "memory": "32Mi"}, "limits": {"memory": "96Mi"}},
        description="requests and limits of the agent, as JSON",
    )
    agent_volume_size: str = Field("16Mi", pattern=f"^{QUANTITY.pattern}$", description="of the files, in memory")
    agent_port: int = Field(9467, ge=1024, le=65535, description="of the agent's probes and metrics")
    agent_deadline: Duration = Field(timedelta(minutes=5), description="how long the first run of the agent tries")
    agent_uid: int = Field(65532, ge=1, description="of the agent in pods that name no single uid")
    agent_probe_command: list[str] = Field(
        ["/usr/bin/python3", "-m", "injector", "agent", "--probe"],
        min_length=1,
        description="probes the agent where it serves no port, called with started or ready, as JSON",
    )
    platform_assigns_uids: bool = Field(False, description="leave uids to the platform (OpenShift)")

    certificate_folder: Path | None = Field(
        None, description="folder with tls.crt and tls.key that somebody else renews; without it they are made here"
    )
    certificate_secret: str = Field("", description="Secret that keeps the certificates that are made here")
    webhook_configuration: str = Field("", description="MutatingWebhookConfiguration that trusts them")
    host_names: list[str] = Field([], description="under which the API server reaches the webhook, as JSON")
    leader_election_id: str = Field("external-secrets-webhook", description="Lease of who renews them")

    @model_validator(mode="after")
    def _check(self) -> Settings:
        if self.agent_deadline <= timedelta(0):
            raise ValueError("agent-deadline must be longer than 0")
        needed = {
            "certificate-secret": self.certificate_secret,
            "webhook-configuration": self.webhook_configuration,
            "host-names": self.host_names,
        }
        missing = [name for name, value in needed.items() if not value]
        if self.certificate_folder is None and missing:
            raise ValueError(f"{', '.join(missing)} must be set, or else certificate-folder")
        return self

    def options(self, *, native: bool) -> Options:
        """What agents are made of, in a cluster with or without native sidecars."""
        return Options(
            image=self.agent_image,
            pull_policy=self.agent_image_pull_policy,
            mode=self.mode,
            native=native,
            resources=self.agent_resources,
            volume_size=self.agent_volume_size,
            volume_bytes=_bytes(self.agent_volume_size),
            port=self.agent_port,
            deadline=self.agent_deadline.total_seconds(),
            uid=self.agent_uid,
            platform_assigns_uids=self.platform_assigns_uids,
            probe_command=tuple(self.agent_probe_command),
        )


def _bytes(quantity: str) -> int:
    found = QUANTITY.fullmatch(quantity)
    assert found is not None  # the field's pattern
    return int(found[1]) * _UNITS[found[2]]


def read_settings(arguments: Sequence[str]) -> Settings:
    """From flags, environment and file. Raises `kubecore.settings.WrongSettings`; `--help` prints and exits."""
    return read(Settings, "python -m injector webhook", arguments)
