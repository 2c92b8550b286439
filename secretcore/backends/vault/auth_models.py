"""The auth methods under `spec.provider.vault.auth`, as ESO declares them. `auth` holds them and chooses.

Two of them are declared so that a store with them is understood, and refused with its path: `iam` and `gcp`.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, field

from secretcore.model.declaration import Model
from secretcore.model.selectors import SecretKeySelector, ServiceAccountSelector

Mount = Meta(description="Where the auth method is mounted.")
Username = Annotated[str, Meta(description="Who logs in.")]
Password = Annotated[SecretKeySelector | None, Meta(description="The password.")]


class VaultAppRole(Model, frozen=True, kw_only=True):
    """An AppRole: the role's id, here or in a Secret, and its secret id."""

    path: Annotated[str, Mount] = "approle"
    role_id: Annotated[str, Meta(description="The role's id; wins over roleRef.")] = ""
    role_ref: Annotated[SecretKeySelector | None, Meta(description="The role's id in a Secret.")] = None
    secret_ref: Annotated[SecretKeySelector, Meta(description="The secret id.")]


class VaultKubernetesAuth(Model, frozen=True, kw_only=True):
    """A ServiceAccount's token: of serviceAccountRef, else in secretRef, else that of the pod that asks."""

    mount_path: Annotated[str, Mount] = "kubernetes"
    service_account_ref: ServiceAccountSelector | None = None
    secret_ref: Annotated[SecretKeySelector | None, Meta(description="A token; key token unless said.")] = None
    role: Annotated[str, Meta(description="Vault role.")]


class VaultLdapAuth(Model, frozen=True, kw_only=True):
    """An LDAP user."""

    path: Annotated[str, Mount] = "ldap"
    username: Username
    secret_ref: Password = None


class VaultUserPassAuth(Model, frozen=True, kw_only=True):
    """A user of Vault's own."""

    path: Annotated[str, Mount] = "userpass"
    username: Username
    secret_ref: Password = None


class VaultKubernetesServiceAccountTokenAuth(Model, frozen=True, kw_only=True):
    """A ServiceAccount whose token is the JWT."""

    service_account_ref: ServiceAccountSelector
    audiences: Annotated[
        tuple[str, ...] | None, Meta(description="More audiences than the reference's; vault unless said.")
    ] = None
    expiration_seconds: Annotated[
        int | None, Meta(description="Deprecated; the shell decides.", extra_json_schema={"format": "int64"})
    ] = None


class VaultJwtAuth(Model, frozen=True, kw_only=True):
    """A signed token, from a Secret or of a ServiceAccount."""

    path: Annotated[str, Mount] = "jwt"
    role: Annotated[str, Meta(description="Vault role.")] = ""
    secret_ref: Annotated[SecretKeySelector | None, Meta(description="The token.")] = None
    kubernetes_service_account_token: VaultKubernetesServiceAccountTokenAuth | None = None


class VaultCertAuth(Model, frozen=True, kw_only=True):
    """A client certificate."""

    path: Annotated[str, Mount] = "cert"
    vault_role: Annotated[str, Meta(description="Vault role.")] = ""
    client_cert: Annotated[SecretKeySelector | None, Meta(description="The certificate.")] = None
    secret_ref: Annotated[SecretKeySelector | None, Meta(description="Its private key.")] = None


class VaultAwsAuthSecretRef(Model, frozen=True, kw_only=True):
    """AWS credentials."""

    access_key_id_secret_ref: SecretKeySelector | None = field(name="accessKeyIDSecretRef", default=None)
    secret_access_key_secret_ref: SecretKeySelector | None = None
    session_token_secret_ref: SecretKeySelector | None = None


class VaultAwsJWTAuth(Model, frozen=True, kw_only=True):
    """A ServiceAccount with an AWS role."""

    service_account_ref: ServiceAccountSelector | None = None


class VaultIamAuth(Model, frozen=True, kw_only=True):
    """An AWS identity."""

    path: Annotated[str, Mount] = ""
    region: Annotated[str, Meta(description="AWS region.")] = ""
    role: Annotated[str, Meta(description="AWS role to assume first.")] = ""
    vault_role: Annotated[str, Meta(description="Vault role.")]
    external_id: Annotated[str, Meta(description="External id of the AWS role.")] = field(name="externalID", default="")
    vault_aws_iam_server_id: Annotated[str, Meta(description="X-Vault-AWS-IAM-Server-ID.")] = field(
        name="vaultAwsIamServerID", default=""
    )
    secret_ref: VaultAwsAuthSecretRef | None = None
    jwt: VaultAwsJWTAuth | None = None


class GCPSMAuthSecretRef(Model, frozen=True, kw_only=True):
    """A key of a Google service account."""

    secret_access_key_secret_ref: SecretKeySelector | None = None


class GCPWorkloadIdentity(Model, frozen=True, kw_only=True):
    """A ServiceAccount with a Google identity."""

    service_account_ref: ServiceAccountSelector
    cluster_location: Annotated[str, Meta(description="Location of the cluster.")] = ""
    cluster_name: Annotated[str, Meta(description="Name of the cluster.")] = ""
    cluster_project_id: Annotated[str, Meta(description="Project of the cluster.")] = field(
        name="clusterProjectID", default=""
    )


class VaultGCPAuth(Model, frozen=True, kw_only=True):
    """A Google identity."""

    path: Annotated[str, Mount] = "gcp"
    role: Annotated[str, Meta(description="Vault role.")]
    project_id: Annotated[str, Meta(description="Google project.")] = field(name="projectID", default="")
    location: Annotated[str, Meta(description="Google location.")] = ""
    secret_ref: GCPSMAuthSecretRef | None = None
    workload_identity: GCPWorkloadIdentity | None = None
    service_account_ref: ServiceAccountSelector | None = None
