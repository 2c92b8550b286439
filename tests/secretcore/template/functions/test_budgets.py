"""Functions charge before they work: what would take long or much memory is refused."""

import subprocess
import sys

import pytest

from secretcore.template import TemplateError
from tests.secretcore.template.functions.rendering import evaluate, failure, render
from tests.secretcore.template.oracle import ROOT

BIG = "x" * 1_000_000


@pytest.mark.parametrize(
    "call",
    [
        "until 1000000000", "until -1000000000", "untilStep 0 1000000000 2", "seq 1000000000",
        "seq 0 1 1000000000", 'repeat 1000000000 "x"', "indent 1000000000 .big", "nindent 1000000000 .big",
        "repeat 3 .big", "randAlphaNum 1000000000", "randAscii 1000000000", "randBytes 1000000000",
        'replace "x" "yyyyyyyyyy" .big', 'replace "" "-----" .big', "join .big (until 1000)",
        "wrapWith 1 .big .big", 'splitList "" .big', 'split "x" .big', 'regexReplaceAll "" .big "y"',
        'regexReplaceAll "x" .big "yyyyyyyyyy"', 'regexFindAll "x" .big -1', 'regexSplit "x" .big -1',
        'regexMatch (repeat 5000 "a") "a"', "chunk 1 (until 19000) | toJson", "title .big",
        "snakecase .big", "camelcase .big", "nospace .big", 'repeat 20000 "[" | mustFromJson',
        'fromJson (printf "[%s1]" (repeat 60000 "1,"))', 'fromYaml (printf "[%s1]" (repeat 60000 "1,"))',
        'semverCompare (repeat 3000 ">1 ") "1"', "uniq (until 15000)", "mulf " + "1e300 " * 400,
        'quote (repeat 400000 "é")', "b32enc .big | b32enc | b32enc", "without (until 9000) 1 2 3 4 5 6 7 8",
    ],
)  # fmt: skip
def test_endless_work_is_refused(call):
    with pytest.raises(TemplateError, match=r"steps|bytes|elements"):
        evaluate(f"$x := {call}", {"big": BIG})


def test_a_value_that_holds_itself_ends():
    for call in ("toJson $d", "toYaml $d", "deepCopy $d", "deepEqual $d $d", "mustToJson $d", "merge $d $d"):
        error = failure('{{ $d := dict "a" 1 }}{{ $_ := set $d "d" $d }}' + f"{{{{ $x := {call} }}}}", {})
        assert "internal error" not in str(error)


def test_a_value_that_grows_by_doubling_is_not_written_out():
    double = "{{ $d = dict `a` $d `b` $d }}"
    for call in ("toJson $d", "toYaml $d", "deepCopy $d", "toString $d"):
        with pytest.raises(TemplateError, match=r"steps|bytes|levels|elements"):
            render("{{ $d := dict }}" + double * 40 + f"{{{{ $x := {call} }}}}")


def test_aliases_of_yaml_are_charged_for_what_they_stand_for():
    bomb = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1},*a{n - 1},*a{n - 1},*a{n - 1}]\n" for n in range(1, 30))
    with pytest.raises(TemplateError, match="steps"):
        render("{{ fromYaml .bomb }}", {"bomb": bomb})


def test_what_templates_without_cryptography_need_is_not_imported_before():
    program = (
        "import sys, secretcore.template; "
        "print([name for name in 'cryptography bcrypt re2 yaml zoneinfo'.split() if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}; {program}"],
                          cwd=ROOT, capture_output=True, text=True, check=True)  # fmt: skip
    assert done.stdout.strip() == "[]"
