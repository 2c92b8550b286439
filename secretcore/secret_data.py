"""The data of a Secret, which never shows its values. `render` makes it; the shells deliver it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping


class SecretData(Mapping[str, bytes]):
    """Keys and values; a repr shows only the keys. Equal when the content is."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, bytes]) -> None:
        self._values = dict(values)

    def __getitem__(self, key: str) -> bytes:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"SecretData({', '.join(self._values)})"
