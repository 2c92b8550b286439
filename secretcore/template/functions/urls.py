"""sprig's urlParse and urlJoin: a URL as a dict of its parts, and back.

Input: Go strings and dicts. Output: dicts and strings.
"""

from collections.abc import Mapping

from secretcore.template.declare import Function, function
from secretcore.template.errors import FunctionError
from secretcore.template.functions.charging import charged
from secretcore.template.golib.urls import Url, UrlError, format_url, parse_url, userinfo
from secretcore.template.values import GoMap, kind_of


def _parse(value: str) -> dict[str, str]:
    try:
        url = parse_url(value)
    except UrlError as error:
        raise FunctionError(f"unable to parse url: parse a text of {len(value)} bytes: {error}") from None
    return {
        "scheme": url.scheme,
        "host": url.host,
        "hostname": url.hostname,
        "path": url.path,
        "query": url.query,
        "opaque": url.opaque,
        "fragment": url.fragment,
        "userinfo": url.user or "",
    }


def _part(parts: GoMap, name: str) -> str:
    if name not in parts:
        return ""
    value = parts[name]
    if value is None:
        raise FunctionError("runtime error: invalid memory address or nil pointer dereference")
    if not isinstance(value, str):
        raise FunctionError(f"unable to parse {name} key, must be of type string, but {kind_of(value)} found")
    return value


def _join(parts: GoMap) -> str:
    names = ("scheme", "host", "path", "query", "opaque", "fragment")
    scheme, host, path, query, opaque, fragment = (_part(parts, name) for name in names)
    info = _part(parts, "userinfo")
    try:
        user = _user(info) if info else None
    except UrlError as error:
        raise FunctionError(f"unable to parse userinfo in dict: {error}") from None
    return format_url(Url(scheme, opaque, user, host, path, query, fragment))


def _user(info: str) -> str | None:
    """User information as a URL `proto://INFO@host` would have it: a slash in it makes it no such thing."""
    url = parse_url(f"proto://{info}@host")
    return url.user if url.user is None else userinfo(url.user)


_DICT = "map[string]interface {}"

FUNCTIONS: Mapping[str, Function] = {
    "urlParse": function(f"func(string) {_DICT}", charged(_parse, 40), env=True),
    "urlJoin": function(f"func({_DICT}) string", charged(_join, 40), env=True),
}
