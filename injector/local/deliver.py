"""`render --out DIR`: the Secrets as files, through the agent's own writer, once or, with `--watch`, kept fresh as the
stores and the manifests change. The agent for machines outside Kubernetes.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from contextlib import AsyncExitStack
from pathlib import Path

from injector.agent import logs
from injector.agent.files import open_volume
from injector.agent.process import run_until_signal
from injector.agent.run import Folders, once, refresh
from injector.agent.subject import check_roots, digest_of, subject_of
from injector.agent.work import Work
from injector.local.credentials import CredentialSource, ManifestSource
from injector.local.manifests import Manifests, WrongCall, read_manifests
from injector.local.opening import other_sources
from injector.local.stores import LocalStores
from secretcore.errors import InvalidSpec, SecretError
from secretcore.registry import Registry

DEADLINE = 300.0
"""Seconds that `--watch` tries at first; without it there is one try."""


def deliver(arguments: Namespace) -> int:
    """Runs the command. Returns the exit code: 0 all delivered, 1 something was not. Raises `WrongCall`."""
    if arguments.watch and "-" in arguments.paths:
        raise WrongCall("standard input can't be watched: name files or folders")
    if arguments.watch:
        logs.log_to()
    else:
        logs.quiet()
    folder = Path(arguments.out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        failed: list[str] = []
        work = _deliver(arguments, folder.resolve(), failed)
        code = run_until_signal(work, unfinished=0 if arguments.watch else 130)
    except SecretError as error:
        failed, code = [f"{error} ({error.remedy})" if error.remedy else str(error)], 1
    except OSError as error:
        raise WrongCall(f"{error.filename or folder}: {error.strerror}") from None
    for line in failed:
        print(" ".join(line.split()), file=sys.stderr)
    return 1 if failed else code


async def _deliver(arguments: Namespace, folder: Path, failed: list[str]) -> None:
    async with AsyncExitStack() as opened:
        loader = _Loader(arguments, await other_sources(arguments, opened))
        work = loader.work()
        with open_volume(folder) as volume:
            if arguments.watch:
                await refresh(volume, work, loader.reload, loader.folders)
                return
            kept = await once(volume, work)
            failed += [f'ExternalSecret "{record.subject.key}" was not refreshed: {record.error}' for record in kept]


class _Loader:
    """What the manifests ask for, read again when they may have changed."""

    def __init__(self, arguments: Namespace, sources: tuple[CredentialSource, ...]) -> None:
        self._arguments, self._sources = arguments, sources
        self._registry = Registry.installed()
        self._seen: Manifests | None = None

    def work(self) -> Work:
        """Raises `WrongCall`, and `InvalidSpec` for manifests that can't be used."""
        manifests = read_manifests(self._arguments.paths, self._arguments.namespace)
        if manifests.unreadable:
            raise InvalidSpec("", "; ".join(manifests.unreadable))
        if not any(manifests.of_kind("ExternalSecret")):
            raise WrongCall(f"no ExternalSecret in {', '.join(self._arguments.paths)}")
        others = digest_of([[str(name), each] for name, each in manifests.objects.items() if _is_read(name.kind)])
        subjects = tuple(
            subject_of(manifest, name.namespace, self._arguments.format, others)
            for name, manifest in manifests.of_kind("ExternalSecret")
        )
        check_roots(subjects)
        self._seen = manifests
        stores = LocalStores(manifests, self._registry, (ManifestSource(manifests), *self._sources))
        deadline = DEADLINE if self._arguments.watch else 0
        return Work(subjects, stores, self._arguments.file_mode, str(self._arguments.out), deadline=deadline)

    def reload(self) -> Work | None:
        """The same, None where nothing changed. Raises `InvalidSpec`."""
        before = self._seen
        try:
            work = self.work()
        except WrongCall as error:
            raise InvalidSpec("", str(error)) from None
        return None if self._seen == before else work

    @property
    def folders(self) -> Folders:
        """Where the manifests are."""
        paths = [Path(path) for path in self._arguments.paths]
        return {path if path.is_dir() else path.parent: path.is_dir() for path in paths}


def _is_read(kind: str) -> bool:
    """Whether ExternalSecrets are resolved from it."""
    return kind != "ExternalSecret"
