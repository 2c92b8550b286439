"""The way to the API server: configuration, rotation of token and CA, and what happens when the way is
bad.
"""

import asyncio
import json
import os
import shutil
import ssl

import pytest
import yaml

from kubecore import client
from kubecore.errors import (
    ApiError,
    ConfigurationError,
    Conflict,
    Forbidden,
    KindNotServed,
    ServerUnavailable,
    TooManyRequests,
    Unauthorized,
    Unreachable,
)
from kubecore.resources import CONFIG_MAPS, NAMESPACES, SECRETS
from kubecore.wire import Selector
from tests.kubecore.conftest import AGENT
from tests.support.fault_kinds import (
    MARKER,
    Answer,
    Cut,
    Hold,
    Huge,
    Reset,
    Stall,
    Stream,
    Truncate,
    html,
    status,
)
from tests.support.faults import FaultProxy
from tests.support.tls import Authority

pytestmark = pytest.mark.server


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (401, Unauthorized),
        (403, Forbidden),
        (404, KindNotServed),
        (409, Conflict),
        (429, TooManyRequests),
        (500, ServerUnavailable),
        (502, ServerUnavailable),
        (503, ServerUnavailable),
    ],
)
async def test_an_error_answer_has_its_class_and_never_its_body(proxied, proxy, code, kind):
    proxy.always("/secrets", status(code, retry_after="3"))
    with pytest.raises(kind) as caught:
        await proxied.list(SECRETS, "default")
    assert (caught.value.status, caught.value.retry_after) == (code, 3.0)
    assert MARKER not in str(caught.value)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Stall(), Unreachable),
        (Reset("request"), Unreachable),
        (Reset("headers"), Unreachable),
        (Truncate(5), Unreachable),
        (html(), ServerUnavailable),
        (Answer(200, '["not an object"]'), ServerUnavailable),
        (Answer(200, ""), ServerUnavailable),
        (Answer(302, "", {"Location": "https://127.0.0.1:1/"}), ApiError),
    ],
)
async def test_a_bad_answer_is_an_error_of_ours(proxied, proxy, fault, kind):
    proxy.always("/namespaces/default$", fault)
    with pytest.raises(kind) as caught:
        await proxied.get(NAMESPACES, "default", seconds=0.5)
    assert str(caught.value).startswith("get namespaces default: ")
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    proxy.clear()
    assert (await proxied.get(NAMESPACES, "default"))["metadata"]["name"] == "default"


async def test_a_write_whose_answer_was_lost_has_happened(proxied, proxy, namespace):
    proxy.on("/configmaps", Reset("committed"), method="POST")
    with pytest.raises(Unreachable):
        await proxied.create(CONFIG_MAPS, {"metadata": {"name": "a"}}, namespace)
    assert (await proxied.get(CONFIG_MAPS, "a", namespace))["metadata"]["name"] == "a"
    assert proxy.counts["POST", f"/api/v1/namespaces/{namespace}/configmaps"] == 1


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Stall(), Unreachable),
        (Stream((), "stall"), Unreachable),
        (Stream((), "reset"), Unreachable),
        (Stream((MARKER,), "stall"), ServerUnavailable),
        (Stream(("[]",), "stall"), ServerUnavailable),
        (Answer(200, MARKER), None),
        (html(), None),
    ],
)
async def test_a_watch_that_falls_silent_or_talks_nonsense_ends(proxied, proxy, fault, kind):
    proxy.on("watch=1", fault)
    watch = proxied.watch(CONFIG_MAPS, "default", resource_version="0", idle_seconds=0.3)
    if kind is None:
        assert [event async for event in watch] == []
    else:
        with pytest.raises(kind) as caught:
            await anext(watch)
        assert MARKER not in str(caught.value)


async def test_a_watch_that_is_cut_has_told_what_came_before(proxied, proxy, api, namespace):
    for name in ("a", "b", "c"):
        await api.create(CONFIG_MAPS, {"metadata": {"name": name}}, namespace)
    proxy.on("watch=1", Cut(2))
    ours = Selector(fields="metadata.name!=kube-root-ca.crt")  # kube-controller-manager makes that one, should it run
    watch = proxied.watch(CONFIG_MAPS, namespace, ours, resource_version="0")
    told = []
    with pytest.raises(Unreachable):
        await collect(watch, told)
    names = [event.object["metadata"]["name"] for event in told if event.type == "ADDED"]
    assert names == ["a", "b", "c"][: len(names)]


