"""`render --template FILE --values FILE`: a template tried by hand."""

import pytest

from injector.__main__ import main


@pytest.fixture
def files(tmp_path):
    def write(template, values="user: app\npassword: canary\n"):
        (tmp_path / "t.tmpl").write_bytes(template.encode())
        (tmp_path / "v.yaml").write_text(values)
        return ["render", "--template", str(tmp_path / "t.tmpl"), "--values", str(tmp_path / "v.yaml")]

    return write


def test_it_prints_what_the_template_renders_to(files, capfdbinary):
    assert main(files("{{ .user | upper }}:{{ .password | b64enc }}\n")) == 0
    assert capfdbinary.readouterr().out == b"APP:Y2FuYXJ5\n"


def test_bytes_are_printed_as_bytes(files, capfdbinary):
    assert main(files('{{ "//4=" | b64dec }}')) == 0
    assert capfdbinary.readouterr().out == b"\xff\xfe"


@pytest.mark.parametrize(
    ("template", "values", "sentence"),
    [
        ("{{ .none }}", "a: b", "unable to execute template at key t.tmpl: template: t.tmpl:1:3: "),
        ("{{ if }}", "a: b", "unable to parse template at key t.tmpl: "),
        ("x", "port: 5432", 'the value of "port" is not a string'),
        ("x", "- canary", "a map of keys to strings is expected"),
        ("x", "a: [canary", "not YAML"),
    ],
)
def test_what_is_wrong_is_one_line(files, capsys, template, values, sentence):
    assert main(files(template, values)) == 1
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1
    assert "canary" not in error


def test_a_file_that_is_not_there_is_a_wrong_call(capsys):
    assert main(["render", "--template", "/no/such.tmpl"]) == 2
    assert "/no/such.tmpl: No such file or directory" in capsys.readouterr().err
