"""The admission rules in CEL and those of the core are the same rules. (A real API server runs the CEL elsewhere.)"""

import pytest

from secretcore.errors import InvalidSpec
from secretcore.model.admission import DATA_FROM, EXTERNAL_SECRET, TARGET, TEMPLATE
from secretcore.model.external_secret import ExternalSecret
from secretcore.model.reading import read
from secretcore.parse import parse_external_secret
from secretcore.rules import external_secret_errors
from tests.crd.violations import ADMITTED, REFUSED_BY_CEL, REFUSED_LATER, external_secret

BY_PATH = {
    "spec": EXTERNAL_SECRET,
    "spec.target": TARGET,
    "spec.target.template": TEMPLATE,
    "spec.dataFrom[1]": DATA_FROM,
}


@pytest.mark.parametrize(("spec", "path", "message"), REFUSED_BY_CEL)
def test_the_core_says_what_cel_says(spec, path, message):
    said = [error.reason for error in external_secret_errors(read(external_secret(spec), ExternalSecret).spec)]
    assert said == [message]
    assert message in {cel.message for cel in BY_PATH[path]}


def test_every_rule_in_cel_has_an_example():
    declared = {cel.message for rules in BY_PATH.values() for cel in rules}
    assert declared == {message for _, _, message in REFUSED_BY_CEL}


@pytest.mark.parametrize(("spec", "message"), REFUSED_LATER)
def test_the_core_says_what_cel_cannot(spec, message):
    with pytest.raises(InvalidSpec) as refused:
        parse_external_secret(external_secret(spec))
    assert refused.value.reason == message


@pytest.mark.parametrize("spec", ADMITTED)
def test_neighbours_are_admitted(spec):
    assert not [
        error
        for error in external_secret_errors(read(external_secret(spec), ExternalSecret).spec)
        if "a storeRef says where" not in error.reason
    ]