async def collect(iterator, into):
    async for item in iterator:
        into.append(item)


async def test_a_huge_answer_is_read(proxied, proxy):
    proxy.on("/namespaces/default$", Huge())
    with pytest.raises(ServerUnavailable, match="not an object"):
        await proxied.get(NAMESPACES, "default")


async def test_requests_carry_our_name(proxied, proxy):
    await proxied.get(NAMESPACES, "default")
    assert {request.headers.get("user-agent") for request in proxy.requests} == {AGENT}


async def test_proxies_from_the_environment_are_not_for_the_api_server(proxied, monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert (await proxied.get(NAMESPACES, "default"))["metadata"]["name"] == "default"


@pytest.fixture
def pod(control_plane, tmp_path, monkeypatch):
    """The files and variables that a pod finds."""
    folder = tmp_path / "serviceaccount"
    folder.mkdir()
    (folder / "token").write_text(control_plane.token + "\n")
    shutil.copy(control_plane.ca_file, folder / "ca.crt")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", control_plane.url.rsplit(":", 1)[1])
    return folder


async def test_in_a_pod_the_service_account_is_enough(pod):
    async with await client.in_cluster(AGENT, pod) as inside:
        assert (await inside.get(NAMESPACES, "default"))["kind"] == "Namespace"


async def test_a_rotated_token_is_read_on_the_first_401(pod, control_plane, authority, proxy, monkeypatch):
    shutil.copy(authority.ca_file, pod / "ca.crt")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(proxy.port))
    (pod / "token").write_text("expired")
    async with await client.in_cluster(AGENT, pod) as inside:
        with pytest.raises(Unauthorized):
            await inside.get(NAMESPACES, "default")
        assert len(proxy.requests) == 1
        (pod / "token").write_text(control_plane.token)
        assert (await inside.get(NAMESPACES, "default"))["kind"] == "Namespace"
        assert len(proxy.requests) == 3


async def test_a_rotated_ca_is_read_when_the_server_is_no_longer_trusted(pod, control_plane, tmp_path, monkeypatch):
    trust = ssl.create_default_context(cafile=control_plane.ca_file)
    old, new = Authority(tmp_path / "old"), Authority(tmp_path / "new")
    shutil.copy(old.ca_file, pod / "ca.crt")
    with FaultProxy(control_plane.url, upstream_tls=trust, tls=old.server_context()) as before:
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(before.port))
        inside = await client.in_cluster(AGENT, pod)
        assert (await inside.get(NAMESPACES, "default"))["kind"] == "Namespace"
    with FaultProxy(control_plane.url, upstream_tls=trust, tls=new.server_context(), port=before.port):
        with pytest.raises(Unreachable):  # whether it was the dead connection or the strange certificate
            await inside.get(NAMESPACES, "default")
        with pytest.raises(Unreachable, match="not trusted"):
            await inside.get(NAMESPACES, "default")
        shutil.copy(new.ca_file, pod / "ca.crt")
        assert (await inside.get(NAMESPACES, "default"))["kind"] == "Namespace"
        await inside.close()


async def test_a_call_under_way_outlives_the_change_of_the_ca(
    pod, control_plane, tmp_path, authority, proxy, monkeypatch
):
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(proxy.port))
    shutil.copy(authority.ca_file, pod / "ca.crt")
    async with await client.in_cluster(AGENT, pod) as inside:
        hold = Hold()
        proxy.on("/namespaces/default$", hold)
        slow = asyncio.create_task(inside.get(NAMESPACES, "default"))
        await asyncio.to_thread(hold.arrived.wait)
        (pod / "ca.crt").write_text(authority.ca_pem + Authority(tmp_path / "next").ca_pem)
        proxy.on("/configmaps", Answer(401))
        assert await inside.list(CONFIG_MAPS, "kube-public") is not None
        hold.release()
        assert (await slow)["kind"] == "Namespace"


async def test_an_unreadable_token_keeps_the_last_one(pod, caplog):
    async with await client.in_cluster(AGENT, pod) as inside:
        (pod / "token").unlink()
        assert not await inside._connection._reload(inside._connection._route.endpoint)
        assert "the last one is kept" in caplog.text
        assert (await inside.get(NAMESPACES, "default"))["kind"] == "Namespace"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no kubeconfig .*/kubeconfig"),
        ("{]", "is not one"),
        ("just words", "is not one|kube-config"),
        ("{}", "kube-config"),
        ("{clusters: [], contexts: [], users: [], current-context: x, token: hush}", "kube-config"),
    ],
)
async def test_a_bad_kubeconfig_is_told_without_its_content(tmp_path, content, message):
    path = tmp_path / "kubeconfig"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigurationError, match=message) as caught:
        await client.from_kubeconfig(AGENT, path)
    assert "hush" not in str(caught.value)


