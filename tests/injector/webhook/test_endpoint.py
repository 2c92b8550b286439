"""The webhook's HTTP: what it answers to whom, counts and logs."""

import contextlib
import json
import logging

import httpx
import pytest

from injector.webhook.endpoint import PATH, Endpoint
from injector.webhook.metrics import Metrics
from kubecore.serving import Server
from tests.injector.webhook.building import OPTIONS, Cluster, pod, review_of, usual


class Broken(Cluster):
    async def external_secret(self, namespace, name):
        raise ValueError("canary-55")


@contextlib.asynccontextmanager
async def answering(cluster=None):
    metrics = Metrics()
    endpoint = Endpoint(cluster or usual(), OPTIONS, metrics)
    server = Server({("POST", PATH): endpoint.admit}, host="127.0.0.1")
    await server.start()
    async with httpx.AsyncClient(trust_env=False, base_url=f"http://127.0.0.1:{server.port}") as client:
        try:
            yield client, endpoint, metrics.registry
        finally:
            await server.stop()


def count(registry, result):
    return registry.get_sample_value("injector_admissions_total", {"result": result})


@pytest.mark.parametrize(
    ("cluster", "shape", "result", "allowed"),
    [
        (usual(), pod(), "injected", True),
        (usual(), pod(metadata={"annotations": {}}), "untouched", True),
        (Cluster(), pod(), "refused", False),
        (Broken(), pod(), "failed", False),
    ],
)
async def test_each_answer_is_counted_and_logged_once(cluster, shape, result, allowed, caplog):
    caplog.set_level(logging.INFO)
    async with answering(cluster) as (client, _, registry):
        response = (await client.post(PATH, content=review_of(shape))).json()["response"]
    assert response["uid"] == "7f0b2891"
    assert response["allowed"] == allowed
    assert count(registry, result) == 1
    assert registry.get_sample_value("injector_admission_duration_seconds_count") == 1
    lines = [record for record in caplog.records if record.message.startswith("pod ")]
    assert [line.facts["result"] for line in lines] == [result]
    assert lines[0].facts["namespace"] == "team"


async def test_a_defect_is_said_to_be_one_and_shows_nothing(caplog):
    async with answering(Broken()) as (client, _, _registry):
        response = (await client.post(PATH, content=review_of(pod()))).json()["response"]
    assert (response["status"]["code"], response["status"]["reason"]) == (500, "InternalError")
    assert "a defect of the injector" in response["status"]["message"]
    assert "canary-55" not in json.dumps(response)
    (told,) = [record for record in caplog.records if record.message == "an admission broke"]
    assert told.levelno == logging.ERROR


@pytest.mark.parametrize("body", [b"", b"no json", b"[1]", b'{"kind": "AdmissionReview"}'])
async def test_what_is_no_review_is_a_bad_request(body):
    async with answering() as (client, _, registry):
        answer = await client.post(PATH, content=body)
        assert answer.status_code == 400
        assert count(registry, "malformed") == 1


async def test_a_body_without_end_is_not_read():
    async with answering() as (client, _, registry):
        answer = await client.post(PATH, content=b"x" * (5 * 2**20))
        assert answer.status_code == 413
        assert count(registry, "malformed") == 0


async def test_other_paths_and_methods_are_not_there():
    async with answering() as (client, _, _registry):
        assert (await client.get(PATH)).status_code == 405
        assert (await client.post("/")).status_code == 404


async def test_a_connection_is_given_up_while_the_process_drains():
    async with answering() as (client, endpoint, _):
        kept = await client.post(PATH, content=review_of(pod()))
        endpoint.draining = True
        closed = await client.post(PATH, content=review_of(pod()))
    assert "close" not in kept.headers.get("Connection", "").lower()
    assert closed.headers["Connection"].lower() == "close"
    assert closed.json()["response"]["allowed"]
