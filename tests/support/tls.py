"""A certificate authority for one test run: real TLS on loopback, for servers and for clients.

Made by trustme; files are written into the folder that the caller gives.
"""

import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True)
class KeyPair:
    """A certificate (with its chain) and its key as PEM files."""

    cert_file: Path
    key_file: Path


class Authority:
    """A CA. `ca_file` is what clients are to trust, `ca_pem` the same as text."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(exist_ok=True)
        self._ca = trustme.CA(key_type=trustme.KeyType.ECDSA)
        self.ca_pem = self._ca.cert_pem.bytes().decode()
        self.ca_file = folder / "ca.crt"
        self.ca_file.write_text(self.ca_pem)

    def issue(self, *names: str, common_name: str | None = None) -> KeyPair:
        """A certificate for `names` (host names, addresses), usable by a server and by a client."""
        leaf = self._ca.issue_cert(*names, common_name=common_name, key_type=trustme.KeyType.ECDSA)
        stem = common_name or names[0]
        pair = KeyPair(self._folder / f"{stem}.crt", self._folder / f"{stem}.key")
        pair.cert_file.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
        pair.key_file.write_bytes(leaf.private_key_pem.bytes())
        return pair

    def server_context(self, *, ask_client: bool = False) -> ssl.SSLContext:
        """For a server on 127.0.0.1 or localhost; with `ask_client` it refuses clients without our
        certificate.
        """
        pair = self.issue("127.0.0.1", "localhost")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.cert_file, pair.key_file)
        if ask_client:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.ca_file)
        return context

    def client_context(self, pair: KeyPair | None = None) -> ssl.SSLContext:
        """For a client that trusts this CA and nothing else, showing `pair` if it is given one."""
        context = ssl.create_default_context(cafile=str(self.ca_file))
        if pair is not None:
            context.load_cert_chain(pair.cert_file, pair.key_file)
        return context
