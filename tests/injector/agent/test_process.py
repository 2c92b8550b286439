"""The agent as a process: how it begins, what it answers, how it ends."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from injector.agent.files import open_volume
from injector.handoff import OnChange
from tests.injector.agent.agents import LIMIT, fake_store, vault_store
from tests.injector.agent.backend import external_secret
from tests.injector.agent.test_files import seen
from tests.support.processes import free_port

OFTEN = {"refreshInterval": "100ms"}


def test_once_delivers_and_ends(pod):
    pod.hand_over(file_mode=0o440)
    assert pod.run("--once") == 0
    assert seen(pod.volume) == {"db/password": b"one"}
    assert (pod.volume / "db/password").stat().st_mode & 0o777 == 0o440
    assert pod.message.read_text() == ""


def test_refresh_delivers_answers_probes_and_follows_the_hand_off(pod):
    pod.hand_over(max_staleness=3600.0)
    agent = pod.start("--refresh")
    pod.until(lambda: pod.status("/startupz") == 200)
    assert seen(pod.volume) == {"db/password": b"one"}
    assert [pod.status(path) for path in ("/healthz", "/readyz", "/nowhere")] == [200, 200, 404]
    pod.hand_over(
        external_secret("db"), external_secret("tls"), store=fake_store(db='{"password":"two"}', tls='{"key":"k"}')
    )
    pod.until(lambda: seen(pod.volume) == {"db/password": b"two", "tls/key": b"k"})
    code, seconds = pod.terminate(agent)
    assert (code, seconds < 1) == (0, True)


def test_a_bad_hand_off_is_said_and_the_old_one_stays(pod):
    pod.hand_over(external_secret("db", **OFTEN))
    pod.start("--refresh")
    pod.until(lambda: pod.status("/startupz") == 200)
    pod.handoff.write(config_dot_json='{"version":2}')
    pod.until(lambda: "injector_agent_handoff_error 1" in pod.get("/metrics").text.splitlines())
    assert pod.status("/readyz") == 200
    assert seen(pod.volume) == {"db/password": b"one"}
    pod.until(lambda: any("version 2" in line["message"] for line in pod.lines()))
    pod.hand_over(store=fake_store(db='{"password":"two"}'))
    pod.until_seen("db/password", b"two")
    pod.until(lambda: "injector_agent_handoff_error 0" in pod.get("/metrics").text.splitlines())


@pytest.mark.parametrize(
    ("handoff", "says"),
    [
        ('{"version":9}', "the webhook wrote version 9"),
        ("canary", "is not a hand-off"),
        ('{"version":1,"namespace":"a","deliveries":[{"externalSecret":{"metadata":{"name":"x"}}}]}', "apiVersion"),
    ],
)
@pytest.mark.parametrize("mode", ["--once", "--refresh"])
def test_what_can_not_be_a_hand_off_ends_the_agent_with_a_sentence(pod, mode, handoff, says):
    pod.handoff.write(config_dot_json=handoff)
    assert pod.run(mode) == 1
    assert says in pod.message.read_text()
    assert "\n" not in pod.message.read_text()
    assert says in pod.lines()[-1]["message"]


def test_without_a_hand_off_it_says_where_it_looked(pod):
    assert pod.run("--once") == 1
    assert "config.json: No such file" in pod.message.read_text()


def test_what_can_not_be_had_until_the_deadline_is_the_termination_message(pod):
    pod.hand_over(external_secret("db", "nowhere"), deadline=0.5)
    assert pod.run("--once") == 1
    assert pod.message.read_text().startswith('ExternalSecret "db": spec.dataFrom[0].extract: ')
    assert "nowhere" in pod.message.read_text()
    assert seen(pod.volume) == {}


def test_a_volume_that_can_not_hold_three_sets_ends_the_first_run_with_the_sizes(pod):
    pod.hand_over(store=fake_store(db='{"password":"one"}'), volume_bytes=8192)
    assert pod.run("--once") == 1
    said = pod.message.read_text()
    assert "1 files take 4 KiB of memory, 3 sets of them are kept, and the volume has 8 KiB" in said
    assert "injector.agent.volumeSize" in said
    assert seen(pod.volume) == {}


def test_a_second_writer_is_refused(pod):
    pod.hand_over()
    with open_volume(pod.volume):
        assert pod.run("--once") == 1
    assert "another process writes here" in pod.message.read_text()


def test_a_port_that_is_taken_is_said(pod):
    pod.hand_over()
    with socket.create_server(("0.0.0.0", pod.port)):
        assert pod.run("--refresh") == 1
    assert "port for probes and metrics" in pod.message.read_text()


def test_the_sidecar_goes_on_from_what_the_init_container_left(pod):
    pod.hand_over()
    assert pod.run("--once") == 0
    before = pod.volume.stat().st_mtime_ns
    pod.hand_over(store=fake_store(db='{"password":"one"}'))
    pod.start("--refresh")
    pod.until(lambda: pod.status("/startupz") == 200)
    assert 'injector_agent_refreshes_total{external_secret="db"} 0' in pod.get("/metrics").text
    assert pod.volume.stat().st_mtime_ns == before


@pytest.fixture
def silent():
    """A server that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize(("mode", "code"), [("--once", 143), ("--refresh", 0)])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_within_a_second_also_while_a_store_hangs(pod, silent, mode, code, number):
    pod.credentials.write(secrets__vault__token="t")
    auth = {"tokenSecretRef": {"name": "vault", "key": "token"}}
    pod.hand_over(external_secret("db"), store=vault_store(silent, auth), port=pod.port)
    agent = pod.start(mode)
    port = int(silent.rpartition(":")[2])
    pod.until(lambda: _connected_to(agent.pid, port))
    ended, seconds = pod.terminate(agent, number)
    assert (ended, seconds < 1) == (code, True)


