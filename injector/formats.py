"""The forms that the data of an ExternalSecret take as files: a file per key, or one file in a format. Pure: data in,
content by path out. The agent writes it; local mode prints variables with the same rules.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

from injector.handoff import Format
from secretcore.errors import TransformFailed

OTHER_FORMATS = "use format files or json"


def files_of(target: str, form: Format, data: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files that a target's data become, by path: `<target>/<key>`, or `<target>.<format>`.

    Raises `TransformFailed`, naming the key, for a value that the format can't carry.
    """
    if form == "files":
        return {f"{target}/{key}": value for key, value in sorted(data.items())}
    content = _WRITERS[form]({key: _text(key, value, form) for key, value in sorted(data.items())})
    return {f"{target}.{form}": content.encode()}


def variable_name(key: str) -> str:
    """The name of a variable for a key: characters that it can't have become `_`."""
    return re.sub(r"^(?=\d)|[^A-Za-z0-9_]", "_", key)


def _text(key: str, value: bytes, form: str) -> str:
    """The value as text. Raises `TransformFailed` where it is none."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise TransformFailed(
            f'key "{key}": the value is not text, so that format {form} can\'t carry it', remedy="use format files"
        ) from None


def _env(data: Mapping[str, str]) -> str:
    """`NAME='value'` a line."""
    origins: dict[str, str] = {}
    lines = []
    for key, value in data.items():
        name = variable_name(key)
        if name in origins:
            raise TransformFailed(
                f'keys "{origins[name]}" and "{key}" both become the variable {name}', remedy="rewrite one of the keys"
            )
        origins[name] = key
        quoted = _single_quoted(value)
        if quoted is None and not re.search(r'[$`"\\!\r\0]', value):
            quoted = f'"{value}"'
        if quoted is None:
            raise TransformFailed(
                f'key "{key}": shells and readers of .env files would not agree on the value, for its quotes, '
                "backslashes, dollar signs or control characters",
                remedy=OTHER_FORMATS,
            )
        lines.append(f"{name}={quoted}\n")
    return "".join(lines)


def _single_quoted(text: str) -> str | None:
    """The text in single quotes, where all of it stands for itself to shells and to the readers of .env files alike;
    None where it would not: some of the latter take backslashes and `${` for more than that, and drop a CR.
    """
    if re.search(r"['\r\0]|\\\\|\\$|\$\{", text):
        return None
    return f"'{text}'"


def _json(data: Mapping[str, str]) -> str:
    """One object of strings."""
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def _yaml(data: Mapping[str, str]) -> str:
    """A map of strings, every one in double quotes: then YAML 1.1 and 1.2 agree, whatever they look like."""
    return "".join(f"{_yaml_string(key)}: {_yaml_string(value)}\n" for key, value in data.items()) or "{}\n"


def _yaml_string(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    # What JSON lets stand and YAML does not: control characters, other line ends, marks of byte order.
    return re.sub("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]", lambda found: f"\\u{ord(found[0]):04x}", quoted)


def _properties(data: Mapping[str, str]) -> str:
    """What java.util.Properties loads, in ASCII, so that it is the same in every encoding."""
    return "".join(f"{_property(key, key=True)}={_property(value)}\n" for key, value in data.items())


_PROPERTY_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\f": "\\f"}


def _property(text: str, *, key: bool = False) -> str:
    escaped = []
    indented = len(text) - len(text.lstrip(" "))
    for at, character in enumerate(text):
        if character in _PROPERTY_ESCAPES:
            escaped.append(_PROPERTY_ESCAPES[character])
        elif (key and character in "=:# !") or at < indented:
            escaped.append(f"\\{character}")
        elif " " <= character <= "~":
            escaped.append(character)
        else:
            units = character.encode("utf-16-be")
            escaped += [f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2)]
    return "".join(escaped)


_WRITERS: Mapping[str, Callable[[Mapping[str, str]], str]] = {
    "env": _env,
    "json": _json,
    "yaml": _yaml,
    "properties": _properties,
}
