"""The log: one JSON object a line, and never what an exception says that is not ours."""

import io
import json
import logging

import pytest

from controller.logs import log_to


@pytest.fixture
def lines():
    stream = io.StringIO()
    before = logging.root.handlers[:], logging.root.level
    log_to(stream, "INFO")
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.root.handlers[:], level = before
    logging.root.setLevel(level)


def test_a_line_has_message_and_facts(lines):
    logging.getLogger("controller.reconcile").info("done", extra={"facts": {"kind": "ExternalSecret", "name": "db"}})
    (line,) = lines()
    assert (line["level"], line["logger"], line["message"]) == ("info", "controller.reconcile", "done")
    assert (line["kind"], line["name"]) == ("ExternalSecret", "db")


def test_a_traceback_shows_places_and_no_text(lines):
    try:
        raise ValueError("c4nary")
    except ValueError as error:
        logging.getLogger("x").error("it broke", exc_info=error)
    (line,) = lines()
    assert line["error"] == "ValueError"
    assert "test_a_traceback_shows_places" in line["traceback"][0]
    assert "c4nary" not in json.dumps(line)


@pytest.mark.parametrize("library", ["httpx", "httpcore.connection", "aiohttp.client"])
def test_libraries_that_log_requests_are_quiet(lines, library):
    logging.getLogger(library).info("GET https://token@host/")
    logging.getLogger(library).debug("headers")
    assert lines() == []


def test_a_line_break_in_a_message_stays_in_its_line(lines):
    logging.getLogger("x").info("a\nb")
    assert len(lines()) == 1
