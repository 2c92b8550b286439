"""The hashes and names that ESO leaves on objects, so that a cluster can move between ESO and this controller without
a Secret being rewritten. Pure; the controller and `desired` ask here.

ESO hashes what Go prints: SHA3-224 over `fmt.Sprintf("%+v", value)`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from secretcore.names import text_hash
from secretcore.plan import Rendered

MANAGER = "externalsecrets.external-secrets.io"
LONGEST_MANAGER = 63


def data_hash(data: Mapping[str, bytes]) -> str:
    """Of the data of a Secret, decoded: the annotation `reconcile.external-secrets.io/data-hash`."""
    printed = {key: f"[{' '.join(map(str, value))}]" for key, value in data.items()}
    return text_hash(_print_map(printed))


def synced_resource_version(generation: int, labels: Mapping[str, str], annotations: Mapping[str, str]) -> str:
    """Changes with the spec, the labels and the annotations of an ExternalSecret, and with nothing else."""
    printed = f"{{annotations:{_print_map(annotations)} labels:{_print_map(labels)}}}"
    return f"{generation}-{text_hash(printed)}"


def fingerprint(salt: bytes, subject: str, rendered: Rendered) -> bytes:
    """Of an ExternalSecret, as `subject` names it and its version, and what was rendered for it. For this process
    only: `salt` is its secret, so that it does not give short values away.
    """
    digest = hashlib.blake2b(f"{subject} {rendered.nothing}".encode(), key=salt, digest_size=16)
    for name, strings in (("labels", rendered.labels), ("annotations", rendered.annotations)):
        digest.update(f"{name} {strings if strings is None else sorted(strings.items())}".encode())
    for key in sorted(rendered.data):
        value = rendered.data[key]
        digest.update(f"{len(key)} {len(value)} {key}".encode())
        digest.update(value)
    return digest.digest()


def field_manager(name: str) -> str:
    """The name under which the API server records what an ExternalSecret of this name wrote into its Secret."""
    manager = f"{MANAGER}/{name}"
    return manager if len(manager) <= LONGEST_MANAGER else f"{MANAGER}/sha3/{text_hash(name)}"


def _print_map(items: Mapping[str, str]) -> str:
    """Go prints the keys in byte order, which is the order of code points."""
    return f"map[{' '.join(f'{key}:{items[key]}' for key in sorted(items))}]"
