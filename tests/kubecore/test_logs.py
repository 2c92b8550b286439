"""The log: one JSON object a line, and never what an exception says that is not ours."""

import io
import json
import logging
import re

import pytest

from kubecore.logs import log_to


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


@pytest.mark.parametrize(
    ("encoding", "kind", "form"),
    [
        ("epoch", float, r"1\d{9}\.\d+"),
        ("millis", float, r"1\d{12}\.\d+"),
        ("nano", int, r"1\d{18}"),
        ("iso8601", str, r"20..-..-..T..:..:..\.\d{3}Z"),
        ("rfc3339", str, r"20..-..-..T..:..:..Z"),
        ("rfc3339nano", str, r"20..-..-..T..:..:..\.\d{6}Z"),
    ],
)
def test_the_time_is_written_as_asked_for(lines, encoding, kind, form):
    stream = io.StringIO()
    log_to(stream, "info", encoding)
    logging.getLogger("x").info("a")
    time = json.loads(stream.getvalue())["time"]
    assert type(time) is kind
    assert re.fullmatch(form, str(time))


@pytest.mark.parametrize(
    ("level", "shown"), [("debug", 3), ("INFO", 2), ("warn", 1), ("warning", 1), ("error", 0), ("fatal", 0)]
)
def test_levels_are_in_esos_words(lines, level, shown):
    stream = io.StringIO()
    log_to(stream, level)
    for number in (logging.DEBUG, logging.INFO, logging.WARNING):
        logging.getLogger("x").log(number, "a")
    assert len(stream.getvalue().splitlines()) == shown


@pytest.mark.parametrize("library", ["httpx", "httpcore.connection", "aiohttp.client"])
def test_libraries_that_log_requests_are_quiet(lines, library):
    logging.getLogger(library).info("GET https://token@host/")
    logging.getLogger(library).debug("headers")
    assert lines() == []


def test_a_line_break_in_a_message_stays_in_its_line(lines):
    logging.getLogger("x").info("a\nb")
    assert len(lines()) == 1
