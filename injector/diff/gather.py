"""Resolves an ExternalSecret and reads what the cluster has of it: all that `judge` needs to know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from injector.diff.applied import as_applied
from injector.diff.judge import Verdict, judge
from injector.kinds import EXTERNAL_SECRETS
from injector.local.failures import failure_lines
from injector.local.manifests import Name
from injector.local.opening import Local, parse, rendering
from injector.progress import Progress
from kubecore.errors import ApiError, NotFound
from kubecore.resources import SECRETS
from kubecore.verbs import Client
from kubecore.wire import Manifest, Selector
from secretcore.errors import SecretError
from secretcore.model.external_secret import ExternalSecret
from secretcore.names import CREATED_BY_LABEL, created_by
from secretcore.resolve import resolve
from secretcore.target.secret import Secret


@dataclass(frozen=True, slots=True)
class Compared:
    """What became of one ExternalSecret: verdicts, or the lines that say why there are none."""

    verdicts: list[Verdict] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


async def compare(
    name: Name, manifest: Mapping[str, Any], local: Local, client: Client, progress: Progress
) -> Compared:
    """One ExternalSecret. What the cluster would not tell is a failure, too."""
    try:
        with progress.during(name.name):
            placed = {**manifest, "metadata": {**(manifest.get("metadata") or {}), "namespace": name.namespace}}
            live = await _read(client, name)
            external_secret = parse(as_applied(placed, live))
            rendered = await resolve(external_secret.spec, name.namespace, local.clients, rendering())
            target, siblings = await _secrets(client, external_secret)
    except SecretError as error:
        return Compared(failures=failure_lines(name, error))
    except ApiError as error:
        return Compared(failures=[f"{name}: {error}"])
    return Compared(judge(external_secret, rendered, target, siblings))


async def _read(client: Client, name: Name) -> Manifest | None:
    try:
        return await client.get(EXTERNAL_SECRETS, name.name, name.namespace, metadata_only=True)
    except NotFound:  # also where the kind is not served yet
        return None


async def _secrets(client: Client, of: ExternalSecret) -> tuple[Secret | None, list[Secret]]:
    namespace = of.metadata.namespace
    try:
        target = Secret(await client.get(SECRETS, of.target_name, namespace))
    except NotFound:
        target = None
    selector = Selector(labels=f"{CREATED_BY_LABEL}={created_by(namespace, of.metadata.name)}")
    made = await client.list(SECRETS, namespace, selector, metadata_only=True)
    return target, [Secret(each) for each in made]
