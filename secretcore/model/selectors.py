"""References from a store to what holds its credentials. Shared by all providers; answered by `Credentials`.

A `namespace` is honoured only in a ClusterSecretStore; without one there, the ExternalSecret's namespace is meant
("referent" credentials).
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from secretcore.model.declaration import Model, Name, NamespaceName, SecretKey


class SecretKeySelector(Model, frozen=True, kw_only=True):
    """A key of a Secret."""

    name: Annotated[Name | None, Meta(description="Name of the Secret.")] = None
    namespace: Annotated[NamespaceName | None, Meta(description="Only in a ClusterSecretStore.")] = None
    key: Annotated[SecretKey | None, Meta(description="Key in the Secret.")] = None


class ServiceAccountSelector(Model, frozen=True, kw_only=True):
    """A ServiceAccount whose token is asked for."""

    name: Annotated[Name, Meta(description="Name of the ServiceAccount.")]
    namespace: Annotated[NamespaceName | None, Meta(description="Only in a ClusterSecretStore.")] = None
    audiences: Annotated[tuple[str, ...], Meta(description="Audiences of the token.")] = ()


class CAProvider(Model, frozen=True, kw_only=True):
    """A Secret or ConfigMap with PEM certificates that the backend's certificate is checked against."""

    type: Annotated[Literal["Secret", "ConfigMap"], Meta(description="Kind that holds the bundle.")]
    name: Annotated[Name, Meta(description="Name of the object.")]
    key: Annotated[SecretKey | None, Meta(description="Key in the object.")] = None
    namespace: Annotated[NamespaceName | None, Meta(description="Only in a ClusterSecretStore.")] = None


Selector = SecretKeySelector | ServiceAccountSelector | CAProvider
"""Any reference to a credential."""
