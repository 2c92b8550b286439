"""The certificate that the webhook serves: PEM texts or files in, one `kubecore.serving.Certificate` out, replaced
while connections go on. `certificates` and `mounted` feed it, `app` listens with it.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from injector.webhook.metrics import Metrics
from kubecore.serving import Certificate

log = logging.getLogger(__name__)

CERTIFICATE, KEY = "tls.crt", "tls.key"


class Source(Protocol):
    """Where the certificate comes from. `run` keeps it current until it is cancelled."""

    async def run(self) -> None: ...

    def problem(self) -> str:
        """Why the API server can't trust what is served; empty if it can."""


class Served:
    """`certificate` is what listens, None until there is one; then `loaded` is set."""

    def __init__(self, metrics: Metrics) -> None:
        self.certificate: Certificate | None = None
        self.loaded = asyncio.Event()
        self._metrics = metrics
        self._leaf: x509.Certificate | None = None

    def load(self, folder: Path) -> None:
        """Serve what the folder's files hold now. What can't be used is logged, and the last one kept."""
        try:
            leaf = x509.load_pem_x509_certificate((folder / CERTIFICATE).read_bytes())
            if self.certificate is None:
                self.certificate = Certificate(folder / CERTIFICATE, folder / KEY)
            elif problem := self.certificate.reload():
                log.warning("%s", problem)
                return
        except (OSError, ValueError) as error:
            log.warning("the certificate in %s can't be used: %s", folder, error)
            return
        if leaf != self._leaf:
            log.info("a certificate is served", extra={"facts": {"expires": leaf.not_valid_after_utc.isoformat()}})
        self._leaf = leaf
        self._metrics.certificate_expires.set(leaf.not_valid_after_utc.timestamp())
        self.loaded.set()

    def is_trusted_with(self, bundle: bytes) -> bool:
        """Whether one of these CAs, as PEM, issued what is served."""
        leaf = self._leaf
        return leaf is not None and any(_issued(leaf, authority) for authority in _authorities(bundle))


def write_pair(folder: Path, certificate: str, key: str) -> None:
    """Into files that only this process's user reads."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, text in ((KEY, key), (CERTIFICATE, certificate)):
        part = folder / f".{name}"
        part.unlink(missing_ok=True)
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        part.replace(folder / name)


def _authorities(bundle: bytes) -> Sequence[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(bundle)
    except ValueError:
        return ()


def _issued(leaf: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        leaf.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
