"""sprig's dict functions. A dict is a map[string]interface {}, shared by reference: set and unset change it.

Input and output: GoMaps. Where Go's order is random (keys, values), ours is sorted, so that a Secret made
from it doesn't change with every refresh.
"""

from collections.abc import Callable, Mapping
from typing import Any

from secretcore.template.declare import Environment, Function, function
from secretcore.template.errors import FunctionError
from secretcore.template.functions.equality import MAX_DEPTH
from secretcore.template.functions.merging import MergeError, merge_into
from secretcore.template.functions.semver import PlainVersion
from secretcore.template.functions.texts import to_text
from secretcore.template.golib.versions import Version
from secretcore.template.gotypes import DICT
from secretcore.template.values import GoMap, GoSlice, is_nil, octets, type_name


def _dict(env: Environment, *pairs: Any) -> GoMap:
    env.meter.elements(len(pairs))
    values = [*pairs, ""]
    return GoMap(DICT, {to_text(env, values[at]): values[at + 1] for at in range(0, len(pairs), 2)})


def _get(mapping: GoMap, key: str) -> Any:
    return mapping.get(key, "")


def _set(env: Environment, mapping: GoMap, key: str, value: Any) -> GoMap:
    if mapping.nil:
        raise FunctionError("assignment to entry in nil map")
    env.meter.elements(1)
    mapping[key] = value
    return mapping


def _unset(mapping: GoMap, key: str) -> GoMap:
    mapping.pop(key, None)
    return mapping


def _has_key(mapping: GoMap, key: str) -> bool:
    return key in mapping


def _pluck(key: str, *mappings: GoMap) -> list[Any]:
    return [mapping[key] for mapping in mappings if key in mapping]


def _sorted(env: Environment, mapping: GoMap) -> list[str]:
    env.meter.elements(len(mapping))
    return sorted(mapping, key=octets)


def _keys(env: Environment, *mappings: GoMap) -> list[str]:
    return [key for mapping in mappings for key in _sorted(env, mapping)]


def _values(env: Environment, mapping: GoMap) -> list[Any]:
    return [mapping[key] for key in _sorted(env, mapping)]


def _pick(env: Environment, mapping: GoMap, *keys: str) -> dict[str, Any]:
    env.meter.elements(len(keys))
    return {key: mapping[key] for key in keys if key in mapping}


def _omit(env: Environment, mapping: GoMap, *keys: str) -> dict[str, Any]:
    env.meter.elements(len(mapping))
    return {key: value for key, value in mapping.items() if key not in keys}


def _must_merge(*, overwrite: bool) -> Callable[..., GoMap]:
    def merge(env: Environment, into: GoMap, *sources: GoMap) -> GoMap:
        for source in sources:
            if into.nil and not source.nil:
                into = GoMap(DICT)
            merge_into(env, into, source, overwrite=overwrite)
        return into

    return merge


def _merge(*, overwrite: bool) -> Callable[..., GoMap | str]:
    must_merge = _must_merge(overwrite=overwrite)

    def merge(env: Environment, into: GoMap, *sources: GoMap) -> GoMap | str:
        try:
            return must_merge(env, into, *sources)
        except MergeError:
            return ""

    return merge


def _converted(value: Any, wanted: str) -> FunctionError:
    found = "nil" if value is None else type_name(value)
    return FunctionError(f"interface conversion: interface {{}} is {found}, not {wanted}")


def _as_dict(value: Any) -> GoMap:
    if isinstance(value, GoMap) and value.go_type is DICT:
        return value
    raise _converted(value, DICT.name)


def _dig(*params: Any) -> Any:
    if len(params) < 3:
        raise FunctionError("dig needs at least three arguments")
    *keys, default, value = params
    mapping = _as_dict(value)
    for key in keys:
        if not isinstance(key, str):
            raise _converted(key, "string")
    for key in keys[:-1]:
        if key not in mapping:
            return default
        mapping = _as_dict(mapping[key])
    return mapping.get(keys[-1], default)


def _copy(env: Environment, value: Any, depth: int = 0) -> Any:
    if depth > MAX_DEPTH:
        raise FunctionError(f"values nested deeper than {MAX_DEPTH} levels")
    if value is None and depth == 0:
        raise FunctionError("reflect: call of reflect.Value.Type on zero Value")
    if is_nil(value):
        return value
    if isinstance(value, GoMap):
        env.meter.elements(len(value))
        return GoMap(value.go_type, {key: _copy(env, item, depth + 1) for key, item in value.items()})
    if isinstance(value, PlainVersion):
        return type(value)(Version(0, 0, 0))  # its fields are private, and copystructure leaves those out
    if isinstance(value, GoSlice):
        env.meter.elements(len(value))
        return GoSlice(value.go_type, [_copy(env, item, depth + 1) for item in value])
    return value


_ANY, _DICT = "interface {}", "map[string]interface {}"
_MERGE = f"func({_DICT}, ...{_DICT}) {_ANY}"

FUNCTIONS: Mapping[str, Function] = {
    "dict": function(f"func(...{_ANY}) {_DICT}", _dict, env=True),
    "get": function(f"func({_DICT}, string) {_ANY}", _get),
    "set": function(f"func({_DICT}, string, {_ANY}) {_DICT}", _set, env=True),
    "unset": function(f"func({_DICT}, string) {_DICT}", _unset),
    "hasKey": function(f"func({_DICT}, string) bool", _has_key),
    "pluck": function(f"func(string, ...{_DICT}) []interface {{}}", _pluck),
    "keys": function(f"func(...{_DICT}) []string", _keys, env=True),
    "values": function(f"func({_DICT}) []interface {{}}", _values, env=True),
    "pick": function(f"func({_DICT}, ...string) {_DICT}", _pick, env=True),
    "omit": function(f"func({_DICT}, ...string) {_DICT}", _omit, env=True),
    "merge": function(_MERGE, _merge(overwrite=False), env=True),
    "mustMerge": function(_MERGE, _must_merge(overwrite=False), env=True),
    "mergeOverwrite": function(_MERGE, _merge(overwrite=True), env=True),
    "mustMergeOverwrite": function(_MERGE, _must_merge(overwrite=True), env=True),
    "dig": function(f"func(...{_ANY}) {_ANY}", _dig),
    "deepCopy": function(f"func({_ANY}) {_ANY}", _copy, env=True),
    "mustDeepCopy": function(f"func({_ANY}) {_ANY}", _copy, env=True),
}
