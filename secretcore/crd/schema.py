"""A struct as a structural schema: references inlined, fields in camel case, an optional field simply not required.

Comes from the declarations in `model` and from providers; `kinds` takes it. Pure.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import inspect

from secretcore.model.declaration import Model

Schema = dict[str, Any]

PRESERVE = {"x-kubernetes-preserve-unknown-fields": True}
_FORMATS = {(-(2**31), 2**31 - 1): "int32", (-(2**63), 2**63 - 1): "int64"}
_JSON_TYPES = {str: "string", int: "integer", bool: "boolean"}


def schema_of(kind: type[Model]) -> Schema:
    """The schema of a struct. Raises `TypeError` with the path of a field whose type no structural schema can say."""
    return _schema(inspect.type_info(kind), kind.__name__)


def _schema(node: inspect.Type, path: str) -> Schema:
    match node:
        case inspect.Metadata(type=inner, extra_json_schema=extra):
            return _schema(inner, path) | (extra or {})
        case inspect.UnionType():
            return _union(node, path)
        case inspect.StructType(cls=kind, fields=fields, tag=None, array_like=False):
            return _struct(kind, fields, path)
        case inspect.DictType(value_type=inspect.AnyType()):
            return {"type": "object", **PRESERVE}
        case inspect.DictType(value_type=value):
            return {
                "type": "object",
                "additionalProperties": _schema(value, f"{path}{{}}"),
                **_lengths(node, "Properties"),
            }
        case inspect.ListType(item_type=item) | inspect.VarTupleType(item_type=item):
            return {"type": "array", "items": _schema(item, f"{path}[]"), **_lengths(node, "Items")}
        case inspect.AnyType():
            return dict(PRESERVE)
        case _:
            return _scalar(node, path)


def _scalar(node: inspect.Type, path: str) -> Schema:
    match node:
        case inspect.StrType(pattern=pattern):
            return {"type": "string", **_lengths(node, "Length"), **_given(pattern=pattern)}
        case inspect.BytesType():
            return {"type": "string", "format": "byte"}
        case inspect.BoolType():
            return {"type": "boolean"}
        case inspect.IntType():
            return {"type": "integer", **_range(node)}
        case inspect.FloatType():
            return {"type": "number", **_range(node)}
        case inspect.LiteralType(values=values):
            return {"type": _JSON_TYPES[type(values[0])], "enum": list(values)}
        case _:
            raise TypeError(f"{path}: {type(node).__name__} has no place in a structural schema")


def _union(node: inspect.UnionType, path: str) -> Schema:
    options = [option for option in node.types if not isinstance(option, inspect.NoneType)]
    if len(options) == 1:
        return _schema(options[0], path)
    if {type(option) for option in options} == {inspect.IntType, inspect.StrType}:
        return {"anyOf": [{"type": "integer"}, {"type": "string"}], "x-kubernetes-int-or-string": True}
    raise TypeError(f"{path}: a union of several types has no place in a structural schema")


def _struct(kind: type[Any], fields: tuple[inspect.Field, ...], path: str) -> Schema:
    properties = {field.encode_name: _field(field, f"{path}.{field.encode_name}") for field in fields}
    required = sorted(field.encode_name for field in fields if field.required)
    rules = [{"rule": cel.rule, "message": cel.message} for cel in kind.cel]
    return {
        **_given(description=_first_paragraph(kind.__dict__.get("__doc__"))),
        "type": "object",
        "properties": properties,
        **_given(required=required or None, minProperties=kind.min_properties, maxProperties=kind.max_properties),
        **({"x-kubernetes-validations": rules} if rules else {}),
        **({"x-kubernetes-map-type": "atomic"} if kind.atomic else {}),
    }


def _field(field: inspect.Field, path: str) -> Schema:
    schema = _schema(field.type, path)
    if "default" not in schema and (default := _default(field.default, schema)):
        schema["default"] = default
    return schema


def _default(value: Any, schema: Schema) -> Any:
    """What the API server shall fill in: a Python default that says something; of a struct, what its fields fill in."""
    if value is msgspec.NODEFAULT:
        return None
    if isinstance(value, msgspec.Struct):
        return {name: below["default"] for name, below in schema["properties"].items() if "default" in below}
    return msgspec.to_builtins(value) or None


def _lengths(node: Any, what: str) -> Schema:
    return _given(**{f"min{what}": node.min_length, f"max{what}": node.max_length})


def _range(node: inspect.IntType | inspect.FloatType) -> Schema:
    if isinstance(node.ge, int) and isinstance(node.le, int) and (node.ge, node.le) in _FORMATS:
        return {"format": _FORMATS[node.ge, node.le]}
    return _given(
        minimum=node.gt if node.ge is None else node.ge,
        exclusiveMinimum=None if node.gt is None else True,
        maximum=node.lt if node.le is None else node.le,
        exclusiveMaximum=None if node.lt is None else True,
        multipleOf=node.multiple_of,
    )


def _given(**keywords: Any) -> Schema:
    return {name: value for name, value in keywords.items() if value is not None}


def _first_paragraph(docstring: str | None) -> str | None:
    return " ".join(docstring.split("\n\n")[0].split()) if docstring else None
