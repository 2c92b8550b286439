"""What the data of an ExternalSecret become as files, and what their readers read."""

import io
import json
import subprocess

import dotenv
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from injector.formats import files_of
from secretcore.errors import TransformFailed

texts = st.text(st.characters(codec="utf-8"), max_size=30)
tricky = st.text(st.sampled_from("ab'\"\\$`{}!#=: \n\r\t\0é💥\u2028\x85"), max_size=12)
data = st.dictionaries(st.from_regex(r"[-._a-zA-Z0-9]{1,8}", fullmatch=True), texts | tricky, max_size=4)


def encoded(values):
    return {key: value.encode() for key, value in values.items()}


def only(form, values):
    ((path, content),) = files_of("db", form, encoded(values)).items()
    assert path == f"db.{form}"
    return content.decode()


def test_files_are_the_bytes_of_each_key():
    assert files_of("db", "files", {"b": b"\xff\x00", "a": b""}) == {"db/a": b"", "db/b": b"\xff\x00"}


@given(data)
def test_json_reads_the_same(values):
    assert json.loads(only("json", values)) == values


@given(data)
def test_yaml_reads_the_same(values):
    assert yaml.safe_load(only("yaml", values)) == values


@pytest.mark.parametrize("value", ["yes", "1", "0o14", "1:30", "null", "~", "2024-01-01", "<<", "- a", "1e3", ""])
def test_yaml_keeps_strings_that_look_like_something_else(value):
    assert only("yaml", {"k": value}) == f'"k": "{value}"\n'


@given(data)
def test_properties_read_the_same(values):
    text = only("properties", values)
    assert text.isascii()
    assert properties(text) == values


def properties(text):
    """As java.util.Properties documents its format."""
    found = {}
    for line in text.splitlines():
        key, value, into, units = [], [], None, iter(line.lstrip(" \t\f"))
        into = key
        for character in units:
            if character == "\\":
                escaped = next(units)
                if escaped == "u":
                    into.append(chr(int("".join(next(units) for _ in range(4)), 16)))
                else:
                    into.append({"n": "\n", "r": "\r", "t": "\t", "f": "\f"}.get(escaped, escaped))
            elif into is key and character in "=:":
                into = value
            elif into is value and not value and character == " ":
                continue
            else:
                into.append(character)
        found["".join(key)] = "".join(value).encode("utf-16", "surrogatepass").decode("utf-16")
    return found


@given(data)
def test_variables_are_read_alike_by_readers_of_env_files_or_refused(values):
    try:
        text = only("env", values)
    except TransformFailed:
        return
    read = dotenv.dotenv_values(stream=io.StringIO(text), interpolate=True)
    assert sorted(read.values()) == sorted(values.values())


@pytest.mark.parametrize(
    "value",
    [
        "plain", "", " spaces ", "a#b", 'say "hi"', "$HOME", "`id`", "$(id)", "it's", "two\nlines", "back\\slash", "é💥",
        "!x", "a=b", "%s", "*", "~",
    ],
)  # fmt: skip
def test_a_shell_reads_the_value(value):
    script = only("env", {"K": value}) + 'printf %s "$K"'
    assert subprocess.run(["sh", "-c", script], capture_output=True, check=True).stdout.decode() == value


@pytest.mark.parametrize("value", ["it's $5", "end\\", "two\\\\", "${HOME}", "cr\rlf", "nul\0", "'\"", "'`", "'!"])
def test_values_on_which_readers_do_not_agree_are_refused_without_showing_them(value):
    with pytest.raises(TransformFailed, match='key "K": shells and readers') as refused:
        only("env", {"K": value})
    assert value not in str(refused.value)
    assert refused.value.remedy == "use format files or json"


def test_keys_become_variables():
    assert only("env", {"tls.key": "1", "9lives": "2", "a-b": "3"}) == "_9lives='2'\na_b='3'\ntls_key='1'\n"


def test_two_keys_that_become_one_variable_are_refused():
    with pytest.raises(TransformFailed, match='keys "a-b" and "a.b" both become the variable a_b'):
        only("env", {"a.b": "1", "a-b": "2"})


@pytest.mark.parametrize("form", ["env", "json", "yaml", "properties"])
def test_a_value_that_is_no_text_is_refused_by_its_key(form):
    with pytest.raises(TransformFailed, match=f'key "blob": the value is not text, so that format {form}') as refused:
        files_of("db", form, {"blob": b"canary\xff"})
    assert "canary" not in str(refused.value)
