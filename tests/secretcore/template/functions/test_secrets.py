"""What functions refuse stays secret: no error message holds anything of the values that they were given."""

import itertools
import json

import pytest

from secretcore.template import Budget
from secretcore.template.functions import FUNCTIONS
from tests.secretcore.template.functions.rendering import VECTORS, failure

MARK = "zq7Xv"
VALUES = {
    "word": MARK,
    "path": f"http://{MARK}:%zz@[{MARK}",
    "pem": f"-----BEGIN {MARK}-----\n{MARK}: {MARK}\n\nAAAA\n-----END {MARK}-----\n",
    "key": f"-----BEGIN {MARK} PRIVATE KEY-----\nAAAA\n-----END {MARK} PRIVATE KEY-----\n",
    "certificate": "-----BEGIN CERTIFICATE-----\nenE3WHY=\n-----END CERTIFICATE-----\n",
    "json": '{"kty": "zq7Xv", "n": "zq7Xv!", "a": zq7Xv}',
    "yaml": "a: *zq7Xv\nzq7Xv: {zq7Xv",
    "pattern": "(zq7Xv[",
    "version": "1.2.3-zq7Xv..zq7Xv+!",
    "number": "12zq7Xv",
    "encoded": "zq7X!v==",
}
LIST = "(list .word)"
DICT = "(dict .word .word)"
FEW = Budget(native=5)


def argument(kind, value):
    if kind in ("string", "interface {}", "sprig.HashAlgorithm"):
        return [f".{value}"] if kind == "string" else [f".{value}", LIST, DICT, "1"]
    return {
        "int": ["2", "-1"], "uint32": ["1"], "bool": ["true"], "float64": ["1.5"], "time.Time": ["now"],
        "[]interface {}": [LIST], "map[string]interface {}": [DICT],
        "sprig.certificate": ["(buildCustomCert .word .word)"],
    }[kind]  # fmt: skip


def calls(name):
    """Calls of a function with every value in every place that takes one."""
    params = [param.name for param in FUNCTIONS[name].signature.params]
    if FUNCTIONS[name].signature.variadic:
        params.append(params[-1])
    for value in VALUES:
        choices = [argument(param, value) for param in params]
        for chosen in itertools.islice(itertools.product(*choices), 6):
            yield "{{ " + " ".join([name, *chosen]) + " }}"


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_no_error_holds_a_value(name):
    for text in calls(name):
        error = failure(text, VALUES, budget=FEW)
        if error is not None:
            assert MARK not in str(error), text
            assert "internal error" not in str(error), text


def test_no_error_of_the_vectors_holds_a_long_value():
    for path in sorted(VECTORS.glob("functions-*.json")):
        content = json.loads(path.read_text())
        for entry in content["cases"]:
            strings = entry.get("strings", content["strings"])
            error = failure(entry["text"], strings) if "error" in entry else None
            if error is not None:
                held = [value for value in strings.values() if len(value) > 8 and value in str(error)]
                assert not held, entry["text"]
