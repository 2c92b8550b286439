"""The last resort of a stop, in a process of its own: a thread that never ends."""

import subprocess
import sys

PROGRAM = """
import asyncio, threading
from controller.app import _end_at_last

async def hangs():
    _end_at_last(0.2)
    asyncio.get_running_loop().run_in_executor(None, threading.Event().wait)

asyncio.run(hangs())
"""


def test_a_thread_that_never_ends_does_not_keep_the_process():
    ended = subprocess.run([sys.executable, "-c", PROGRAM], timeout=60, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, "")
    assert "what still ran is left behind" in ended.stderr
