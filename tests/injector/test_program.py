"""The program by its names, and the commands that it has."""

import subprocess
import sys

import pytest

from injector.__main__ import main
from injector.program import program_name


@pytest.mark.parametrize(
    ("called", "name"),
    [
        ("/usr/lib/python3/injector/__main__.py", "python -m injector"),
        ("/usr/bin/external-secrets-injector", "external-secrets-injector"),
        ("/home/me/bin/kubectl-external_secrets", "kubectl external-secrets"),
    ],
)
def test_usage_texts_name_the_program_as_it_was_called(called, name):
    assert program_name(called) == name


@pytest.mark.parametrize("command", ["render", "explain", "diff", "doctor"])
def test_each_command_for_people_has_help(command, capsys):
    assert main([command, "--help"]) == 0
    assert command in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["explain"], ["diff"], ["doctor", "nonsense", "x"], ["explain", "--nonsense"]])
def test_a_wrong_call_is_code_2(arguments, capsys):
    assert main(arguments) == 2
    assert capsys.readouterr().err


def test_what_needs_no_cluster_does_not_import_its_client():
    code = (
        "import sys; from injector.__main__ import main; code = main(['explain', 'examples/quickstart']);"
        "sys.exit(code or any(name in sys.modules for name in ('kubernetes', 'aiohttp', 'pydantic')))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


@pytest.mark.parametrize("arguments", [["doctor"], ["diff", "x"], ["explain", "x", "--kubeconfig", "y"]])
def test_without_the_client_of_clusters_a_command_that_needs_it_says_so(arguments):
    code = (
        f"import sys; sys.modules['aiohttp'] = None; from injector.__main__ import main;sys.exit(main({arguments!r}))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    sentence = f"{arguments[0]}: reading a cluster needs external-secrets-injector[cluster]\n"
    assert (ran.returncode, ran.stderr) == (2, sentence)
