"""`render`: every ExternalSecret among the files is resolved against the stores among the files, and printed."""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from random import SystemRandom
from typing import Any

from injector.local.credentials import CredentialSource, EnvironmentSource, ManifestSource
from injector.local.manifests import Manifests, Name, WrongCall, read_manifests
from injector.local.output import RenderedSecret, as_env, as_json, as_yaml
from injector.local.stores import LocalStores
from secretcore.clients import Clients
from secretcore.errors import FetchFailed, InvalidSpec, SecretError
from secretcore.parse import parse_external_secret
from secretcore.registry import Registry
from secretcore.rendering import Rendering
from secretcore.resolve import resolve

FORMATS = {"yaml": as_yaml, "json": as_json, "env": as_env}


def render(arguments: Namespace) -> int:
    """Runs the command. Returns the exit code: 0 all resolved, 1 one did not. Raises `WrongCall`."""
    manifests = read_manifests(arguments.paths, arguments.namespace)
    if not manifests.unreadable and not any(manifests.of_kind("ExternalSecret")):
        raise WrongCall(f"no ExternalSecret in {', '.join(arguments.paths)}")
    return asyncio.run(_render(manifests, arguments))


async def _render(manifests: Manifests, arguments: Namespace) -> int:
    async with AsyncExitStack() as opened:
        sources = (ManifestSource(manifests), *await other_sources(arguments, opened))
        stores = LocalStores(manifests, Registry.installed(), sources)
        clients = await opened.enter_async_context(Clients(stores))
        outcomes = await asyncio.gather(
            *(_resolve(name, manifest, clients) for name, manifest in manifests.of_kind("ExternalSecret"))
        )
    rendered = [outcome for outcome in outcomes if isinstance(outcome, RenderedSecret)]
    failures = [*manifests.unreadable]
    failures += [line for outcome in outcomes if isinstance(outcome, list) for line in outcome]
    try:
        sys.stdout.write(FORMATS[arguments.output](rendered, show_values=arguments.show_values))
    except SecretError as error:
        failures.append(_line(str(error), error))
    for warning in stores.warnings():
        print(f"warning: {warning}", file=sys.stderr)
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


async def other_sources(arguments: Namespace, opened: AsyncExitStack) -> tuple[CredentialSource, ...]:
    """The environment and a cluster, as far as the flags say so."""
    sources: list[CredentialSource] = []
    if arguments.from_environment:
        sources.append(EnvironmentSource.of_process())
    if arguments.kubeconfig:
        from injector.local.cluster import cluster_source  # noqa: PLC0415  # 25 MiB that only this flag needs

        sources.append(await opened.enter_async_context(cluster_source(arguments.kubeconfig, arguments.context)))
    return tuple(sources)


async def _resolve(name: Name, manifest: Mapping[str, Any], clients: Clients) -> RenderedSecret | list[str] | None:
    """The Secret, or the lines that say why there is none; None where the manifest wants none."""
    try:
        external_secret = parse_external_secret(manifest)
        if external_secret.spec.target.manifest:
            raise InvalidSpec("spec.target.manifest", "only Secrets are delivered", remedy="remove it")
        rendered = await resolve(external_secret.spec, name.namespace, clients, rendering())
    except FetchFailed as error:
        return [_line(f"{name}: {failure}", failure.error) for failure in error.failures]
    except SecretError as error:
        return [_line(f"{name}: {error}", error)]
    for missing in rendered.missing:
        print(f"note: {name}: {missing.step.path}: left out: {missing.error}", file=sys.stderr)
    if not rendered.data and rendered.missing:
        print(f"note: {name}: no Secret: the backend has nothing for it", file=sys.stderr)
        return None
    return RenderedSecret(external_secret, name.namespace, rendered)


def rendering() -> Rendering:
    """The clock and the randomness of this process, for the templates of one ExternalSecret."""
    return Rendering(datetime.now(UTC), SystemRandom())


def _line(sentence: str, error: SecretError) -> str:
    """One line: which object, which field, what went wrong, what to do."""
    sentence = " ".join(sentence.split())
    return f"{sentence} ({error.remedy})" if error.remedy else sentence
