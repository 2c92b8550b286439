"""Go's net/url: parsing a URL into decoded parts, and writing one from parts with Go's escaping.

Input: Go strings from urlParse and urlJoin. Output: Url values and texts; UrlError says what is wrong, in
Go's words but without the text itself.
"""

import ipaddress
import re
from dataclasses import dataclass

from secretcore.template.values import octets, text

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~")
HOST = _UNRESERVED | frozenset(b"!$&'()*+,;=:[]<>\"")
PATH = _UNRESERVED | frozenset(b"$&+,/:;=@")
USER = _UNRESERVED | frozenset(b"$&+,;=")
FRAGMENT = _UNRESERVED | frozenset(b"$&+,/:;=?@!()*")
_USERINFO = re.compile(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*\Z")
_PORT = re.compile(r"(?::[0-9]*)?\Z")
_PERCENT = re.compile(rb"%([0-9a-fA-F]{2})?")


class UrlError(ValueError):
    """The text is no URL."""


@dataclass(slots=True)
class Url:
    """The parts, decoded; `user` is the user information as a URL spells it, None where there is none."""

    scheme: str = ""
    opaque: str = ""
    user: str | None = None
    host: str = ""
    path: str = ""
    query: str = ""
    fragment: str = ""

    @property
    def hostname(self) -> str:
        """The host without port and brackets."""
        host = self.host
        colon = host.rfind(":")
        if colon >= 0 and _PORT.match(host[colon:]):
            host = host[:colon]
        return host[1:-1] if host[:1] == "[" and host[-1:] == "]" else host


def escape(value: str, keep: frozenset[int]) -> str:
    """Percent-encode all bytes but these."""
    return "".join(chr(byte) if byte in keep else f"%{byte:02X}" for byte in octets(value))


def _unescape(value: str) -> str:
    if "%" not in value:
        return value
    raw = octets(value)
    if any(found[1] is None for found in _PERCENT.finditer(raw)):
        raise UrlError("invalid URL escape")
    return text(_PERCENT.sub(lambda found: bytes([int(found[1], 16)]), raw))


def _unescape_host(value: str, *, zone: bool = False) -> str:
    raw = octets(value)
    for found in _PERCENT.finditer(raw):
        if found[1] is None:
            raise UrlError("invalid URL escape")
        byte = int(found[1], 16)
        allowed = byte == 0x25 or (byte == 0x20 or byte in HOST if zone else byte >= 0x80)
        if not allowed:
            raise UrlError("invalid URL escape")
    if any(byte < 0x80 and byte not in HOST for byte in _PERCENT.sub(b"", raw)):
        raise UrlError("invalid character in host name")
    return _unescape(value)


def parse_url(value: str) -> Url:
    """url.Parse. UrlError."""
    body, _, fragment = value.partition("#")
    url = _parse(body)
    url.fragment = _unescape(fragment)
    return url


def _parse(body: str) -> Url:
    if any(char < " " or char == "\x7f" for char in body):
        raise UrlError("net/url: invalid control character in URL")
    if body == "*":
        return Url(path="*")
    scheme, rest = _split_scheme(body)
    url = Url(scheme=scheme.lower())
    rest, _, url.query = rest.partition("?")
    if not rest.startswith("/"):
        if scheme:
            url.opaque = rest
            return url
        if ":" in rest.partition("/")[0]:
            raise UrlError("first path segment in URL cannot contain colon")
    if rest.startswith("//") and (scheme or not rest.startswith("///")):
        authority, slash, rest = rest[2:].partition("/")
        rest = slash + rest
        url.user, url.host = _authority(url.scheme, authority)
    url.path = _unescape(rest)
    return url


def _split_scheme(body: str) -> tuple[str, str]:
    found = re.match(r"([A-Za-z][A-Za-z0-9+.\-]*):", body)
    if found:
        return found[1], body[found.end() :]
    if body.startswith(":"):
        raise UrlError("missing protocol scheme")
    return "", body


def _authority(scheme: str, authority: str) -> tuple[str | None, str]:
    info, at, host = authority.rpartition("@")
    host = _host(scheme, host)
    return (userinfo(info) if at else None), host


def userinfo(value: str) -> str:
    """User information, checked and spelt anew as Userinfo.String does."""
    if not _USERINFO.match(value):
        raise UrlError("net/url: invalid userinfo")
    name, colon, password = value.partition(":")
    return escape(_unescape(name), USER) + colon + escape(_unescape(password), USER)


def _host(scheme: str, host: str) -> str:
    bracket = host.rfind("[")
    if bracket > 0:
        raise UrlError("invalid IP-literal")
    if bracket == 0:
        return _ip_literal(host)
    first, last = host.find(":"), host.rfind(":")
    colon = first if scheme in ("http", "https") else last
    if colon >= 0 and not _PORT.match(host[colon:]):
        raise UrlError("invalid port after host")
    return _unescape_host(host)


def _ip_literal(host: str) -> str:
    end = host.rfind("]")
    if end < 0:
        raise UrlError("missing ']' in host")
    port = host[end + 1 :]
    if not _PORT.match(port):
        raise UrlError("invalid port after host")
    name = host[1:end]
    at = name.find("%25")
    address = _unescape_host(name) if at < 0 else _unescape_host(name[:at])
    zone = "" if at < 0 else _unescape_host(name[at:], zone=True)
    try:
        ipaddress.IPv6Address(address)
    except ValueError:
        raise UrlError("invalid host: not an IPv6 address") from None
    if zone == "%":
        raise UrlError("invalid host: zone must be a non-empty string")
    return f"[{address}{zone}]{port}"


def format_url(url: Url) -> str:
    """URL.String, for parts that were given one by one."""
    out = f"{url.scheme}:" if url.scheme else ""
    if url.opaque:
        out += url.opaque
    else:
        if (url.scheme or url.host or url.user is not None) and (url.host or url.path or url.user is not None):
            out += "//"
        if url.user is not None:
            out += f"{url.user}@"
        out += escape(url.host, HOST)
        path = "*" if url.path == "*" else escape(url.path, PATH)
        if path and path[0] != "/" and url.host:
            out += "/"
        if not out and ":" in path.partition("/")[0]:
            out += "./"
        out += path
    if url.query:
        out += f"?{url.query}"
    if url.fragment:
        out += "#" + escape(url.fragment, FRAGMENT)
    return out
