"""What every struct of a manifest shares: the base, the constrained strings, and CEL rules.

A field's annotation carries what the API server checks (`Meta`: pattern, lengths, description) and its default what
the API server fills in: a default that is not empty becomes the CRD's `default`. Optional fields default to None,
"" or an empty collection, and have no default in the CRD.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta, Struct

DNS_SUBDOMAIN = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
DNS_LABEL = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
SECRET_KEY = r"^[-._a-zA-Z0-9]+$"  # noqa: S105

Name = Annotated[str, Meta(pattern=DNS_SUBDOMAIN, min_length=1, max_length=253)]
NamespaceName = Annotated[str, Meta(pattern=DNS_LABEL, min_length=1, max_length=63)]
SecretKey = Annotated[str, Meta(pattern=SECRET_KEY, min_length=1, max_length=253)]
Duration = Annotated[str, Meta(description='Go duration, such as "1h30m".')]
"""Kept as written; `durations.parse_duration` reads it."""
Int32 = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]


class CEL(Struct, frozen=True):
    """A rule of the API server's (`x-kubernetes-validations`). The core enforces the same in `rules` or `validate`."""

    rule: str
    message: str


class Model(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The base of everything in a manifest. Unknown fields are ignored: an API server prunes, newer clients add."""

    cel: ClassVar[tuple[CEL, ...]] = ()
    min_properties: ClassVar[int | None] = None
    max_properties: ClassVar[int | None] = None
    atomic: ClassVar[bool] = False
    """Whether server-side apply owns it as a whole (`x-kubernetes-map-type`)."""
