"""AWS Secrets Manager.

    apiVersion: external-secrets.io/v1
    kind: SecretStore
    metadata: {name: aws, namespace: shop}
    spec:
      provider:
        aws:
          service: SecretsManager
          region: eu-central-1
          role: arn:aws:iam::123456789012:role/shop-reader   # optional; assumed with the keys below
          prefix: shop/                                       # optional; put before every key
          auth:
            secretRef:
              accessKeyIDSecretRef: {name: aws-keys, key: access-key-id}
              secretAccessKeySecretRef: {name: aws-keys, key: secret-access-key}

Without `auth` the keys are those that the environment lends (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
AWS_SESSION_TOKEN). AWS_SECRETSMANAGER_ENDPOINT and AWS_STS_ENDPOINT send calls elsewhere.

- `remoteRef.version` is a staging label (AWSCURRENT unless said), or `uuid/` and a VersionId.
- A key that is an ARN is used as it is; any other gets the prefix.
- `find` needs `name` or `tags`, and may have `path`, the beginning of the names; AWS also matches tags by how their
  keys and values begin. It returns full names: the prefix plays no part in it.

Can: find by name, find by tags, find by path, versions, metadata, use from a pod.
Logins: access key and secret key, then roles.
Valid: the keys are there and the roles can be assumed.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from secretcore import gojson
from secretcore.backends.aws.calls import Service
from secretcore.backends.aws.credentials import ACCESS_KEY, SECRET_KEY, SESSION_TOKEN, kept_keys, lent_keys
from secretcore.backends.aws.endpoints import endpoint, is_region
from secretcore.backends.aws.finding import find_secrets
from secretcore.backends.aws.secrets_manager import SecretsManager
from secretcore.backends.aws.session import Role, Session
from secretcore.backends.http import http_client
from secretcore.backends.sigv4 import Keys, Scope
from secretcore.errors import InvalidSpec, Malformed
from secretcore.limits import Limits
from secretcore.model.declaration import CEL, Model
from secretcore.model.selectors import SecretKeySelector, ServiceAccountSelector
from secretcore.needs import Need, VariableNeed, key_need
from secretcore.payload import JsonPayload, Members, Payload
from secretcore.plan import Find, RemoteRef
from secretcore.provider import Capabilities, Credentials, MetricNames, StoreContext, Validation

RESERVED_TAGS = ("esoNamespace", "esoStoreName", "esoStoreKind")
NO_RESERVED_TAGS = CEL(
    " && ".join(f"!('{tag}' in self)" for tag in RESERVED_TAGS),
    f"customSessionTags cannot contain automatically injected reserved keys: {', '.join(RESERVED_TAGS)}",
)
_RULES = {"x-kubernetes-validations": [{"rule": NO_RESERVED_TAGS.rule, "message": NO_RESERVED_TAGS.message}]}
_INT64 = Meta(ge=-(2**63), le=2**63 - 1)


class AWSSecretRef(Model, frozen=True, kw_only=True):
    """An access key, kept in Secrets."""

    access_key_id: Annotated[SecretKeySelector | None, Meta(description="The access key id.")] = msgspec.field(
        default=None, name="accessKeyIDSecretRef"
    )
    secret_access_key: Annotated[SecretKeySelector | None, Meta(description="The secret access key.")] = msgspec.field(
        default=None, name="secretAccessKeySecretRef"
    )
    session_token: Annotated[SecretKeySelector | None, Meta(description="Only with temporary keys.")] = msgspec.field(
        default=None, name="sessionTokenSecretRef"
    )


class AWSJWTAuth(Model, frozen=True, kw_only=True):
    """A ServiceAccount that is bound to a role."""

    service_account_ref: ServiceAccountSelector | None = None


class AWSAuth(Model, frozen=True, kw_only=True):
    """How to log in; what the environment lends unless said."""

    secret_ref: AWSSecretRef | None = None
    jwt: AWSJWTAuth | None = None


class Tag(Model, frozen=True, kw_only=True):
    key: str
    value: str


class SecretsManagerSettings(Model, frozen=True, kw_only=True):
    """How secrets are deleted."""

    force_delete_without_recovery: Annotated[bool, Meta(description="Delete at once.")] = False
    recovery_window_in_days: Annotated[int, _INT64, Meta(description="7 to 30.")] = 0


class AWSProvider(Model, frozen=True, kw_only=True):
    """AWS Secrets Manager."""

    capabilities: ClassVar[Capabilities] = "ReadOnly"
    metric_names: ClassVar[MetricNames] = MetricNames(
        "AWS/SecretsManager", {"get_secret": "GetSecretValue", "get_all_secrets": "ListSecrets"}
    )

    service: Annotated[
        Literal["SecretsManager", "ParameterStore", "CertificateManager"],
        Meta(description="Which service to read."),
    ]
    region: Annotated[str, Meta(description="Region of the service.")]
    auth: AWSAuth | None = None
    role: Annotated[str, Meta(description="ARN of a role to assume.")] = ""
    additional_roles: Annotated[
        tuple[str, ...], Meta(description="ARNs to assume one after the other before role.")
    ] = ()
    external_id: Annotated[str, Meta(description="External id for assuming role.")] = msgspec.field(
        default="", name="externalID"
    )
    session_tags: Annotated[tuple[Tag, ...], Meta(description="Tags of the role's session, under policy None.")] = ()
    session_tags_policy: Annotated[
        Literal["None", "Simple", "Custom"],
        Meta(description="Simple tags the session by namespace and store."),
    ] = "None"
    custom_session_tags: Annotated[
        dict[str, str], Meta(description="Further tags under policy Custom.", extra_json_schema=_RULES)
    ] = {}  # noqa: RUF012  # msgspec copies an empty default
    transitive_tag_keys: Annotated[tuple[str, ...], Meta(description="Tags that chained sessions inherit.")] = ()
    prefix: Annotated[str, Meta(description="Put before every key.")] = ""
    secrets_manager: SecretsManagerSettings | None = None

    def validate(self, context: StoreContext) -> Sequence[str]:
        """Raises `InvalidSpec` for what can't be used, and for what this version does not do."""
        if self.service != "SecretsManager":
            raise InvalidSpec("service", f"{self.service} is not supported yet, only SecretsManager is")
        if not is_region(self.region):
            raise InvalidSpec("region", f"region not found: {self.region}")
        _check_auth(self.auth or AWSAuth())
        _check_deletion(self.secrets_manager or SecretsManagerSettings())
        if any(tag in self.custom_session_tags for tag in RESERVED_TAGS):
            raise InvalidSpec("customSessionTags", NO_RESERVED_TAGS.message)
        if self.role and self.session_tags_policy != "None" and context.kind == "ClusterSecretStore":
            raise InvalidSpec(
                "sessionTagsPolicy",
                f"{self.session_tags_policy} is not supported yet in a ClusterSecretStore, whose session would need "
                "the namespace of each ExternalSecret",
                remedy="use a SecretStore, or sessionTagsPolicy: None",
            )
        return ()

    def needs(self) -> Sequence[Need]:
        """The access key: in Secrets, or else what the environment lends."""
        refs = (self.auth or AWSAuth()).secret_ref
        if refs is None:
            return (VariableNeed("auth", (ACCESS_KEY, SECRET_KEY, SESSION_TOKEN)),)
        return [
            key_need(f"auth.secretRef.{info.encode_name}", selector)
            for info in msgspec.structs.fields(AWSSecretRef)
            if (selector := getattr(refs, info.name)) is not None
        ]

    @asynccontextmanager
    async def connect(self, credentials: Credentials, context: StoreContext) -> AsyncIterator[SecretsManagerClient]:
        """A client whose roles are assumed. Nothing has to be given back: temporary keys end by themselves."""
        keys = await _keys((self.auth or AWSAuth()).secret_ref, credentials)
        async with http_client(limits=context.limits, retry=context.retry) as http:

            def service(name: str) -> Service:
                return Service(http, Scope(name, self.region), endpoint(name, self.region, os.environ), _now)

            session = Session(keys, self.roles(context), service("sts"))
            await session.keys()
            reading = SecretsManager(service("secretsmanager"), session, context.limits)
            yield SecretsManagerClient(reading, session, self.prefix, context.limits)

    def roles(self, context: StoreContext) -> tuple[Role, ...]:
        """What is assumed, in order; only the last carries external id and tags."""
        before = tuple(Role(arn) for arn in self.additional_roles)
        if not self.role:
            return before
        return (*before, Role(self.role, self.external_id, self._tags(context), self.transitive_tag_keys))

    def _tags(self, context: StoreContext) -> tuple[tuple[str, str], ...]:
        if self.session_tags_policy == "None":
            return tuple((tag.key, tag.value) for tag in self.session_tags)
        custom = self.custom_session_tags if self.session_tags_policy == "Custom" else {}
        tags = {key: value for key, value in custom.items() if key and value}
        tags |= dict(zip(RESERVED_TAGS, (context.namespace, context.name, context.kind), strict=True))
        return tuple(sorted(tags.items()))


