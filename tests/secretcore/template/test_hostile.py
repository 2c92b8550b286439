"""Templates that cost much more than they look: refused by the budget, whatever each step hides."""

import pytest

from secretcore.template import Budget, TemplateError, parse
from tests.secretcore.template.rendering import environment

HOSTILE = {
    "trimAll with a cutset as large as the text": "{{ trimAll (repeat 3000 .many) (repeat 30000 .many) }}",
    "regexFindAll that reads the rest of the text for each match": '{{ regexFindAll "(x+x+)+y|." (repeat 200000 "x") -1 | len }}',
    "regexReplaceAll of the same": '{{ regexReplaceAll "(x+x+)+y|." (repeat 200000 "x") "z" | len }}',
    "regexSplit of the same": '{{ regexSplit "(x+x+)+y|." (repeat 200000 "x") -1 | len }}',
}
MANY = "".join(map(chr, range(0x4E00, 0x4E00 + 60)))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_hides_its_cost_is_refused(text):
    with pytest.raises(TemplateError, match="steps|string"):
        parse("k", text).render({"many": MANY}, environment(Budget()))


def test_a_cutset_counts_by_its_distinct_characters():
    text = '{{ trimAll (repeat 5000 "é") (printf "%sx%s" (repeat 50 "é") (repeat 50 "é")) }}'
    assert parse("k", text).render({}, environment(Budget())) == "x"


def test_an_ordinary_search_is_not_hindered():
    text = '{{ regexFindAll "[a-z]+=[0-9]+" (repeat 500 "key=1234 ") -1 | len }}'
    assert parse("k", text).render({}, environment(Budget())) == "500"
