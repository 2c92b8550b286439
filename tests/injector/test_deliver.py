"""`python -m injector render --out DIR`: files as in a pod, without one."""

import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest
import yaml

from injector.__main__ import main
from tests.injector.agent.test_files import seen
from tests.injector.test_render import STORE, get, secret


@pytest.fixture
def manifests(tmp_path):
    folder = tmp_path / "manifests"
    folder.mkdir()
    return folder / "all.yaml"


@pytest.fixture
def out(tmp_path):
    return tmp_path / "deep" / "out"


def write(file, *documents, store=STORE):
    file.write_text(store + yaml.safe_dump_all(documents))


def test_secrets_become_files_of_the_owner_only(manifests, out, capsys):
    write(manifests, secret([get()]), secret([get("b", "json", property="a")], name="other", target={"name": "t"}))
    assert main(["render", str(manifests), "--out", str(out)]) == 0
    assert seen(out) == {"es/a": b"canary-value", "t/b": b"canary-a"}
    assert {(out / path).stat().st_mode & 0o777 for path in ("es/a", "t/b")} == {0o600}
    assert capsys.readouterr() == ("", "")


def test_a_format_and_a_mode_can_be_chosen(manifests, out):
    write(manifests, secret([get()]))
    assert main(["render", str(manifests), "--out", str(out), "--format", "env", "--file-mode", "0640"]) == 0
    assert seen(out) == {"es.env": b"a='canary-value'\n"}
    assert (out / "es.env").stat().st_mode & 0o777 == 0o640


def test_one_that_fails_is_said_and_nothing_is_written_in_part(manifests, out, capsys):
    write(manifests, secret([get()]), secret([get("a", "nowhere")], name="bad"))
    assert main(["render", str(manifests), "--out", str(out)]) == 1
    assert seen(out) == {}
    stderr = capsys.readouterr().err
    assert 'ExternalSecret "bad": spec.data[0]: ' in stderr
    assert stderr.count("\n") == 1


def test_what_was_delivered_before_stays_when_it_fails_and_that_is_said(manifests, out, capsys):
    write(manifests, secret([get()]))
    assert main(["render", str(manifests), "--out", str(out)]) == 0
    write(manifests, secret([get("a", "nowhere")]))
    assert main(["render", str(manifests), "--out", str(out)]) == 1
    assert seen(out) == {"es/a": b"canary-value"}
    assert 'ExternalSecret "default/es" was not refreshed: ' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--watch"], "say where with --out"),
        (["--out", "o", "--watch", "-"], "standard input can't be watched"),
        (["--out", "/dev/null/x"], "/dev/null/x"),
        (["--out", "o", "--file-mode", "999"], "--file-mode"),
    ],
)
def test_a_wrong_call_is_said(manifests, monkeypatch, tmp_path, capsys, arguments, says):
    monkeypatch.chdir(tmp_path)
    write(manifests, secret([get()]))
    assert main(["render", *arguments, str(manifests)]) == 2
    assert says in capsys.readouterr().err


def test_files_follow_the_manifests_until_it_is_ended(manifests, out):
    write(manifests, secret([get()]))
    command = [sys.executable, "-m", "injector", "render", manifests.parent, "--out", out, "--watch"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        until_seen(out, {"es/a": b"canary-value"})
        write(manifests, secret([get()]), store=STORE.replace("canary-value", "changed"))
        until_seen(out, {"es/a": b"changed"})
        write(manifests, secret([get("b")]), secret([get()], name="more"))
        until_seen(out, {"es/b": b"canary-value", "more/a": b"canary-value"})
        manifests.write_text("kind: [")
        until(lambda: b"not taken up" in process.stderr.readline())
        write(manifests, secret([get()]))
        until_seen(out, {"es/a": b"canary-value"})
    finally:
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=60)
    assert process.returncode == 0
    assert b"canary" not in log


def until_seen(folder, files):
    until(lambda: seen(folder) == files)


def until(condition):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with suppress(OSError):  # a reader without a pinned generation may meet a swap
            if condition():
                return
        time.sleep(0.02)
    raise AssertionError("it did not come")
