"""TLS contexts, made once for each set of CAs and client certificate: a context costs 20 ms and most of a megabyte."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache

from secretcore.errors import Malformed


@dataclass(frozen=True, slots=True)
class TLS:
    """PEM texts. Without a CA the system's are trusted; with one, only that."""

    ca: bytes | None = None
    certificate: bytes | None = None
    key: bytes | None = field(default=None, repr=False)


@lru_cache(maxsize=128)
def context_for(tls: TLS) -> ssl.SSLContext:
    """A context that verifies, TLS 1.2 or newer. Raises `Malformed` when a PEM text can't be used."""
    context = _trusting(tls.ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # on from Python 3.13: refuses CAs that other clients accept
    if tls.certificate is not None and tls.key is not None:
        _show(context, tls.certificate, tls.key)
    return context


def _show(context: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    asked = False

    def no_pass_phrase() -> bytes:
        """Without this OpenSSL would ask for one on the terminal."""
        nonlocal asked
        asked = True
        return b""

    with _file(certificate + b"\n" + key) as path:
        try:
            context.load_cert_chain(path, password=no_pass_phrase)
        except (ssl.SSLError, OSError):
            if asked:
                raise Malformed(
                    "the client key is encrypted, and a store has no pass phrase for it",
                    remedy="store the PEM private key decrypted: encrypted keys can't be used",
                ) from None
            raise Malformed(
                "the client certificate and key can't be used together",
                remedy="store a PEM certificate and its own PEM private key",
            ) from None


def _trusting(ca: bytes | None) -> ssl.SSLContext:
    if ca is not None:
        try:
            return ssl.create_default_context(cadata=ca.decode("ascii"))
        except (ssl.SSLError, UnicodeDecodeError):
            raise Malformed(
                "the CA bundle holds no PEM certificates", remedy="correct caBundle or caProvider"
            ) from None
    context = ssl.create_default_context()
    if not context.cert_store_stats()["x509_ca"]:
        import certifi  # noqa: PLC0415  # only where the system has no CAs of its own; httpx brings it

        context.load_verify_locations(certifi.where())
    return context


@contextmanager
def _file(content: bytes) -> Iterator[str]:
    """A path that OpenSSL can read the content from: in memory where the system can, since it holds a private key."""
    if not hasattr(os, "memfd_create"):
        from tempfile import NamedTemporaryFile  # noqa: PLC0415  # not on Linux

        with NamedTemporaryFile() as file:
            file.write(content)
            file.flush()
            yield file.name
        return
    descriptor = os.memfd_create("client-certificate")
    try:
        os.write(descriptor, content)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
