"""PEM as Go's encoding/pem reads and writes it: what counts as a block, headers, 64 characters a line.

Input: bytes of certificates and keys. Output: blocks and their text; junk between blocks is skipped, as in
Go.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_START = b"-----BEGIN "
_END = b"\n-----END "
_DASHES = b"-----"
_BLANKS = re.compile(rb"[ \t\r\n]+")


@dataclass(frozen=True, slots=True)
class Block:
    """One PEM block: its type (`CERTIFICATE`), its decoded bytes, its headers."""

    kind: str
    der: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)


def _line(data: bytes, at: int) -> tuple[bytes, int]:
    """The line that starts here, without its end and trailing blanks, and where the next one starts."""
    end = data.find(b"\n", at)
    line = data[at:] if end < 0 else data[at:end].removesuffix(b"\r")
    return line.rstrip(b" \t"), len(data) if end < 0 else end + 1


def decode(data: bytes, at: int = 0) -> tuple[Block | None, int]:
    """pem.Decode from a place on: the next block and where what follows it starts; None and the place
    itself where there is no block. The first END line counts, with the last BEGIN line before it.
    """
    start = at
    while True:
        end = data.find(_END, at)
        if end < 0:
            return None, start
        begin = data.rfind(_START, at, end)
        if begin >= 0 and (begin == at or data[begin - 1 : begin] == b"\n"):
            kind, body = _line(data, begin + len(_START))
            block = _block(data, kind, body, end) if kind.endswith(_DASHES) else None
            if block is not None:
                return block, _line(data, end + len(_END) - 1)[1]
        at = end + len(_END)


def _block(data: bytes, kind: bytes, body: int, end: int) -> Block | None:
    headers, body = _headers(data, body)
    if headers and end < body:
        return None
    line, _ = _line(data, end + len(_END))
    if line != kind:
        return None
    try:
        der = base64.b64decode(_BLANKS.sub(b"", data[body:end]), validate=True) if end > body else b""
    except binascii.Error:
        return None
    return Block(kind[: -len(_DASHES)].decode("utf-8", "surrogateescape"), der, headers)


def _headers(data: bytes, at: int) -> tuple[dict[str, str], int]:
    headers: dict[str, str] = {}
    while at < len(data):
        line, following = _line(data, at)
        name, colon, value = line.partition(b":")
        if not colon:
            break
        key = name.strip(b" \t\r\n").decode("utf-8", "surrogateescape")
        headers[key] = value.strip(b" \t\r\n").decode("utf-8", "surrogateescape")
        at = following
    return headers, at


def blocks(data: bytes) -> Iterator[Block]:
    """All blocks in their order."""
    at = 0
    while True:
        block, at = decode(data, at)
        if block is None:
            return
        yield block


def encode(block: Block) -> str:
    """pem.EncodeToMemory; headers come first, Proc-Type before the others, these sorted."""
    out = [f"-----BEGIN {block.kind}-----\n"]
    if block.headers:
        names = sorted(block.headers, key=lambda name: (name != "Proc-Type", name))
        out += [f"{name}: {block.headers[name]}\n" for name in names]
        out.append("\n")
    body = base64.b64encode(block.der).decode("ascii")
    out += [body[at : at + 64] + "\n" for at in range(0, len(body), 64)]
    out.append(f"-----END {block.kind}-----\n")
    return "".join(out)


def encode_der(kind: str, der: bytes) -> str:
    """A block without headers."""
    return encode(Block(kind, der))
