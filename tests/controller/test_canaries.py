"""No value of a Secret, no credential and no body of a backend in what the controller says: its log at debug level with
its tracebacks, events, conditions and metrics, while as much as possible goes right and wrong.
"""

import base64
import io
import json
import logging

import pytest
from prometheus_client import generate_latest

from controller.kinds import EXTERNAL_SECRETS, SECRET_STORES
from kubecore.logs import log_to
from tests.controller.echo import BACKENDS, Backend
from tests.providers.rooms import Room
from tests.support.fault_kinds import MARKER, Answer, Huge, Reset, html, status
from tests.support.faults import FaultProxy

pytestmark = pytest.mark.server

CANARY = "c4nary"
"""Part of every value and of every credential."""


@pytest.fixture
def log():
    """What is logged, at debug level, as a controller logs it."""
    stream = io.StringIO()
    before = logging.root.handlers[:], logging.root.level
    log_to(stream, "DEBUG")
    yield stream
    logging.root.handlers[:], level = before
    logging.root.setLevel(level)


@pytest.fixture
def backend(fault_proxies):
    """The tutorial's service, each key of which is bad in a way of its own."""
    proxy = FaultProxy()
    fault_proxies.append(proxy)
    answers = {
        "good": Answer(200, json.dumps({"value": f"{CANARY}-good"})),
        "json": Answer(200, json.dumps({"value": json.dumps({"a": f"{CANARY}-a", "n": 1})})),
        "html": html(),
        "huge": Huge(),
        "number": Answer(200, json.dumps({"value": {CANARY: 1}})),
        "half": Answer(200, f'{{"value": "{CANARY}'),
        "reset": Reset("headers"),
        "500": status(500),
        "403": status(403),
    }
    for key, answer in answers.items():
        proxy.always(f"^/keys/{key}$", answer)
    proxy.always("^/$", Answer(200, "{}"))
    return proxy


def one(key, **rest):
    return {"data": [{"secretKey": "v", "remoteRef": {"key": key, **rest}}]}


def template(text, **rest):
    return one("good") | {"target": {"template": {"data": {"t": text}, **rest}}}


SYNCED = {"good": one("good"), "extract": {"data": [], "dataFrom": [{"extract": {"key": "json"}}]}}
FAILED = {
    **{f"bad-{key}": one(key) for key in ("html", "huge", "number", "half", "reset", "500", "403", "missing")},
    "property": one("json", property="b"),
    "property-of-text": one("good", property="b"),
    "decoding": one("good", decodingStrategy="Base64"),
    "extract-text": {"data": [], "dataFrom": [{"extract": {"key": "good"}}]},
    "rewrite": {"data": [], "dataFrom": [{"extract": {"key": "json"}, "rewrite": [{"transform": {"template": "{{ .x.y }}"}}]}]},
    "template-fail": template("{{ fail .v }}"),
    "template-type": template("{{ atoi .v | add 1 }}{{ .v.w }}"),
    "template-json": template("{{ (fromJson .v).a }}"),
    "template-pem": template("{{ pkcs12cert .v }}"),
    "template-big": template('{{ repeat 200000 .v }}'),
    "docker": template("{{ .v }}", type="kubernetes.io/dockerconfigjson"),
    "invalid-key": {"data": [], "dataFrom": [{"extract": {"key": "json"}}],
                    "target": {"template": {"templateFrom": [{"target": "Labels", "literal": "l: '{{ .a }} !'"}]}}},
}  # fmt: skip


async def test_no_canary_is_ever_shown(cluster, log, backend, openbao):
    await stores(cluster, backend, Room(openbao))
    async with cluster.running() as controller:
        for name, spec in (SYNCED | FAILED).items():
            await cluster.external_secret(name, **spec)
        for name in ("token", "approle", "credential", *BROKEN):
            await cluster.external_secret(name, store=name)
        for name in SYNCED:
            await cluster.condition("True", "SecretSynced", name)
        for name in (*FAILED, "token", "approle", "credential", *BROKEN):
            await cluster.condition("False", "SecretSyncedError", name)
        await cluster.condition(
            "False",
            "InvalidProviderConfig",
            "validations",
            "SecretStore",
            "the provider failed with RuntimeError | report",
        )
        await cluster.apply("Secret", "good", data={"v": "eA=="})  # is repaired
        await cluster.eventually("Secret", "good", lambda it: it["data"]["v"] != "eA==")
        metrics = generate_latest(controller.metrics.registry).decode()
    said = {
        "log": log.getvalue(),
        "metrics": metrics,
        "events": json.dumps(cluster.told),
        **{
            resource.plural: json.dumps(
                [each["status"] for each in await cluster.api.list(resource, cluster.namespace)]
            )
            for resource in (EXTERNAL_SECRETS, SECRET_STORES)
        },
    }
    for where, text in said.items():
        for secret in (CANARY, base64.b64encode(CANARY.encode())[:7].decode(), MARKER):
            assert secret not in text, (where, text[max(0, text.index(secret) - 300) : text.index(secret) + 50])
    assert '"traceback": ["' in said["log"]
    assert '"level": "debug"' in said["log"]


async def stores(cluster, backend, room):
    """One that serves, and some that can't: for what they log in with, and for a provider that breaks."""
    express = {"express": {"host": backend.url}}
    await cluster.apply("SecretStore", "store", spec={"provider": express, "retrySettings": {"maxRetries": 0}})
    path, role_id, _ = room.app_role()
    values = {"token": f"{CANARY}-token", "secret": f"{CANARY}-secret-id", "odd": f"{CANARY}\n\x00\xff"}
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    await cluster.apply("Secret", "login", data=data)
    for name, auth in {
        "token": {"tokenSecretRef": {"name": "login", "key": "token"}},
        "approle": {"appRole": {"path": path, "roleId": role_id, "secretRef": {"name": "login", "key": "secret"}}},
        "credential": {"tokenSecretRef": {"name": "login", "key": "odd"}},
    }.items():
        vault = {"server": room.bao.url, "path": room.mount, "auth": auth}
        await cluster.apply("SecretStore", name, spec={"provider": {"vault": vault}})
    for part in BROKEN:
        backend = f"{cluster.namespace}-{part}"
        setattr(BACKENDS.setdefault(backend, Backend()), part, Explosive())
        await cluster.echo(part, backend=backend)


BROKEN = ("reads", "validations", "closed")
"""What of a provider breaks."""


class Explosive(list):
    """What a provider uses, and it breaks with a value in the error's text."""

    def __iadd__(self, item):
        self.append(item)

    def append(self, item):
        try:
            raise KeyError(f"{CANARY}-inner")
        except KeyError as error:
            raise RuntimeError(f"{CANARY}-outer {item}") from error
