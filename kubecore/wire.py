"""The verbs as they go over the wire: how a call, a selector and a patch are written, how events and items
are read.

Pure. `kubecore.client` builds its calls here and hands them to `kubecore.connection`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

import msgspec

from kubecore.connection import Call
from kubecore.errors import ServerUnavailable, error_from
from kubecore.resources import Resource

Manifest = dict[str, Any]

METADATA = "application/json;as=PartialObjectMetadata{};g=meta.k8s.io;v=v1"


class PatchType(Enum):
    """How the server reads the body of a patch."""

    MERGE = "application/merge-patch+json"
    JSON = "application/json-patch+json"


@dataclass(frozen=True)
class Selector:
    """Which objects of a collection: label and field selectors in the API's syntax, "" for all."""

    labels: str = ""
    fields: str = ""

    def query(self) -> dict[str, str]:
        return given(labelSelector=self.labels, fieldSelector=self.fields)


ALL = Selector()


@dataclass(frozen=True)
class Page:
    """A part of a list. `resource_version` is the list's; `remaining` is True when more pages follow."""

    items: list[Manifest]
    resource_version: str
    remaining: bool


def accept_header(*, metadata_only: bool, listing: bool = False) -> str:
    """The Accept header for whole objects or for their metadata alone."""
    return METADATA.format("List" if listing else "") if metadata_only else "application/json"


@dataclass(frozen=True)
class Event:
    """What a watch tells: `type` is ADDED, MODIFIED, DELETED or BOOKMARK (then `object` has only a
    version).
    """

    type: str
    object: Manifest


@dataclass(frozen=True)
class Token:
    """A bound service-account token and when it expires (aware, UTC)."""

    value: str = field(repr=False)
    expires: datetime


def call_to(
    verb: str,
    method: str,
    resource: Resource,
    namespace: str,
    name: str = "",
    subresource: str = "",
    *,
    subject: str = "",
    **rest: Any,
) -> Call:
    """The call for a verb on an object or collection; `subject` names an object that is not in the path
    yet.
    """
    what = resource.describe(namespace, name or subject)
    title = f"{verb} {what}{f' ({subresource})' if subresource else ''}"
    return Call(title, method, resource.path(namespace, name, subresource), **rest)


def access_to(verb: str, resource: Resource, namespace: str, name: str, subresource: str) -> dict[str, str]:
    """What an access review asks about."""
    of = {"verb": verb, "group": resource.group, "version": resource.version, "resource": resource.plural}
    return of | given(namespace=namespace, name=name, subresource=subresource)


def given(**parameters: str) -> dict[str, str]:
    """Those that are not ""."""
    return {key: value for key, value in parameters.items() if value}


def named(resource: Resource, manifest: Manifest) -> Manifest:
    """Items of a list lack their kind, and metadata-only ones call themselves PartialObjectMetadata."""
    return {**manifest, "apiVersion": resource.api_version, "kind": resource.kind}


def event_from(call: Call, resource: Resource, line: bytes) -> Event:
    """One line of a watch; raises the error that the server reports in an ERROR event (Gone, mostly)."""
    try:
        decoded = msgspec.json.decode(line)
        kind, manifest = decoded["type"], decoded["object"]
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError):
        raise ServerUnavailable(f"{call.name}: a line of the answer is not a watch event") from None
    if kind == "ERROR":
        raise error_from(call.name, int(manifest.get("code") or 500), manifest)
    return Event(kind, named(resource, manifest))
