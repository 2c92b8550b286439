"""ESO's toYaml and fromYaml: toYaml gives "" for what can't be written, fromYaml a map with the key Error.

Input: values and texts. Output: texts and maps.
"""

from collections.abc import Mapping
from typing import Any

from secretcore.template.declare import Environment, Function, function
from secretcore.template.golib import yaml_emitting
from secretcore.template.golib.json_text import JsonError
from secretcore.template.golib.yaml_scalars import YamlError
from secretcore.template.gotypes import DICT
from secretcore.template.values import GoMap, octets


def _to_yaml(env: Environment, value: Any) -> str:
    total = 0

    def charge(length: int) -> None:
        nonlocal total
        total += length
        env.meter.step(4 + length // 256)
        if total > env.budget.string:
            env.meter.string(total)

    try:
        return yaml_emitting.emit(value, charge).removesuffix("\n")
    except (YamlError, JsonError):
        return ""


_KINDS = {list: "array", str: "string", bool: "bool", float: "number"}


def _from_yaml(env: Environment, document: str) -> GoMap:
    from secretcore.template.golib import yaml_parsing

    raw = octets(document)
    env.meter.document(len(raw))
    try:
        value = yaml_parsing.parse(raw, env.meter.step)
    except YamlError as error:
        return GoMap(DICT, {"Error": f"error converting YAML to JSON: {error}"})
    if value is None:
        return GoMap(DICT)
    if isinstance(value, GoMap):
        return value
    kind = next(name for of, name in _KINDS.items() if isinstance(value, of))
    message = f"cannot unmarshal {kind} into Go value of type {DICT.name}"
    return GoMap(DICT, {"Error": f"error unmarshaling JSON: while decoding JSON: json: {message}"})


FUNCTIONS: Mapping[str, Function] = {
    "toYaml": function("func(interface {}) string", _to_yaml, env=True),
    "fromYaml": function("func(string) map[string]interface {}", _from_yaml, env=True),
}
