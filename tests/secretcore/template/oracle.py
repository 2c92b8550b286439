"""Go's own template engine as a process that tests ask: `tests/tools/template`, built on first use.

`Oracle()` starts it, `ask` sends a case and gives what Go made of it. `oracle_binary(operator=True)` is the
build that has the operator's own functions too; it takes minutes, so only `make vectors-template` makes it.
Go is the one that the test bed finds or brings.
"""

import base64
import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.binaries import go_tool
from tests.support.paths import fingerprint, made_once, run

ROOT = Path(__file__).resolve().parents[3]
SOURCE = ROOT / "tests" / "tools" / "template"
NAME = "k"
"""The name that every template of the tests has."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an engine made of a template: an output, or an error with its phase (parse, execute) and line."""

    output: str = ""
    error: str = ""
    phase: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """A template and its data: `strings` as an ExternalSecret has them, or any JSON `document`."""

    text: str
    strings: dict[str, str] | None = None
    document: Any = None
    delimiters: tuple[str, str] = ("{{", "}}")
    tags: dict[str, Any] = field(default_factory=dict)

    def request(self, **more: Any) -> dict[str, Any]:
        """The line for the oracle."""
        asked: dict[str, Any] = {
            "name": NAME,
            "text": _base64(self.text),
            "delimiters": self.delimiters,
            **more,
        }
        if self.strings is None:
            asked["document"] = self.document
        else:
            asked["strings"] = {key: _base64(value) for key, value in self.strings.items()}
        return asked


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "surrogateescape")).decode()


def oracle_binary(*, operator: bool = False) -> Path:
    """The built program; made anew when its source changes."""
    sources = sorted(path for path in SOURCE.iterdir() if path.suffix in (".go", ".mod", ".sum"))
    tags = ["-tags", "operator"] if operator else []

    def build(folder: Path) -> None:
        argv = ["nice", str(go_tool()), "build", "-buildvcs=false", *tags, "-o", str(folder / "oracle"), "."]
        run(argv, cwd=SOURCE)

    return (
        made_once("template-oracle-operator" if operator else "template-oracle", fingerprint(*sources), build)
        / "oracle"
    )


class Oracle:
    """The running program. Close it, or use it as a context manager."""

    def __init__(self, *, operator: bool = False) -> None:
        self._binary = oracle_binary(operator=operator)
        self._process = self._start()

    def _start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self._binary],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def __enter__(self) -> "Oracle":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def raw(self, request: dict[str, Any]) -> dict[str, Any]:
        """The answer to one line. Where Go's whole process crashes (a map that holds itself) it is started
        anew and the answer is an error of phase `crash`.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            self.close()
            self._process = self._start()
            return {"error": "the process crashed", "phase": "crash"}
        answer: dict[str, Any] = json.loads(line)
        return answer

    def ask(self, case: Case) -> Answer:
        """What Go makes of a case."""
        said = self.raw(case.request())
        output = base64.b64decode(said.get("output") or "").decode("utf-8", "surrogateescape")
        return Answer(output, said.get("error", ""), said.get("phase", ""), said.get("line", 0))
