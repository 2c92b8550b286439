"""`dataFrom[].rewrite`, as tables. Expected results are those of the External Secrets Operator, but for collisions,
which it settles by chance.
"""

import pytest

from secretcore.errors import TransformFailed
from secretcore.model.external_secret import Rewrite
from secretcore.model.reading import read
from secretcore.rewrite import rewrite
from tests.secretcore.recording import rendering


def rewritten(data, *operations):
    steps = tuple(read(operation, Rewrite) for operation in operations)
    return dict(rewrite({key: value.encode() for key, value in data.items()}, steps, rendering()))


def regexp(source, target):
    return {"regexp": {"source": source, "target": target}}


def transform(template):
    return {"transform": {"template": template}}


def merge(**fields):
    return {"merge": fields}


JSONS = {"a": '{"host":"A","x":1}', "b": '{"host":"B","y":[1.50,"<"]}', "c": '{"host":"C"}'}


@pytest.mark.parametrize(
    ("data", "operations", "expected"),
    [
        ({"path/to/key": "v"}, [regexp("path/to/(.*)", "$1")], {"key": "v"}),
        ({"a-b": "v"}, [regexp("(?P<l>[a-z])-(?P<r>[a-z])", "${r}_${l}")], {"b_a": "v"}),
        ({"x": "v"}, [regexp("y", "z")], {"x": "v"}),
        ({"x": "v"}, [regexp("x", "y"), regexp("y", "z")], {"z": "v"}),
        ({"x": "1", "y": "2"}, [transform("{{ .value | upper }}_KEY")], {"X_KEY": "1", "Y_KEY": "2"}),
        ({"x": "v"}, [transform('{{ printf "%s-%d" .value 7 }}')], {"x-7": "v"}),
        ({"b": JSONS["b"]}, [merge()], {"host": "B", "y": '[1.5,"\\u003c"]'}),
        (JSONS, [merge(conflictPolicy="Ignore")], {"host": "C", "x": "1", "y": '[1.5,"\\u003c"]'}),
        (JSONS, [merge(conflictPolicy="Ignore", priority=["c", "a"])], {"host": "A", "x": "1", "y": '[1.5,"\\u003c"]'}),
        (
            {"a": JSONS["a"]},
            [merge(priority=["none"], priorityPolicy="IgnoreNotFound")],
            {"host": "A", "x": "1"},
        ),
        (
            {"a": '{"x":1}', "b": '{"y":"<"}'},
            [merge(strategy="JSON", into="all")],
            {"a": '{"x":1}', "b": '{"y":"<"}', "all": '{"x":1,"y":"<"}'},
        ),
        ({"a": '{"n":null,"t":true,"f":1e21}'}, [merge()], {"n": "", "t": "true", "f": "1000000000000000000000"}),
    ],
)
def test_what_becomes_of_keys(data, operations, expected):
    assert rewritten(data, *operations) == {key: value.encode() for key, value in expected.items()}


@pytest.mark.parametrize(
    ("data", "operations", "sentence"),
    [
        ({"a1": "1", "a2": "2"}, [regexp("[0-9]", "")], 'rewrite[0]: keys "a1" and "a2" both become "a"'),
        ({"x": "1"}, [regexp("x", "y"), regexp("(", "")], "rewrite[1]: regexp.source: "),
        ({"x": "1"}, [transform("{{ .other }}")], "rewrite[0]: unable to execute template at key transform: "),
        ({"x": "1"}, [transform("{{ .value")], "rewrite[0]: unable to parse template at key transform: "),
        (JSONS, [merge()], "rewrite[0]: merge failed with conflicts: host, host"),
        ({"a": "canary"}, [merge()], 'rewrite[0]: merge failed: the value of key "a" is not a JSON object'),
        ({"a": "[1]"}, [merge()], 'rewrite[0]: merge failed: the value of key "a" is not a JSON object'),
        ({"a": "{}"}, [merge(strategy="JSON")], "rewrite[0]: merge failed with missing 'into' field"),
        ({"a": "{}"}, [merge(priority=["z"])], 'rewrite[0]: merge failed with key "z" not found in input map'),
    ],
)
def test_what_can_not_be_done_names_the_operation(data, operations, sentence):
    with pytest.raises(TransformFailed) as raised:
        rewritten(data, *operations)
    assert str(raised.value).startswith(sentence)
    assert "canary" not in str(raised.value)
