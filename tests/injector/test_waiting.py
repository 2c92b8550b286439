"""Every command says what it waits for, once that takes longer than two seconds."""

import os
import pty
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import yaml

from injector.progress import CLEAR
from tests.injector.test_render import get, secret
from tests.support.controlplane import ADMIN_TOKEN

pytestmark = pytest.mark.server


@pytest.fixture
def slow():
    """A server that answers nobody before it is told to, and then has nothing."""
    go_on = threading.Event()

    class Slow(BaseHTTPRequestHandler):
        def do_GET(self):
            go_on.wait()
            self.send_response(404)
            self.end_headers()

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        server.go_on = go_on
        server.url = f"http://127.0.0.1:{server.server_port}"
        yield server
        go_on.set()
        server.shutdown()


def commands(slow, folder):
    """The arguments of each command, with a slow store, or a slow cluster."""
    provider = {"express": {"host": slow.url}}
    store = {"apiVersion": "external-secrets.io/v1", "kind": "SecretStore", "metadata": {"name": "s"}}
    manifests = folder / "manifests.yaml"
    manifests.write_text(yaml.safe_dump_all([{**store, "spec": {"provider": provider}}, secret([get()])]))
    config = {
        "clusters": [{"name": "c", "cluster": {"server": slow.url}}],
        "users": [{"name": "u", "user": {"token": ADMIN_TOKEN}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "c",
    }
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(config))
    cluster = ["--kubeconfig", str(kubeconfig)]
    return {
        "render": ["render", str(manifests)],
        "explain": ["explain", str(manifests)],
        "diff": ["diff", str(manifests), *cluster],
        "doctor": ["doctor", *cluster],
    }


@pytest.mark.parametrize("command", ["render", "explain", "diff", "doctor"])
def test_a_plain_line_says_what_is_waited_for(slow, tmp_path, command):
    argv = [sys.executable, "-m", "injector", *commands(slow, tmp_path)[command]]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        line = process.stderr.readline()
        slow.go_on.set()
        rest = process.stderr.read()
    assert " s: 0 of " in line
    assert ", waiting for " in line
    assert CLEAR not in line + rest


def test_a_terminal_gets_a_line_that_is_written_over(slow, tmp_path):
    ours, theirs = pty.openpty()
    argv = [sys.executable, "-m", "injector", *commands(slow, tmp_path)["render"]]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=theirs) as process:
        os.close(theirs)
        seen = os.read(ours, 1000).decode()
        slow.go_on.set()
        try:
            while part := os.read(ours, 1000):
                seen += part.decode()
        except OSError:  # how a terminal says that its other side is gone
            pass
    os.close(ours)
    assert process.returncode == 1
    first, *_, last = seen.split(CLEAR)
    assert first == ""
    assert "0 of 1 done, waiting for es" in seen
    assert last.startswith("ExternalSecret default/es: spec.data[0]: ")


def test_no_progress_is_silent(slow, tmp_path):
    argv = [sys.executable, "-m", "injector", *commands(slow, tmp_path)["explain"], "--no-progress"]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        threading.Timer(3, slow.go_on.set).start()
        assert process.stderr.read() == b""
