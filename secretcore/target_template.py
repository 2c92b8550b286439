"""`spec.target.template`: what the Secret is made of when its data is not just what was fetched. Pure.

`render` lays the template over the fetched data, in ESO's order: fetched keys (or none), templateFrom as listed, data,
labels, annotations; a later one wins. The texts that templateFrom names are read by the shell beforehand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from secretcore.errors import InvalidSpec, TransformFailed
from secretcore.model.external_secret import DecodingStrategy, Template, TemplateFrom, TemplateObjectRef
from secretcore.plan import Sources, TemplateSource
from secretcore.rendering import Rendering
from secretcore.rules import ACCOUNT_NAME, ACCOUNT_TOKEN, BOOTSTRAP_TOKEN
from secretcore.template.golib.yaml_parsing import parse as parse_yaml
from secretcore.template.golib.yaml_scalars import YamlError
from secretcore.template.values import GoMap, octets, text
from secretcore.transform import KEY_RULE, decode, is_key

PATH = "spec.target.template"


@dataclass(slots=True)
class Composed:
    """The Secret as the template makes it."""

    data: dict[str, bytes] = field(default_factory=dict, repr=False)
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict, repr=False)


def compose(template: Template, fetched: Mapping[str, bytes], sources: Sources, rendering: Rendering) -> Composed:
    """The template laid over the fetched data. Raises `TransformFailed` or `InvalidSpec`, naming the field."""
    composer = _Composer({key: text(value) for key, value in fetched.items()}, sources, rendering)
    if template.merge_policy == "Merge" or not (template.data or template.template_from):
        composer.made.data.update(fetched)
    for index, source in enumerate(template.template_from):
        composer.template_from(source, f"{PATH}.templateFrom[{index}]")
    for key, value in template.data.items():
        composer.value("data", key, value, f"{PATH}.data[{key}]")
    if template.metadata:
        for key, value in template.metadata.labels.items():
            composer.value("labels", key, value, f"{PATH}.metadata.labels[{key}]")
        for key, value in template.metadata.annotations.items():
            composer.value("annotations", key, value, f"{PATH}.metadata.annotations[{key}]")
    _check_type(template.type, composer.made.annotations)
    return composer.made


@dataclass(slots=True)
class _Composer:
    strings: Mapping[str, str]
    sources: Sources
    rendering: Rendering
    made: Composed = field(default_factory=Composed)

    def template_from(self, source: TemplateFrom, path: str) -> None:
        decoding = source.values_decoding_strategy or "None"
        target = source.target or "Data"
        if source.config_map:
            kind: Literal["ConfigMap", "Secret"] = "ConfigMap"
            self._items(TemplateSource(kind, source.config_map.name), source.config_map, target, decoding, path)
        if source.secret:
            kind = "Secret"
            self._items(TemplateSource(kind, source.secret.name), source.secret, target, decoding, path)
        if source.literal is not None:
            self._keys_and_values(target, source.literal, decoding, f"{path}.literal")

    def value(self, target: str, key: str, template: str, path: str, decoding: DecodingStrategy = "None") -> None:
        """One template that makes the value of one key."""
        self._put(target, key, octets(self._rendered(key, template, path)), decoding, path)

    def _items(
        self, source: TemplateSource, ref: TemplateObjectRef, target: str, decoding: DecodingStrategy, path: str
    ) -> None:
        field_name = "configMap" if source.kind == "ConfigMap" else "secret"
        for index, item in enumerate(ref.items):
            where = f"{path}.{field_name}.items[{index}]"
            found = self.sources[source].get(item.key)
            if found is None:
                raise InvalidSpec(where, f'{source.kind} "{source.name}" has no key "{item.key}"')
            if item.template_as == "Values":
                self.value(target, item.key, text(found), where, decoding)
            else:
                self._keys_and_values(target, text(found), decoding, where)

    def _keys_and_values(self, target: str, template: str, decoding: DecodingStrategy, path: str) -> None:
        """One template that makes a YAML map of keys to strings."""
        name = path.removeprefix("spec.target.template.")
        pairs = _string_map(self._rendered(name, template, path), path, self.rendering)
        for number, (key, value) in enumerate(pairs.items(), 1):
            # A key that was rendered may be a value: messages have its number.
            self._put(target, key, octets(value), decoding, path, shown=f"entry {number}")

    def _rendered(self, name: str, template: str, path: str) -> str:
        try:
            return self.rendering.text(name, template, self.strings, self.rendering.delimiters)
        except TransformFailed as error:
            raise TransformFailed(f"{path}: {error}", remedy=error.remedy) from None

    def _put(
        self, target: str, key: str, value: bytes, decoding: DecodingStrategy, path: str, *, shown: str = ""
    ) -> None:
        try:
            decoded = decode(value, decoding, shown or key)
        except TransformFailed as error:
            raise TransformFailed(f"{path}: {error}", remedy=error.remedy) from None
        match target.lower():
            case "data":
                if shown and not is_key(key):
                    raise TransformFailed(f"{path}: {shown} has a key that a Secret can't have", remedy=KEY_RULE)
                self.made.data[key] = decoded
            case "labels":
                self.made.labels[key] = _utf8(decoded, path)
            case "annotations":
                self.made.annotations[key] = _utf8(decoded, path)
            case _:
                raise InvalidSpec(path, f'target "{target}" is for other kinds than Secret')


def _string_map(document: str, path: str, rendering: Rendering) -> Mapping[str, str]:
    try:
        found: Any = parse_yaml(octets(document), rendering.charge)
    except YamlError:
        found = ()
    if found is None:
        return {}
    if not isinstance(found, GoMap):
        raise TransformFailed(f"{path}: what it renders is not a YAML map", remedy="render lines of key: value")
    for number, value in enumerate(found.values(), 1):
        if value is not None and not isinstance(value, str):
            raise TransformFailed(f"{path}: entry {number} is not a string", remedy="quote it, in the template")
    return {str(key): value or "" for key, value in found.items()}


def _utf8(value: bytes, path: str) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise TransformFailed(
            f"{path}: what it renders is not text", remedy="labels and annotations are text"
        ) from None


def _check_type(secret_type: str, annotations: Mapping[str, str]) -> None:
    """The rule that keeps templates from making tokens, on what was rendered."""
    if secret_type == BOOTSTRAP_TOKEN:
        raise InvalidSpec(f"{PATH}.type", f'template.type="{secret_type}" is not allowed')
    if secret_type == ACCOUNT_TOKEN and ACCOUNT_NAME in annotations:
        raise InvalidSpec(
            f"{PATH}.type", f'template.type="{secret_type}" with annotation "{ACCOUNT_NAME}" is not allowed'
        )
