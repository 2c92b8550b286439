"""What callers get: outputs, errors with their place and the names of keys, templates that know what they
cost.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest

from secretcore.template import Budget, TemplateError, parse
from tests.secretcore.template.rendering import environment


def failure(text, data=None, *, budget=None):
    with pytest.raises(TemplateError) as caught:
        parse("tls.crt", text).render(data or {}, environment(budget or Budget()))
    return caught.value


def test_an_error_says_where_it_is_and_in_which_action():
    error = failure("a: b\n  c: {{ .user }}:{{ .user | add1 | trunc 5 }}", {"user": "x"})
    assert (error.line, error.column, error.action) == (2, 41, "5")
    assert error.message == "wrong type for value; expected string; got int64"


def test_a_missing_key_is_told_with_the_names_of_those_that_are_there():
    error = failure("x\n  {{ .pasword }}", {"user": "hunter1", "password": "hunter2"})
    assert (error.key, error.line, error.column, error.action) == ("tls.crt", 2, 5, ".pasword")
    assert error.message == 'map has no entry for key "pasword"'
    assert error.keys == ("password", "user")
    assert str(error) == (
        'template: tls.crt:2:5: executing "tls.crt" at <.pasword>: map has no entry for key "pasword"'
        " (there are: password, user)"
    )


def test_of_many_keys_some_are_named():
    error = failure("{{ .zz }}", {f"key{number:02}": "" for number in range(30)})
    assert str(error).endswith("key18, key19 and 10 more)")


def test_keys_of_maps_that_the_template_made_are_not_named():
    error = failure('{{ (dict .password "x").y }}', {"password": "hunter2"})
    assert "hunter2" not in str(error)


def test_a_syntax_error_is_told_apart_from_a_failed_rendering():
    assert failure("{{ if }}").phase == "parse"
    assert failure("{{ .x }}").phase == "execute"


def test_columns_count_bytes():
    assert failure("é{{ .x }}").column == 5


@pytest.mark.parametrize(
    ("text", "slow"),
    [
        ("{{ .a | upper }}", False),
        ("{{ genPrivateKey `rsa` }}", True),
        ("{{ pkcs12key .a }}", True),
        ("text", False),
    ],
)
def test_a_template_knows_whether_it_belongs_in_a_thread(text, slow):
    assert parse("k", text).slow is slow


def test_the_functions_that_a_template_calls_are_known():
    assert parse("k", "{{ .a | upper | printf `%s` (len .b) }}").functions == {"upper", "printf", "len"}


def test_the_same_text_is_parsed_once():
    assert parse("k", "{{ .cached }}") is parse("k", "{{ .cached }}")
    assert parse("k", "{{ .cached }}") is not parse("other", "{{ .cached }}")


def test_a_template_renders_in_many_threads_at_once():
    template = parse("k", "{{ range $i, $c := splitList `,` .list }}{{ $i }}{{ $c }}{{ end }}")
    with ThreadPoolExecutor(8) as pool:
        outputs = list(pool.map(lambda n: template.render({"list": f"{n},b"}, environment()), range(200)))
    assert outputs == [f"0{number}1b" for number in range(200)]


def test_rendering_does_not_change_the_data():
    data = {"a": "1"}
    parse("k", "{{ $_ := set (dict) `b` . }}{{ range . }}{{ end }}").render(data, environment())
    assert data == {"a": "1"}


def test_bytes_that_are_not_text_pass_through():
    assert parse("k", "{{ .a }}{{ .b }}").render({"a": "\udcc3", "b": "\udca9"}, environment()) == "é"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ range 1000000 }}{{ end }}", "more than 15000 steps"),
        ("{{ range 10000 }}{{ range 10000 }}{{ end }}{{ end }}", "more than 15000 steps"),
        ("{{ repeat 3000000 `x` }}", "a string of more than 2097152 bytes"),
        ("{{ until 100000000 }}", "a list of more than 20000 elements"),
        (
            "{{ define `r` }}{{ template `r` }}{{ end }}{{ template `r` }}",
            "exceeded maximum template depth (60)",
        ),
        ("{{ $d := dict }}{{ $_ := set $d `d` $d }}{{ $d }}", "nested more than 50 deep"),
        ("{{ $l := list 1 }}{{ range 30 }}{{ $l = list $l $l }}{{ end }}{{ $l }}", "more than 15000 steps"),
        ("{{ $s := `ab` }}{{ range 40 }}{{ $s = print $s $s }}{{ end }}", "more than"),
        ("{{ printf `%1000000d%1000000d%1000000d` 1 1 1 }}", "more than a string may hold"),
        (
            "{{ $s := repeat 100000 `x` }}{{ range 100 }}{{ $s }}{{ end }}",
            "an output of more than 2097152 bytes",
        ),
        ("{{ " + "(" * 100 + "1" + ")" * 100 + " }}", "max expression depth exceeded"),
        ("{{ if 1 }}" * 100 + "{{ end }}" * 100, "nested more than 60 deep"),
        ("{{ 1 }}" * 10000, "a template of more than 6000 tokens"),
        ("{{ print " + "1 " * 30000 + "}}", "a template of more than 6000 tokens"),
        ("{{ 0x" + "1" * 100000 + " }}", "a number of 100002 characters"),
        ('{{ "' + "\\\\" * 100000 + '" }}', "more than 10000 escapes in one string"),
    ],
)
def test_more_than_the_budget_is_refused(text, said):
    assert said in str(failure(text))


def test_a_budget_of_ones_own_is_obeyed():
    assert "more than 10 steps" in str(failure("{{ range 100 }}{{ end }}", budget=Budget(steps=10)))
    assert "more than 3 bytes" in str(failure("long", budget=Budget(output=3)))
