"""Answers the API server over HTTP: one review in, one answer out, a line of log and a count each. `app` serves it."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from injector.webhook.admission import Answer, Review, WrongReview, read_review, write_answer
from injector.webhook.annotations import PREFIX
from injector.webhook.inject import Cluster, decide
from injector.webhook.metrics import Metrics
from injector.webhook.options import Options

log = logging.getLogger(__name__)

PATH = "/mutate"
DEFECT = Answer(refusal="the injector failed on this pod, which is a defect of the injector: see its log", code=500)


class Endpoint:
    """`draining` makes callers come back on another connection, to another replica."""

    def __init__(self, cluster: Cluster, options: Options, metrics: Metrics) -> None:
        self.draining = False
        self._cluster = cluster
        self._options = options
        self._metrics = metrics

    async def admit(self, request: web.Request) -> web.Response:
        """A handler: 200 with the answer, 400 for what is no review."""
        body = await request.read()
        began = time.perf_counter()
        try:
            review = read_review(body)
        except WrongReview as error:
            self._metrics.answered("malformed", time.perf_counter() - began)
            log.warning("a request %s", error)
            return self._response(status=400, text=f"the body {error}\n")
        answer, result = await self._decided(review)
        encoded = write_answer(review, answer)
        seconds = time.perf_counter() - began
        self._metrics.answered(result, seconds)
        _tell(review, answer, result, seconds)
        return self._response(body=encoded, content_type="application/json")

    async def _decided(self, review: Review) -> tuple[Answer, str]:
        try:
            answer = await decide(review, self._cluster, self._options)
        except Exception as error:  # whatever it is, the API server gets an answer
            log.error("an admission broke", exc_info=error, extra={"facts": _facts(review)})
            return DEFECT, "failed"
        if answer.refusal:
            return answer, "refused"
        return answer, "untouched" if answer.pod is None else "injected"

    def _response(self, **content: Any) -> web.Response:
        response = web.Response(**content)
        if self.draining:
            response.force_close()
        return response


def _tell(review: Review, answer: Answer, result: str, seconds: float) -> None:
    if not log.isEnabledFor(logging.INFO):
        return
    facts = {**_facts(review), "result": result, "milliseconds": round(seconds * 1000, 3)}
    if answer.mode:
        facts["mode"] = answer.mode
    if answer.refusal:
        facts["refusal"] = answer.refusal
    if answer.warnings:
        facts["warnings"] = list(answer.warnings)
    log.info("pod %s", result, extra={"facts": facts})


def _facts(review: Review) -> dict[str, Any]:
    metadata: Mapping[str, Any] = (review.pod or {}).get("metadata") or {}
    return {
        "namespace": review.namespace,
        "pod": metadata.get("name") or f"{metadata.get('generateName', '')}*",
        "inject": (metadata.get("annotations") or {}).get(f"{PREFIX}inject", ""),
        "dryRun": review.dry_run,
        "uid": review.uid,
    }
