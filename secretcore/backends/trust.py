"""Which certificates a store trusts, and which it shows: from `caBundle`, `caProvider` and Secrets to PEM texts for
`tls`. Shared by providers whose stores have these fields.
"""

from __future__ import annotations

import base64
import binascii
import re

from secretcore.errors import InvalidSpec
from secretcore.model.external_secret import StoreKind
from secretcore.model.selectors import CAProvider, SecretKeySelector
from secretcore.needs import Need, key_need
from secretcore.provider import Credentials

_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----")


def check_ca(ca_bundle: str, ca_provider: CAProvider | None, kind: StoreKind) -> None:
    """Raises `InvalidSpec` for a bundle without certificates and for a reference that can't be followed."""
    if ca_bundle and not _CERTIFICATE.search(_decoded(ca_bundle)):
        raise InvalidSpec("caBundle", "holds no certificates", remedy="set it to the base64 of PEM certificates")
    if ca_provider is not None and kind == "ClusterSecretStore" and ca_provider.namespace is None:
        raise InvalidSpec("caProvider.namespace", "is required in a ClusterSecretStore")


async def trusted(ca_bundle: str, ca_provider: CAProvider | None, credentials: Credentials) -> bytes | None:
    """The certificates to trust, the bundle's before the provider's; None for those of the system."""
    if ca_bundle:
        return _certificates(_decoded(ca_bundle))
    if ca_provider is None:
        return None
    ref = SecretKeySelector(name=ca_provider.name, namespace=ca_provider.namespace, key=ca_provider.key)
    read = credentials.secret if ca_provider.type == "Secret" else credentials.config_map
    return _certificates(await read(ref))


def trust_needs(ca_bundle: str, ca_provider: CAProvider | None) -> tuple[Need, ...]:
    """What `trusted` asks for."""
    return () if ca_bundle or ca_provider is None else (key_need("caProvider", ca_provider),)


def _decoded(ca_bundle: str) -> bytes:
    """The PEM text; base64 once more, as helpers that encode twice leave it, is undone as well."""
    try:
        once = base64.b64decode(ca_bundle, validate=False)
        return once if _CERTIFICATE.search(once) else base64.b64decode(once, validate=True)
    except binascii.Error:
        return b""


def _certificates(pem: bytes) -> bytes:
    """Only the certificates: text between them, which bundles use for names, need not be ASCII."""
    return b"\n".join(_CERTIFICATE.findall(pem)) or pem
