"""The agent's containers. Pure; `mutate` puts them into a pod.

Every field that the API server would fill in is written out, so that the container looks the same when the webhook is
asked a second time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from injector import handoff
from injector.webhook.options import Options
from injector.webhook.readers import Owner
from injector.webhook.volumes import CREDENTIALS, FILES, HANDOFF, NO_TOKEN, TOKEN_PATH

FILES_PATH = "/secrets"
"""Where the agent writes: in its own container always the same, so that no annotation mounts over its program."""
INIT, AGENT = "external-secrets-init", "external-secrets-agent"
OWN = (INIT, AGENT)
"""Names that a pod's own containers can't have."""
_ARGS = {INIT: ["agent", "--once"], AGENT: ["agent", "--refresh"]}
PATHS = {"ready": "/readyz", "started": "/startupz"}
"""Where the agent says it over HTTP; `--probe` takes the same words."""
_FIRST, _PERIOD, _PERIOD_OF_COMMANDS = 1, 2, 10
"""Seconds between probes: until it has started, from then on, and by command, which starts a process each time."""
_LIVENESS = {"periodSeconds": 30, "timeoutSeconds": 10, "successThreshold": 1, "failureThreshold": 10}
"""Five minutes without an answer: files outlive the agent, so nothing hurries. A command could not tell."""
_PATIENCE = 30
"""Seconds beyond the agent's own deadline, so that it gives up by itself, with a sentence."""

_VARIABLES = re.compile(
    "(AWS|AZURE|CLOUDSDK|GOOGLE|KUBERNETES)_.*|SSL_CERT_(FILE|DIR)|(HTTPS?|ALL|NO)_PROXY|(https?|all|no)_proxy"
)
"""What others may add: identities, proxies and CAs. A list of what may, since variables of the loader, of Python, of
OpenSSL and others say what code runs.
"""
_PROGRAMS = ("/app", "/bin", "/etc", "/lib", "/lib64", "/opt", "/sbin", "/usr")
"""Folders that say which program runs."""

Kind = Literal["once", "sidecar", "native"]


def agent_container(kind: Kind, owner: Owner, options: Options, *, port: int, keys: bool) -> dict[str, Any]:
    """`port` is 0 where nothing is served, then a command probes; `keys` says whether there is a credentials volume."""
    name = INIT if kind == "once" else AGENT
    container: dict[str, Any] = {
        "name": name,
        "image": options.image,
        "imagePullPolicy": options.pull_policy,
        "args": list(_ARGS[name]),
        "resources": dict(options.resources),
        "securityContext": _security_context(owner),
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": _mounts(keys=keys),
    }
    if kind == "once":
        return container
    if port:
        container["ports"] = [{"name": "external-secret", "containerPort": port, "protocol": "TCP"}]
        container["livenessProbe"] = {**_LIVENESS, "httpGet": {"path": "/healthz", "port": port, "scheme": "HTTP"}}
    container["readinessProbe"] = _probe("ready", port, options)
    if kind == "native":
        container["restartPolicy"] = "Always"
        container["startupProbe"] = _probe("started", port, options)
    return container


def is_own(container: Mapping[str, Any]) -> bool:
    """Whether a container of one of these names was made here, by what nobody adds to: others' webhooks may have
    changed the rest since.
    """
    mounted = [mount["mountPath"] for mount in container.get("volumeMounts") or () if mount["name"] == HANDOFF]
    return container.get("args") == _ARGS[container["name"]] and handoff.HANDOFF_FOLDER in mounted


def completed(ours: dict[str, Any], found: Mapping[str, Any] | None) -> dict[str, Any]:
    """Ours, with what others added to it since: variables of an identity or a proxy, mounts elsewhere than ours and
    than programs, and the resources that a vertical autoscaler chose. Nothing else of the container is theirs to
    change.
    """
    if found is None:
        return ours
    merged = dict(ours)
    if env := [each for each in found.get("env") or () if _VARIABLES.fullmatch(each["name"])]:
        merged["env"] = env
    paths = [mount["mountPath"] for mount in ours["volumeMounts"]] + [*_PROGRAMS]
    names = {FILES, HANDOFF, CREDENTIALS, NO_TOKEN}
    merged["volumeMounts"] = ours["volumeMounts"] + [
        mount
        for mount in found.get("volumeMounts") or ()
        if mount["name"] not in names and not any(_overlap(mount["mountPath"], path) for path in paths)
    ]
    if found.get("resources"):
        merged["resources"] = found["resources"]
    return merged


def _overlap(one: str, other: str) -> bool:
    """Whether one path is the other, or in it."""
    one, other = f"{one.rstrip('/')}/", f"{other.rstrip('/')}/"
    return one.startswith(other) or other.startswith(one)


def _security_context(owner: Owner) -> dict[str, Any]:
    context: dict[str, Any] = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    if owner.uid is not None:
        context["runAsUser"] = owner.uid
    if owner.gid is not None:
        context["runAsGroup"] = owner.gid
    return context


def _mounts(*, keys: bool) -> list[dict[str, Any]]:
    mounts: list[dict[str, Any]] = [
        {"name": FILES, "mountPath": FILES_PATH},
        {"name": HANDOFF, "mountPath": handoff.HANDOFF_FOLDER, "readOnly": True},
    ]
    if keys:
        mounts.append({"name": CREDENTIALS, "mountPath": handoff.CREDENTIALS_FOLDER, "readOnly": True})
    # Where something is mounted already, admission mounts no API token.
    return [*mounts, {"name": NO_TOKEN, "mountPath": TOKEN_PATH, "readOnly": True}]


def _probe(what: Literal["ready", "started"], port: int, options: Options) -> dict[str, Any]:
    how: dict[str, Any] = (
        {"httpGet": {"path": PATHS[what], "port": port, "scheme": "HTTP"}}
        if port
        else {"exec": {"command": [*options.probe_command, what]}}
    )
    period = (_FIRST if what == "started" else _PERIOD) if port else _PERIOD_OF_COMMANDS
    patience = options.deadline + _PATIENCE if what == "started" else 0
    return {
        **how,
        "periodSeconds": period,
        "timeoutSeconds": 2 if port else 10,
        "successThreshold": 1,
        "failureThreshold": max(3, int(patience / period) + 1),
    }
