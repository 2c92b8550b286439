"""Run one server so that it never outlives the test run, however that ends.

Started by `tests.support.processes` as `python leash.py LOG COMMAND...`. Writes the server's process id on
standard output, then waits: when the server ends, so does this; when standard input closes, because the
test run stopped the server or died itself, the server and its children are ended.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading

PATIENCE = 10.0  # seconds between asking the server to end and ending it


def main(log: str, *argv: str) -> int:
    with open(log, "ab") as out:
        server = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
    print(server.pid, flush=True)
    threading.Thread(target=end_with_parent, args=(server,), daemon=True).start()
    return server.wait()


def end_with_parent(server: "subprocess.Popen[bytes]") -> None:
    while os.read(0, 4096):
        pass
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGTERM)
        os.killpg(server.pid, signal.SIGCONT)  # a test may have stopped it
        try:
            server.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)


if __name__ == "__main__":
    for survived in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(survived, lambda *_: None)  # not SIG_IGN, which the server would inherit
    sys.exit(main(*sys.argv[1:]))