@pytest.mark.parametrize(("mode", "code"), [("--once", 143), ("--refresh", 0)])
def test_a_signal_ends_the_first_process_of_a_container_while_it_still_imports(pod, tmp_path, mode, code):
    late = tmp_path / "modules"
    late.mkdir()
    (late / "tenacity.py").write_text(
        "import pathlib, time\npathlib.Path(__file__).with_name('begun').touch()\ntime.sleep(600)"
    )
    pod.hand_over()
    agent = pod.start(mode, within=("unshare", "--pid", "--fork"), variables={"PYTHONPATH": str(late)})
    pod.until((late / "begun").exists)
    (first,) = Path(f"/proc/{agent.pid}/task/{agent.pid}/children").read_text().split()
    started = time.monotonic()
    os.kill(int(first), signal.SIGTERM)
    assert (agent.wait(LIMIT), time.monotonic() - started < 1) == (code, True)


def _connected_to(pid, port):
    with open(f"/proc/{pid}/net/tcp") as table:
        return any(line.split()[2].endswith(f":{port:04X}") and line.split()[3] == "01" for line in table)


def test_the_probe_asks_the_agent_that_runs(pod):
    pod.hand_over(external_secret("db", "late"), max_staleness=3600.0)
    agent = pod.start("--refresh")
    pod.until(lambda: pod.status("/healthz") == 200)
    assert pod.run("--probe") == 1
    assert pod.run("--probe", "started") == 1
    pod.stop()
    pod.hand_over(external_secret("db"), max_staleness=3600.0)
    agent = pod.start("--refresh")
    pod.until(lambda: pod.status("/startupz") == 200)
    assert pod.run("--probe") == 0
    assert pod.run("--probe", "started") == 0
    assert agent.poll() is None


def test_beyond_max_staleness_it_is_started_and_not_ready(pod):
    pod.hand_over(external_secret("db", refreshInterval="1h"), max_staleness=0.5)
    pod.start("--refresh")
    pod.until(lambda: pod.status("/startupz") == 200)
    pod.until(lambda: pod.status("/readyz") == 503)
    assert pod.run("--probe") == 1
    assert pod.run("--probe", "started") == 0
    assert seen(pod.volume) == {"db/password": b"one"}


class _Listener(BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.posted.append(self.path)
        self.send_response(self.server.answers.pop(0) if self.server.answers else 204)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def listener():
    """A container of the pod that wants to be told. `answers` are the statuses that it gives first."""
    server = HTTPServer(("127.0.0.1", 0), _Listener)
    server.posted, server.answers = [], []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_container_is_told_of_changes_and_told_again_when_it_fails(pod, listener):
    listener.answers = [503]
    told = OnChange(port=listener.server_port, path="/-/reload")
    pod.hand_over(on_change=told)
    pod.start("--refresh")
    pod.until(lambda: pod.status("/startupz") == 200)
    assert listener.posted == []  # nobody read anything yet
    pod.hand_over(on_change=told, store=fake_store(db='{"password":"two"}'))
    pod.until(lambda: 'notifications_total{result="success"} 1' in pod.get("/metrics").text)
    assert listener.posted == ["/-/reload", "/-/reload"]


def test_a_container_that_can_not_be_told_is_reported(pod):
    told = OnChange(port=free_port(), path="/")
    pod.hand_over(on_change=told)
    pod.start("--refresh")
    pod.until(lambda: pod.status("/startupz") == 200)
    pod.hand_over(on_change=told, store=fake_store(db='{"password":"two"}'))
    pod.until(lambda: 'notifications_total{result="error"} 1' in pod.get("/metrics").text)
    assert seen(pod.volume) == {"db/password": b"two"}
    assert any(line.get("error") == "ConnectError" for line in pod.lines())


def test_log_lines_are_json_without_values(pod):
    pod.hand_over(external_secret("db"), external_secret("b", "nowhere"), deadline=0.3)
    pod.run("--once")
    pod.hand_over(store=fake_store(db='{"password":"canary"}'))
    pod.run("--once")
    assert {line["level"] for line in pod.lines()} <= {"info", "warning", "error"}
    assert "canary" not in pod.log.read_text()


def test_the_agent_imports_neither_kubernetes_nor_what_a_pod_need_not_pay_for(pod):
    pod.hand_over()
    script = (
        "import sys; from injector.agent.command_line import run; code = run(sys.argv[1:]);"
        "unwanted = {'kubernetes', 'kubecore', 'pydantic', 'aiohttp', 'yaml', 'httpx', 'watchdog', 'cryptography', 're2'};"
        "print(sorted(unwanted & set(sys.modules))); sys.exit(code)"
    )
    ran = subprocess.run(
        [
            sys.executable, "-c", script, "--once", "--handoff", pod.handoff.folder / "config.json",
            "--credentials", pod.credentials.folder, "--out", pod.volume,
        ],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert ran.stdout == "[]\n"


@pytest.mark.parametrize("arguments", [[], ["--once", "--refresh"], ["--probe", "alive"], ["--once", "x"]])
def test_a_wrong_call_says_how_it_is_called(arguments):
    ran = subprocess.run([sys.executable, "-m", "injector", "agent", *arguments], capture_output=True, text=True)
    assert ran.returncode == 2
    assert "usage: python -m injector agent" in ran.stderr