class SecretsManagerClient:
    """Reads from Secrets Manager with one identity."""

    def __init__(self, reading: SecretsManager, session: Session, prefix: str, limits: Limits) -> None:
        self._reading = reading
        self._session = session
        self._prefix = prefix
        self._limits = limits

    async def get_secret(self, ref: RemoteRef) -> Payload:
        """SecretBinary or SecretString; under metadataPolicy Fetch the tags, as a JSON object."""
        secret_id = ref.key if ref.key.startswith("arn:") else self._prefix + ref.key
        what = f'secret "{secret_id}"'
        if ref.metadata_policy == "Fetch":
            tags = await self._reading.tags(secret_id, what)
            return self._payload(secret_id, gojson.encode(tags).encode())
        if ref.version:
            what = f'version "{ref.version}" of {what}'
        content = (await self._reading.value(secret_id, _version(ref.version), what)).content
        if content is None:
            raise Malformed(f"{what} has neither string nor binary", remedy="give it a value at the backend")
        return self._payload(secret_id, content)

    async def get_all_secrets(self, find: Find) -> Mapping[str, Payload | RemoteRef]:
        """By full name. Read in batches where the identity may, else left to the core as references."""
        found = await find_secrets(self._reading, find, self._limits)
        return {
            name: self._payload(name, value) if isinstance(value, bytes) else RemoteRef(self._key(name, value))
            for name, value in found.items()
        }

    async def validate(self) -> Validation:
        """Known when the keys are there and the roles can be assumed; Secrets Manager is not asked."""
        await self._session.keys()
        return Validation()

    def _key(self, name: str, arn: str) -> str:
        """What `get_secret` reads a listed secret by, prefix or not."""
        return name.removeprefix(self._prefix) if name.startswith(self._prefix) else arn

    def _payload(self, key: str, content: bytes) -> Payload:
        return JsonPayload(key, content, members=Members.RAW, limits=self._limits)


