"""Which ExternalSecrets a command is about, `FILE_OR_DIR… | NAME…`: read from files and from a cluster, with what they
refer to.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from injector.local.manifests import SUFFIXES, Manifests, WrongCall, read_manifests
from injector.progress import Progress

if TYPE_CHECKING:  # 25 MiB that only a cluster needs
    from injector.local.cluster import ClusterSource
    from injector.local.references import Read


PREFIXES = ("externalsecret/", "externalsecrets/", "es/")


@dataclass(frozen=True, slots=True)
class Subjects:
    """The ExternalSecrets, and everything that is known about what they refer to."""

    manifests: Manifests
    cluster: ClusterSource | None = None
    read: Read | None = None
    """None where no cluster was asked."""


@asynccontextmanager
async def subjects(arguments: Namespace, progress: Progress, *, always_cluster: bool) -> AsyncIterator[Subjects]:
    """Raises `WrongCall`, and `ApiError` where the cluster does not answer for what was named."""
    paths, names = split(arguments.subjects)
    if not (names or always_cluster or arguments.kubeconfig):
        yield Subjects(_from_files(paths, arguments.namespace or "default"))
        return
    from injector.local.cluster import cluster_source, namespace_of  # noqa: PLC0415  # see above
    from injector.local.references import completed, named  # noqa: PLC0415

    try:
        namespace = arguments.namespace or namespace_of(arguments.kubeconfig, arguments.context)
    except WrongCall as error:
        raise WrongCall(f'"{names[0]}" is no file, and {error}' if names else str(error)) from None
    manifests = _from_files(paths, namespace) if paths else Manifests({})
    async with cluster_source(arguments.kubeconfig, arguments.context) as cluster:
        asked_for = await named(cluster.client, names, namespace, progress)
        manifests = Manifests({**manifests.objects, **asked_for}, manifests.unreadable)
        read = await completed(cluster.client, manifests, progress)
        yield Subjects(manifests, cluster, read)


def split(arguments: Iterable[str]) -> tuple[list[str], list[str]]:
    """Which arguments are files, and which name an ExternalSecret of the cluster."""
    paths: list[str] = []
    names: list[str] = []
    for argument in arguments:
        prefix = next((prefix for prefix in PREFIXES if argument.startswith(prefix)), "")
        if prefix and not Path(argument).exists():
            names.append(argument.removeprefix(prefix))
        elif argument == "-" or "/" in argument or argument.endswith(SUFFIXES) or Path(argument).exists():
            paths.append(argument)
        else:
            names.append(argument)
    return paths, names


def _from_files(paths: list[str], namespace: str) -> Manifests:
    manifests = read_manifests(paths, namespace)
    if not manifests.unreadable and not any(manifests.of_kind("ExternalSecret")):
        raise WrongCall(f"no ExternalSecret in {', '.join(paths)}")
    return manifests
