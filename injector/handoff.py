"""The one document that the webhook gives the agent: everything that an agent needs to know, and never a value.

The webhook writes it into an annotation of the pod; a downward-API volume hands it to the agent as a file. It is
versioned, because the two images may differ in age. It is not a boundary: who may edit the pod may edit it, and gains
only what the pod's own identity has. Manifests stand in it as they stand in the cluster, so that the agent reads them
with the same `secretcore.parse` as everyone else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from secretcore.errors import InvalidSpec

VERSION = 1

ANNOTATION = "injector.external-secrets.io/config"
"""Of the pod: the document. What a user put there is overwritten."""
HANDOFF_FOLDER = "/etc/external-secrets-injector"
HANDOFF_FILE = "config.json"
CREDENTIALS_FOLDER = "/var/run/external-secrets-injector"
"""A projected volume that only the agent mounts."""

Format = Literal["files", "env", "json", "yaml", "properties"]
Manifest = dict[str, Any]


class Delivery(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One ExternalSecret and the form that its data take."""

    external_secret: Manifest
    """apiVersion, kind, metadata (name, namespace, uid, generation) and spec."""
    format: Format = "files"

    @property
    def name(self) -> str:
        """Of the ExternalSecret."""
        return str(self.external_secret["metadata"]["name"])

    @property
    def target(self) -> str:
        """The name under which it appears in the volume: a folder for `files`, else a file `<target>.<format>`."""
        target = (self.external_secret.get("spec") or {}).get("target") or {}
        return str(target.get("name") or self.name)


class OnChange(Struct, frozen=True, kw_only=True, rename="camel"):
    """An HTTP POST to a container of the same pod, after new files are in place."""

    port: Annotated[int, Meta(ge=1, le=65535)]
    path: str
    """Begins with a slash."""


class AgentConfig(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Version 1. Durations are seconds."""

    version: int
    namespace: str
    service_account: str = "default"
    """The pod's own: the only identity that it has."""
    deliveries: tuple[Delivery, ...]
    stores: tuple[Manifest, ...] = ()
    """Each SecretStore and ClusterSecretStore that a delivery names: kind, metadata (name, namespace, uid,
    generation, annotations as far as they are the injector's) and spec.
    """
    tokens: Mapping[str, str] = {}
    """Audience to file name in `tokens/` of the credentials folder; "" is the API server's own audience."""
    mount_path: str = "/secrets"
    file_mode: Annotated[int, Meta(ge=0, le=0o777)] = 0o444
    volume_bytes: Annotated[int, Meta(ge=0)] = 0
    """Size limit of the volume, which has to hold three sets of files; 0 where it is not known."""
    on_change: OnChange | None = None
    max_staleness: Annotated[float, Meta(ge=0)] = 0
    """Age of the oldest delivery beyond which the agent is not ready; 0 for never."""
    deadline: Annotated[float, Meta(gt=0)] = 300
    """For the first run: how long to try before giving up."""
    port: Annotated[int, Meta(ge=0, le=65535)] = 0
    """For probes and metrics; 0 where none is served (a pod on the host's network is probed by command)."""


def token_path(file_name: str) -> str:
    """Where in the credentials folder a token stands."""
    return f"tokens/{file_name}"


def secret_path(name: str, key: str) -> str:
    """Where in the credentials folder a key of a Secret of the pod's namespace stands."""
    return f"secrets/{name}/{key}"


def config_map_path(name: str, key: str) -> str:
    """Where in the credentials folder a key of a ConfigMap of the pod's namespace stands."""
    return f"configmaps/{name}/{key}"


def encode(config: AgentConfig) -> str:
    """The document, compact and always the same for the same content."""
    return msgspec.json.encode(config, order="deterministic").decode()


def decode(text: str | bytes) -> AgentConfig:
    """Raises `InvalidSpec` for what is none, or one of a version that this agent does not know."""
    try:
        version = msgspec.json.decode(text, type=_Versioned).version
        if version != VERSION:
            raise InvalidSpec(
                ANNOTATION,
                f"the webhook wrote version {version} of the hand-off, this agent reads version {VERSION}",
                remedy="run webhook and agent of the same release, and create the pod again",
            )
        return msgspec.json.decode(text, type=AgentConfig)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        remedy = "create the pod again; the webhook writes this annotation"
        raise InvalidSpec(ANNOTATION, f"is not a hand-off: {error}", remedy=remedy) from None


class _Versioned(Struct):
    version: int
