"""ExternalSecret, as `external-secrets.io/v1` declares it. v1beta1 is the same with defaults of its own (see `crd`)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from secretcore.model import admission
from secretcore.model.declaration import Duration, Model, Name, SecretKey
from secretcore.model.metadata import DateTime, ObjectMeta

StoreKind = Literal["SecretStore", "ClusterSecretStore"]
ConversionStrategy = Literal["Default", "Unicode"]
DecodingStrategy = Literal["Auto", "Base64", "Base64URL", "None"]
MetadataPolicy = Literal["None", "Fetch"]
NullBytePolicy = Literal["Ignore", "Fail"]
GeneratorKind = Literal[
    "ACRAccessToken",
    "BeyondtrustWorkloadCredentialsDynamicSecret",
    "ClusterGenerator",
    "CloudsmithAccessToken",
    "ECRAuthorizationToken",
    "Fake",
    "GCRAccessToken",
    "GithubAccessToken",
    "GitlabDeployToken",
    "QuayAccessToken",
    "Password",
    "SSHKey",
    "STSSessionToken",
    "UUID",
    "VaultDynamicSecret",
    "Webhook",
    "Grafana",
    "MFA",
]

Conversion = Annotated[ConversionStrategy | None, Meta(description="How keys become valid Secret keys.")]
Decoding = Annotated[DecodingStrategy | None, Meta(description="How values are decoded.")]
NullBytes = Annotated[NullBytePolicy | None, Meta(description="What a NUL byte in a value does.")]


class SecretStoreRef(Model, frozen=True, kw_only=True):
    """A SecretStore of this namespace, or a ClusterSecretStore."""

    name: Annotated[Name | None, Meta(description="Name of the store.")] = None
    kind: Annotated[StoreKind | None, Meta(description="SecretStore unless said.")] = None


class GeneratorRef(Model, frozen=True, kw_only=True):
    """A generator of this namespace, or a ClusterGenerator."""

    api_version: Annotated[str, Meta(description="Version of its API.")] = "generators.external-secrets.io/v1alpha1"
    kind: Annotated[GeneratorKind, Meta(description="Kind of the generator.")]
    name: Annotated[Name, Meta(description="Name of the generator.")]


class SourceRef(Model, frozen=True, kw_only=True):
    """Where an entry reads instead of the default store: exactly one of the two."""

    min_properties = 1
    max_properties = 1

    store_ref: SecretStoreRef | None = None
    generator_ref: GeneratorRef | None = None


class DataRemoteRef(Model, frozen=True, kw_only=True):
    """What to read at the store."""

    key: Annotated[str, Meta(description="Key at the backend.")]
    property: Annotated[str, Meta(description="gjson path into the value.")] = ""
    version: Annotated[str, Meta(description="Version, in the backend's words.")] = ""
    metadata_policy: Annotated[MetadataPolicy | None, Meta(description="Fetch reads tags or labels instead.")] = None
    conversion_strategy: Conversion = None
    decoding_strategy: Decoding = None
    null_byte_policy: NullBytes = None


class DataEntry(Model, frozen=True, kw_only=True):
    """One key of the Secret and where its value is."""

    secret_key: Annotated[SecretKey, Meta(description="Key in the Secret.")]
    remote_ref: DataRemoteRef
    source_ref: SourceRef | None = None


class FindName(Model, frozen=True, kw_only=True):
    regexp: Annotated[str, Meta(description="RE2, unanchored.")] = ""


class FindCriteria(Model, frozen=True, kw_only=True):
    """Which secrets of the store are meant; all criteria together."""

    path: Annotated[str | None, Meta(description="Only below this path.")] = None
    name: Annotated[FindName | None, Meta(description="Only names that match.")] = None
    tags: Annotated[dict[str, str], Meta(description="Only secrets with all of these tags.")] = {}
    conversion_strategy: Conversion = None
    decoding_strategy: Decoding = None
    null_byte_policy: NullBytes = None


class RewriteRegexp(Model, frozen=True, kw_only=True):
    source: Annotated[str, Meta(description="RE2.")]
    target: Annotated[str, Meta(description="Replacement, with $1 or ${name}.")]


class RewriteTransform(Model, frozen=True, kw_only=True):
    template: Annotated[str, Meta(description="Template over .value, the key.")]


class RewriteMerge(Model, frozen=True, kw_only=True):
    """Values that are JSON objects become one object."""

    into: Annotated[str, Meta(description="Key of the merged object.", extra_json_schema={"default": ""})] = ""
    priority: Annotated[tuple[str, ...], Meta(description="Keys that win, last strongest.")] = ()
    priority_policy: Annotated[
        Literal["IgnoreNotFound", "Strict"], Meta(description="Whether priority keys must exist.")
    ] = "Strict"
    conflict_policy: Annotated[Literal["Ignore", "Error"], Meta(description="What two values of one key do.")] = "Error"
    strategy: Annotated[Literal["Extract", "JSON"], Meta(description="Spread the keys, or keep one object.")] = (
        "Extract"
    )


class Rewrite(Model, frozen=True, kw_only=True):
    """One step of key rewriting: exactly one of the three."""

    min_properties = 1
    max_properties = 1

    merge: RewriteMerge | None = None
    regexp: RewriteRegexp | None = None
    transform: RewriteTransform | None = None


class DataFromEntry(Model, frozen=True, kw_only=True):
    """Many keys at once: extract, find, or a generator."""

    cel = admission.DATA_FROM

    extract: DataRemoteRef | None = None
    find: FindCriteria | None = None
    rewrite: Annotated[tuple[Rewrite, ...], Meta(description="Applied to the keys in order.")] = ()
    source_ref: SourceRef | None = None


class TemplateItem(Model, frozen=True, kw_only=True):
    key: Annotated[SecretKey, Meta(description="Key in the object.")]
    template_as: Annotated[
        Literal["Values", "KeysAndValues"],
        Meta(description="Whether the rendered text is a value or a YAML map."),
    ] = "Values"


class TemplateObjectRef(Model, frozen=True, kw_only=True):
    name: Annotated[Name, Meta(description="Name of the ConfigMap or Secret.")]
    items: Annotated[tuple[TemplateItem, ...], Meta(description="Keys that hold templates.")]


class TemplateFrom(Model, frozen=True, kw_only=True):
    """Templates that live elsewhere, or a literal that renders to a YAML map."""

    config_map: TemplateObjectRef | None = None
    secret: TemplateObjectRef | None = None
    literal: str | None = None
    target: Annotated[str, Meta(description="Data, Labels or Annotations.")] = "Data"
    values_decoding_strategy: Decoding = None


class TemplateMetadata(Model, frozen=True, kw_only=True):
    annotations: dict[str, str] = {}
    labels: dict[str, str] = {}
    finalizers: tuple[str, ...] = ()


class Template(Model, frozen=True, kw_only=True):
    """How the Secret is made of the fetched data."""

    cel = admission.TEMPLATE

    type: Annotated[str, Meta(description="Type of the Secret.")] = ""
    engine_version: Annotated[Literal["v2"], Meta(description="Template engine.")] = "v2"
    metadata: TemplateMetadata | None = None
    data: Annotated[dict[str, str], Meta(description="Templates by key.")] = {}
    template_from: tuple[TemplateFrom, ...] = ()
    merge_policy: Annotated[
        Literal["Replace", "Merge"], Meta(description="Whether fetched keys stay beside rendered ones.")
    ] = "Replace"


class TargetManifest(Model, frozen=True, kw_only=True):
    """Another kind than Secret as the target."""

    api_version: Annotated[str, Meta(min_length=1)]
    kind: Annotated[str, Meta(min_length=1)]


class Target(Model, frozen=True, kw_only=True):
    """The Secret that is written."""

    cel = admission.TARGET

    name: Annotated[Name | None, Meta(description="Name of the Secret; that of the ExternalSecret unless said.")] = None
    creation_policy: Annotated[
        Literal["Owner", "Orphan", "Merge", "None", "CreateOrMerge"], Meta(description="Who owns the Secret.")
    ] = "Owner"
    deletion_policy: Annotated[
        Literal["Delete", "Merge", "Retain"], Meta(description="What happens when the backend has nothing.")
    ] = "Retain"
    template: Template | None = None
    manifest: TargetManifest | None = None
    immutable: Annotated[bool, Meta(description="The Secret is written once.")] = False


Schedule = Annotated[
    str,
    Meta(
        min_length=1,
        pattern=r"^(@(annually|yearly|monthly|weekly|daily|midnight|hourly)|@every [^\s]+.*|[^\s]+( [^\s]+){4})$",
        description="Cron, in UTC.",
    ),
]


class SyncWindow(Model, frozen=True, kw_only=True):
    schedule: Schedule
    duration: Duration


class SyncWindows(Model, frozen=True, kw_only=True):
    """When periodic refreshes may or may not happen."""

    kind: Literal["allow", "deny"]
    windows: Annotated[tuple[SyncWindow, ...], Meta(min_length=1)]


class ExternalSecretSpec(Model, frozen=True, kw_only=True):
    """What to read, and what to make of it."""

    cel = admission.EXTERNAL_SECRET

    secret_store_ref: Annotated[SecretStoreRef | None, Meta(description="Store of entries without a sourceRef.")] = None
    target: Target = Target()
    refresh_policy: Annotated[
        Literal["CreatedOnce", "Periodic", "OnChange"] | None, Meta(description="When to read again.")
    ] = None
    refresh_interval: Annotated[Duration, Meta(description="How often to read again; 0 is once.")] = "1h0m0s"
    sync_windows: SyncWindows | None = None
    data: Annotated[tuple[DataEntry, ...], Meta(description="Single keys.")] = ()
    data_from: Annotated[tuple[DataFromEntry, ...], Meta(description="Many keys at once.")] = ()


class ExternalSecretCondition(Model, frozen=True, kw_only=True):
    type: Literal["Ready", "Deleted"]
    status: str
    reason: str = ""
    message: str = ""
    last_transition_time: DateTime | None = None


class Binding(Model, frozen=True, kw_only=True):
    """The Secret, in the words of the Service Binding specification."""

    atomic = True

    name: Annotated[str, Meta(extra_json_schema={"default": ""})] = ""


class ExternalSecretStatus(Model, frozen=True, kw_only=True):
    refresh_time: Annotated[DateTime | None, Meta(extra_json_schema={"nullable": True})] = None
    synced_resource_version: str = ""
    conditions: tuple[ExternalSecretCondition, ...] = ()
    binding: Binding | None = None


class ExternalSecret(Model, frozen=True, kw_only=True):
    """Reads from stores, and says what becomes of it."""

    api_version: str
    kind: Literal["ExternalSecret"]
    metadata: ObjectMeta = ObjectMeta()
    spec: ExternalSecretSpec = ExternalSecretSpec()
    status: ExternalSecretStatus | None = None

    @property
    def target_name(self) -> str:
        """Name of the Secret."""
        return self.spec.target.name or self.metadata.name
