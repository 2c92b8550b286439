"""What becomes of a struct: one small declaration and its schema at a time."""

from datetime import date
from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta

from secretcore.crd.schema import schema_of
from secretcore.model.declaration import CEL, Int32, Model, Name


class Inner(Model, kw_only=True):
    """One sentence,
    over two lines.

    More than the API server needs to know.
    """

    path: str = "approle"


class OneOf(Model, kw_only=True):
    min_properties = 1
    max_properties = 1
    atomic = True
    cel = (CEL("has(self.a) != has(self.b)", "one of the two"),)

    a: str = ""
    b: str = ""


class Fields(Model, kw_only=True):
    needed: str
    optional: str | None = None
    empty: str = ""
    filled: str = "v2"
    asked_for: Annotated[str, Meta(extra_json_schema={"default": ""})] = ""
    off: bool = False
    on: bool = True
    zero: int = 0
    bounded: Annotated[int | None, Meta(description="Tries.")] = None
    small: Int32 | None = None
    large: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] = 0
    between: Annotated[int, Meta(ge=1, le=9)] = 1
    within: Annotated[float, Meta(gt=0, lt=1, multiple_of=0.25)] = 0.0
    choice: Annotated[Literal["None", "Fetch"] | None, Meta(description="Which.")] = None
    name: Annotated[Name | None, Meta(description="Of the store.")] = None
    seconds: int | str | None = None
    bundle: bytes | None = None
    tags: dict[str, str] = {}
    free: dict[str, Any] = {}
    anything: Any = None
    listed: Annotated[tuple[str, ...], Meta(min_length=1)]
    inner: Inner | None = None
    default_inner: Inner = Inner()
    described: Annotated[Inner | None, Meta(description="Told apart.")] = None
    one_of: OneOf | None = None
    renamed_by_hand: str = ""


SCHEMA = schema_of(Fields)
INNER = {
    "type": "object",
    "description": "One sentence, over two lines.",
    "properties": {"path": {"type": "string", "default": "approle"}},
}


@pytest.mark.parametrize(
    ("field", "schema"),
    [
        ("needed", {"type": "string"}),
        ("optional", {"type": "string"}),
        ("empty", {"type": "string"}),
        ("filled", {"type": "string", "default": "v2"}),
        ("askedFor", {"type": "string", "default": ""}),
        ("off", {"type": "boolean"}),
        ("on", {"type": "boolean", "default": True}),
        ("zero", {"type": "integer"}),
        ("bounded", {"type": "integer", "description": "Tries."}),
        ("small", {"type": "integer", "format": "int32"}),
        ("large", {"type": "integer", "format": "int64"}),
        ("between", {"type": "integer", "minimum": 1, "maximum": 9, "default": 1}),
        (
            "within",
            {
                "type": "number",
                "minimum": 0,
                "exclusiveMinimum": True,
                "maximum": 1,
                "exclusiveMaximum": True,
                "multipleOf": 0.25,
            },
        ),
        ("choice", {"type": "string", "enum": ["Fetch", "None"], "description": "Which."}),
        (
            "name",
            {
                "type": "string",
                "minLength": 1,
                "maxLength": 253,
                "pattern": r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
                "description": "Of the store.",
            },
        ),
        ("seconds", {"anyOf": [{"type": "integer"}, {"type": "string"}], "x-kubernetes-int-or-string": True}),
        ("bundle", {"type": "string", "format": "byte"}),
        ("tags", {"type": "object", "additionalProperties": {"type": "string"}}),
        ("free", {"type": "object", "x-kubernetes-preserve-unknown-fields": True}),
        ("anything", {"x-kubernetes-preserve-unknown-fields": True}),
        ("listed", {"type": "array", "items": {"type": "string"}, "minItems": 1}),
        ("inner", INNER),
        ("defaultInner", INNER | {"default": {"path": "approle"}}),
        ("described", INNER | {"description": "Told apart."}),
        (
            "oneOf",
            {
                "type": "object",
                "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
                "minProperties": 1,
                "maxProperties": 1,
                "x-kubernetes-map-type": "atomic",
                "x-kubernetes-validations": [{"rule": "has(self.a) != has(self.b)", "message": "one of the two"}],
            },
        ),
    ],
)
def test_a_field_becomes(field, schema):
    assert SCHEMA["properties"][field] == schema


def test_only_fields_without_a_default_are_required():
    assert SCHEMA["required"] == ["listed", "needed"]


def test_two_schemas_share_no_part():
    one, other = schema_of(Fields), schema_of(Fields)
    one["properties"]["inner"]["properties"]["path"]["type"] = "changed"
    assert one["properties"]["described"]["properties"]["path"] == INNER["properties"]["path"]
    assert other == SCHEMA


class OfTwoStructs(Model, kw_only=True):
    what: dict[str, tuple[Inner | str, ...]]


class OfADate(Model, kw_only=True):
    what: date | None = None


class Tagged(Model, kw_only=True, tag="one"):
    what: str = ""


class OfATaggedStruct(Model, kw_only=True):
    what: Tagged | None = None


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (OfTwoStructs, "OfTwoStructs.what{}[]"),
        (OfADate, "OfADate.what"),
        (OfATaggedStruct, "OfATaggedStruct.what"),
    ],
)
def test_what_no_structural_schema_can_say_is_refused_with_its_path(kind, path):
    with pytest.raises(TypeError) as refused:
        schema_of(kind)
    assert str(refused.value).startswith(f"{path}: ")
