"""What a backend holds under one key, and the two ways to read it: as one value, and as many.

A provider's client returns a `Payload`; `fetch` asks it for `value(property)` or `mapping(property)`. In what ESO's
providers differ (which look-up comes first, how numbers print) are fields of `JsonPayload`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

import msgspec

from secretcore import gojson
from secretcore.errors import Malformed, PropertyNotFound, StoreError
from secretcore.limits import Limits


class Payload(Protocol):
    """One secret as the backend holds it."""

    def value(self, property: str) -> bytes:  # noqa: A002
        """The whole of it where property is empty, else what the gjson path finds. Raises `PropertyNotFound`."""

    def mapping(self, property: str) -> Mapping[str, bytes]:  # noqa: A002
        """The members of the JSON object that `value(property)` is. Raises `Malformed` when it is none."""


class Lookup(Enum):
    """How a property is looked for."""

    LITERAL = "a member of just this name, dots and all"
    PATH = "a gjson path"


class Members(Enum):
    """How the members of an object become values."""

    RAW = "strings unquoted, anything else as it is written"
    CONVERTED = "as Go prints what it decoded: numbers as float64 without exponent, objects compact and sorted"


@dataclass(frozen=True, slots=True, repr=False)
class JsonPayload:
    """Bytes that may be JSON. Where they are not, they have a value and no properties."""

    key: str
    """For messages."""
    content: bytes
    lookups: tuple[Lookup, ...] = (Lookup.LITERAL, Lookup.PATH)
    members: Members = Members.RAW
    property_missing: Callable[[str], StoreError] = PropertyNotFound
    """The error of a missing property; with some of ESO's providers the secret counts as missing then."""
    limits: Limits = field(default_factory=Limits)

    def __repr__(self) -> str:
        return f"JsonPayload({self.key!r}, {len(self.content)} bytes)"

    def value(self, property: str) -> bytes:  # noqa: A002
        if not property:
            return self.content
        text = self.content.decode("utf-8", "surrogateescape")
        gojson.check_depth(text, self.limits.json_depth, f'secret "{self.key}"')
        if (plain := _plain_member(self.content, property)) is not None:
            return plain
        from secretcore import gjson  # noqa: PLC0415  # its expressions cost the start of an agent as much as Python's

        for lookup in self.lookups:
            found = gjson.get(text, gjson.escape(property) if lookup is Lookup.LITERAL else property)
            if found.refused:
                raise Malformed(
                    f'property "{property}" of secret "{self.key}" asks for too much work', remedy="simplify the path"
                )
            if found.exists:
                return found.text().encode("utf-8", "surrogateescape")
        raise self.property_missing(f'property "{property}" does not exist in secret "{self.key}"')

    def mapping(self, property: str) -> Mapping[str, bytes]:  # noqa: A002
        what = f'property "{property}" of secret "{self.key}"' if property else f'secret "{self.key}"'
        text = self.value(property).decode("utf-8", "replace")
        gojson.check_depth(text, self.limits.json_depth, what)
        members = _raw_members(text)
        if members is None:
            raise Malformed(
                f"{what} is not a JSON object, so it has no keys to extract",
                remedy="read it with spec.data, or store a JSON object",
            )
        try:
            return {gojson.without_surrogates(name): self._member(raw) for name, raw in members.items()}
        except ValueError:
            raise Malformed(f"{what} has a number that is out of range", remedy="store it as a string") from None

    def _member(self, raw: str) -> bytes:
        if raw[0] == '"':
            return gojson.byte_value(json.loads(raw, strict=False))
        if raw == "null":
            return b""
        if self.members is Members.RAW:
            return raw.encode()
        return gojson.byte_value(json.loads(raw, parse_int=gojson.finite, parse_float=gojson.finite))


_PLAIN_NAME = re.compile("[A-Za-z0-9_-]+")


def _plain_member(content: bytes, name: str) -> bytes | None:
    """The string that an object has under a plain name, which is most of what is ever asked for; None where it takes
    gjson to tell: escapes, a name that may stand twice, other values than strings, what is no JSON.
    """
    if not _PLAIN_NAME.fullmatch(name) or b"\\" in content or content.count(b'"%b"' % name.encode()) != 1:
        return None
    try:
        raw = bytes(msgspec.json.decode(content, type=dict[str, msgspec.Raw])[name])
    except (msgspec.MsgspecError, KeyError, UnicodeDecodeError):
        return None
    return raw[1:-1] if raw.startswith(b'"') else None


def _raw_members(text: str) -> Mapping[str, str] | None:
    """The members of an object, each value as it is written; None where the text is no object."""
    try:
        return {
            name: bytes(raw).decode() for name, raw in msgspec.json.decode(text, type=dict[str, msgspec.Raw]).items()
        }
    except msgspec.MsgspecError:
        pass
    try:  # half a surrogate pair, which msgspec refuses and Go does not
        found = json.loads(text, parse_int=gojson.Number, parse_float=gojson.Number)
    except ValueError:
        return None
    return {name: gojson.encode(value) for name, value in found.items()} if isinstance(found, dict) else None
