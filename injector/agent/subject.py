"""One ExternalSecret that is delivered as files: what the agent needs of its manifest. Pure; `work` makes them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from injector.agent.paths import PATH_RULE, is_path
from injector.formats import files_of
from injector.handoff import Format
from secretcore.durations import parse_duration
from secretcore.errors import InvalidSpec, SecretNotFound, TransformFailed
from secretcore.model.external_secret import ExternalSecretSpec
from secretcore.parse import parse_external_secret
from secretcore.plan import Rendered


class Subject(Struct, frozen=True):
    """An ExternalSecret, and how its data become files."""

    name: str
    namespace: str
    spec: ExternalSecretSpec
    form: Format
    version: str
    """Changes when anything does that the data depend on: the spec, the format, the stores."""

    @property
    def key(self) -> str:
        """Which ExternalSecret."""
        return f"{self.namespace}/{self.name}"

    @property
    def target(self) -> str:
        """Name of the folder, or of the file without its suffix."""
        return self.spec.target.name or self.name

    @property
    def root(self) -> str:
        """The first element of all its paths."""
        return self.target if self.form == "files" else f"{self.target}.{self.form}"

    @property
    def interval(self) -> float:
        """Seconds between two refreshes; 0 where time alone is no reason."""
        if self.spec.refresh_policy in ("CreatedOnce", "OnChange"):
            return 0.0
        return max(0.0, parse_duration(self.spec.refresh_interval) / 1e9)

    @property
    def is_fetched_once(self) -> bool:
        """Whether files that are there stay as they are, whatever changes."""
        return self.spec.refresh_policy == "CreatedOnce" or self.spec.target.immutable

    def files(self, rendered: Rendered, *, has_files: bool) -> dict[str, bytes] | None:
        """What it is to have in the volume; None where it keeps what it has.

        Raises `TransformFailed` for what can't be a file, `SecretNotFound` where there is nothing yet and the stores
        have nothing either: no container is to start without.
        """
        if rendered.nothing and self.spec.target.deletion_policy != "Merge":
            if not has_files:
                raise SecretNotFound("the stores have nothing for it")
            return {} if self.spec.target.deletion_policy == "Delete" else None
        files = files_of(self.target, self.form, rendered.data)
        for path in files:
            if not is_path(path):
                raise TransformFailed(f"{path!r} can't be the path of a file", remedy=PATH_RULE)
        return files


def subject_of(manifest: Mapping[str, Any], namespace: str, form: Format, stores: str) -> Subject:
    """The subject for a manifest; `stores` is a digest of the stores. Raises `InvalidSpec`."""
    name = (manifest.get("metadata") or {}).get("name", "")
    try:
        parsed = parse_external_secret(manifest)
        if parsed.spec.target.manifest:
            raise InvalidSpec("spec.target.manifest", "only Secrets become files", remedy="remove it")
        parse_duration(parsed.spec.refresh_interval)
    except InvalidSpec as error:
        raise InvalidSpec("", f'ExternalSecret "{name}": {error}', remedy=error.remedy) from None
    except ValueError as error:
        raise InvalidSpec("", f'ExternalSecret "{name}": spec.refreshInterval: {error}') from None
    version = digest_of(manifest.get("spec") or {}, form, stores)
    return Subject(parsed.metadata.name, namespace, parsed.spec, form, version)


def check_roots(subjects: Iterable[Subject]) -> None:
    """Raises `InvalidSpec` where two ExternalSecrets would have the same files."""
    taken: dict[str, str] = {}
    for subject in subjects:
        if subject.root in taken:
            raise InvalidSpec(
                "",
                f'ExternalSecrets "{taken[subject.root]}" and "{subject.name}" both become "{subject.root}"',
                remedy="give one of them another spec.target.name, or leave it out",
            )
        taken[subject.root] = subject.name


def digest_of(*parts: Any) -> str:
    """Of values as JSON has them; the same for the same content."""
    return hashlib.sha256(msgspec.json.encode(parts, order="deterministic")).hexdigest()
