"""A KV secret as a payload. `kv` makes it of what the server answered; the core asks it for properties."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from secretcore import gojson
from secretcore.limits import Limits
from secretcore.payload import JsonPayload, Lookup, Members


@dataclass(frozen=True, slots=True, repr=False)
class KVPayload(JsonPayload):
    """A JSON object. A property is first a key of it, whose value is taken as it was answered, digits and all; else it
    is a gjson path, which has numbers printed anew.
    """

    data: Mapping[str, Any] = field(default_factory=dict)
    """The object, numbers as `gojson.Number`."""

    def value(self, property: str) -> bytes:  # noqa: A002
        if property and property in self.data:
            return gojson.byte_value(self.data[property])
        return JsonPayload.value(self, property)


def kv_payload(key: str, data: Mapping[str, Any], limits: Limits) -> KVPayload:
    """The payload of the secret at a key."""
    content = gojson.encode(data).encode()
    return KVPayload(key, content, (Lookup.PATH,), Members.CONVERTED, limits=limits, data=data)