def _version(version: str) -> dict[str, str]:
    if version.startswith("uuid/"):
        return {"VersionId": version.removeprefix("uuid/")}
    return {"VersionStage": version or "AWSCURRENT"}


def _now() -> datetime:
    return datetime.now(UTC)


async def _keys(refs: AWSSecretRef | None, credentials: Credentials) -> Keys:
    if refs is None:
        return lent_keys(credentials)
    assert refs.access_key_id is not None
    assert refs.secret_access_key is not None  # `validate` saw to both
    return await kept_keys(credentials, refs.access_key_id, refs.secret_access_key, refs.session_token)


def _check_auth(auth: AWSAuth) -> None:
    if auth.jwt is not None:
        raise InvalidSpec(
            "auth.jwt",
            "logging in as a ServiceAccount is not supported yet",
            remedy="use auth.secretRef and role",
        )
    if auth.secret_ref is None:
        return
    for info in msgspec.structs.fields(AWSSecretRef):
        selector: Any = getattr(auth.secret_ref, info.name)
        if selector is None and info.name != "session_token":
            raise InvalidSpec(f"auth.secretRef.{info.encode_name}", "is required")


def _check_deletion(settings: SecretsManagerSettings) -> None:
    days = settings.recovery_window_in_days
    if days and not 7 <= days <= 30:
        raise InvalidSpec("secretsManager.recoveryWindowInDays", "RecoveryWindowInDays must be between 7 and 30 days")
    if days and settings.force_delete_without_recovery:
        raise InvalidSpec(
            "secretsManager.forceDeleteWithoutRecovery",
            "ForceDeleteWithoutRecovery conflicts with RecoveryWindowInDays",
        )
