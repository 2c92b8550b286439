"""Nothing that a template can call reads or changes the world: a process that traps it renders them all."""

import subprocess
import sys

from tests.secretcore.template.oracle import ROOT

PROGRAM = """
import json, random, sys
from zoneinfo import ZoneInfo
from secretcore.template import Budget, Environment, TemplateError, parse
from secretcore.template.functions import FUNCTIONS
from tests.secretcore.template.functions.rendering import VECTORS
from tests.secretcore.template.rendering import NOW

ZONES = {name: ZoneInfo(name) for name in ("America/New_York", "Asia/Tokyo", "Europe/Berlin")}
budget = Budget(steps=1_000_000, native=1000)
chosen = {}
for path in sorted(VECTORS.glob("functions-*.json")):
    content = json.loads(path.read_text())
    for entry in content["cases"]:
        strings = entry.get("strings", content["strings"])
        for name in FUNCTIONS:
            if "{{ " + name + " " in entry["text"] or "| " + name + " " in entry["text"]:
                ways = chosen.setdefault(name, {})
                ways.setdefault("output" in entry, (entry["text"], strings))
missing = sorted(set(FUNCTIONS) - set(chosen))

def render_all():
    for name, ways in chosen.items():
        for text, strings in ways.values():
            environment = Environment(NOW, random.SystemRandom(), budget, ZONES.get)
            try:
                parse("k", text).render(strings, environment)
            except TemplateError as error:
                assert "internal error" not in str(error), (name, str(error))

render_all()
FORBIDDEN = (
    "open", "socket.", "subprocess.", "os.", "shutil.", "ctypes.", "import", "exec", "compile", "pty.",
)
seen = []

def trap(event, arguments):
    if armed and event.startswith(FORBIDDEN):
        seen.append(event)
        raise RuntimeError(f"a template caused {event}")

armed = False
sys.addaudithook(trap)
armed = True
render_all()
armed = False
try:
    armed = True
    open("/dev/null")
except RuntimeError:
    armed = False
else:
    seen.append("the trap doesn't work")
print(len(chosen), missing, [event for event in seen if event != "open"], seen.count("open"))
"""


def test_no_function_opens_a_file_a_socket_or_a_process():
    program = PROGRAM
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    functions, rest = done.stdout.strip().split(" ", 1)
    assert rest == "[] [] 1"
    assert int(functions) == 227