async def test_outside_a_cluster_there_is_no_way_in(tmp_path, monkeypatch):
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(ConfigurationError, match="Service host/port is not set"):
        await client.in_cluster(AGENT, tmp_path)


@pytest.mark.parametrize(("file", "content"), [("ca.crt", "no certificate"), ("ca.crt", ""), ("token", "")])
async def test_a_broken_service_account_folder_is_told(pod, file, content):
    (pod / file).write_text(content)
    with pytest.raises(ConfigurationError, match="no way to the API server"):
        await client.in_cluster(AGENT, pod)


async def test_the_kubeconfig_of_the_environment_is_the_default(control_plane, monkeypatch):
    monkeypatch.setenv("KUBECONFIG", os.fspath(control_plane.kubeconfig))
    async with await client.from_kubeconfig(AGENT) as admin:
        assert (await admin.get(NAMESPACES, "default"))["kind"] == "Namespace"


async def test_every_request_is_told_with_method_code_and_host(proxied, proxy):
    told = []
    proxied.observed_by(lambda *request: told.append(request))
    proxy.always("/secrets", Reset("request"))
    with pytest.raises(Unreachable):
        await proxied.list(SECRETS, "default")
    proxy.clear()
    with pytest.raises(ApiError):
        await proxied.get(CONFIG_MAPS, "nowhere", "default")
    await proxied.list(NAMESPACES)
    host = proxy.url.removeprefix("https://")
    assert told == [("GET", "<error>", host), ("GET", "404", host), ("GET", "200", host)]


@pytest.fixture
def plugin(control_plane, tmp_path):
    """A kubeconfig whose credential plugin prints what `answer` has; without that file it fails."""
    version = "client.authentication.k8s.io/v1"
    answer = tmp_path / "answer.json"
    command = {"apiVersion": version, "command": "/bin/cat", "args": [str(answer)], "interactiveMode": "Never"}
    config = control_plane.kubeconfig_for("unused")
    config["users"][0]["user"] = {"exec": command}
    path = tmp_path / "with-a-plugin"
    path.write_text(yaml.safe_dump(config))

    def say(token):
        credential = {"apiVersion": version, "kind": "ExecCredential", "status": {"token": token}}
        answer.write_text(json.dumps(credential))

    return path, say, answer.unlink


async def test_a_credential_plugin_that_fails_is_told_and_never_replaces_a_good_credential(plugin, control_plane):
    path, say, break_it = plugin
    with pytest.raises(ConfigurationError, match="credential plugin gave neither token nor certificate"):
        await client.from_kubeconfig(AGENT, path)
    say(control_plane.token)
    async with await client.from_kubeconfig(AGENT, path) as admin:
        assert (await admin.get(NAMESPACES, "default"))["kind"] == "Namespace"
        break_it()
        admin._connection._loaded_at = -1e9  # a minute has passed
        assert (await admin.get(NAMESPACES, "default"))["kind"] == "Namespace"


@pytest.mark.parametrize(
    ("context", "namespace"), [(None, "default"), ("other", "team")], ids=["unless said default", "that of the context"]
)
def test_the_namespace_of_a_context(control_plane, tmp_path, context, namespace):
    config = control_plane.kubeconfig_for("t")
    config["contexts"].append({"name": "other", "context": {**config["contexts"][0]["context"], "namespace": "team"}})
    (tmp_path / "config").write_text(yaml.safe_dump(config))
    assert client.context_namespace(tmp_path / "config", context) == namespace


@pytest.mark.parametrize(
    ("content", "context", "message"),
    [(None, None, "there is no kubeconfig"), ("{}", None, "current-context"), ("t0ken: [", None, "is not one")],
)
def test_the_namespace_of_a_bad_kubeconfig_is_an_error_of_ours(tmp_path, content, context, message):
    if content is not None:
        (tmp_path / "config").write_text(content)
    with pytest.raises(ConfigurationError, match=message) as raised:
        client.context_namespace(tmp_path / "config", context)
    assert "t0ken" not in str(raised.value)


def test_a_context_that_there_is_none_of_is_told(control_plane):
    with pytest.raises(ConfigurationError, match="no context 'none'"):
        client.context_namespace(control_plane.kubeconfig, "none")
