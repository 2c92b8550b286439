"""Pods, stores and ExternalSecrets in the words of a test, and a cluster that holds them in memory."""

import base64
import copy
import json
from typing import Any

from injector.webhook import external_secrets, stores
from injector.webhook.admission import read_review, write_answer
from injector.webhook.annotations import PREFIX
from injector.webhook.inject import decide
from injector.webhook.options import Options
from secretcore.errors import InvalidSpec
from secretcore.registry import Registry

NAMESPACE = "team"
RESOURCES = {"requests": {"cpu": "5m", "memory": "32Mi"}, "limits": {"memory": "96Mi"}}
OPTIONS = Options(image="registry.example/agent:1", resources=RESOURCES)


def annotated(**annotations: str) -> dict[str, str]:
    return {f"{PREFIX}{name.replace('_', '-')}": value for name, value in annotations.items()}


def pod(*, containers: Any = None, metadata: Any = None, annotations: Any = None, **spec: Any) -> dict[str, Any]:
    wanted = {"inject": "db"} if annotations is None else annotations
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "app", "annotations": annotated(**wanted), **(metadata or {})},
        "spec": {"containers": containers or [{"name": "app", "image": "app:1"}], **spec},
    }


def external_secret(name: str = "db", *, store: Any = None, namespace: str = NAMESPACE, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": name, "namespace": namespace, "uid": f"uid-{name}", "generation": 1},
        "spec": {
            "secretStoreRef": {"name": "vault", **(store or {})},
            "data": [{"secretKey": "password", "remoteRef": {"key": "db", "property": "password"}}],
            **spec,
        },
    }


def vault(auth: Any = None, **provider: Any) -> dict[str, Any]:
    auth = (
        {"kubernetes": {"role": "app", "serviceAccountRef": {"name": "default", "audiences": ["vault"]}}}
        if auth is None
        else auth
    )
    return {"vault": {"server": "https://vault.example:8200", "path": "secret", "auth": auth, **provider}}


def store(
    provider: Any = None,
    *,
    kind: str = "SecretStore",
    name: str = "vault",
    namespace: str = NAMESPACE,
    annotations: Any = None,
    **spec: Any,
) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "uid": f"uid-{name}", "generation": 3}
    if kind == "SecretStore":
        metadata["namespace"] = namespace
    if annotations:
        metadata["annotations"] = annotations
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": kind,
        "metadata": metadata,
        "spec": {"provider": vault() if provider is None else provider, **spec},
    }


class Cluster:
    """Holds what it is given."""

    def __init__(self, *manifests: dict[str, Any], config_maps=(), labels=None) -> None:
        self.objects = {(each["kind"], each["metadata"]["name"]): each for each in manifests}
        self.config_maps = config_maps
        self.namespace_labels = labels or {}
        self.asked: list[str] = []

    async def external_secret(self, namespace, name):
        return external_secrets.examine(self._get("ExternalSecret", name))

    async def store(self, ref, namespace):
        return stores.examine(self._get(ref.kind, ref.name), Registry.installed(), "default")

    async def has_config_map(self, namespace, name):
        self.asked.append(name)
        return name in self.config_maps

    async def labels(self, namespace):
        self.asked.append("labels")
        return self.namespace_labels

    def _get(self, kind, name):
        if (kind, name) not in self.objects:
            raise InvalidSpec("", "does not exist", remedy="create it")
        return self.objects[kind, name]


def usual() -> Cluster:
    return Cluster(external_secret(), store())


def review_of(manifest: dict[str, Any], **request: Any) -> bytes:
    return json.dumps(
        {
            "apiVersion": "admission.k8s.io/v1",
            "kind": "AdmissionReview",
            "request": {
                "uid": "7f0b2891",
                "kind": {"group": "", "version": "v1", "kind": "Pod"},
                "operation": "CREATE",
                "namespace": NAMESPACE,
                "object": manifest,
                **request,
            },
        }
    ).encode()


async def ask(manifest: dict[str, Any], cluster: Any = None, options: Options = OPTIONS) -> dict[str, Any]:
    """The response to a review of this pod."""
    review = read_review(review_of(manifest))
    return json.loads(write_answer(review, await decide(review, cluster or usual(), options)))["response"]


async def admitted(manifest: dict[str, Any], cluster: Any = None, options: Options = OPTIONS) -> dict[str, Any]:
    """The pod as it is stored."""
    response = await ask(manifest, cluster, options)
    assert response["allowed"], response["status"]["message"]
    if "patch" not in response:
        return manifest
    return patched(manifest, json.loads(base64.b64decode(response["patch"])))


async def refusal(manifest: dict[str, Any], cluster: Any = None, options: Options = OPTIONS) -> str:
    response = await ask(manifest, cluster, options)
    assert not response["allowed"]
    return response["status"]["message"]


def patched(document: Any, operations: list[dict[str, Any]]) -> Any:
    """RFC 6902's add, remove and replace."""
    root = {"": copy.deepcopy(document)}
    for operation in operations:
        *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")]
        where: Any = root
        for part in parents:
            where = where[int(part) if isinstance(where, list) else part]
        key: Any = int(last) if isinstance(where, list) else last
        match operation["op"]:
            case "remove":
                del where[key]
            case "add" if isinstance(where, list):
                assert key <= len(where)
                where.insert(key, operation["value"])
            case "add":
                where[key] = operation["value"]
            case "replace":
                where[key]  # has to be there
                where[key] = operation["value"]
    return root[""]


def named(members, name):
    (only,) = [each for each in members or () if each["name"] == name]
    return only


def config_of(stored: dict[str, Any]) -> dict[str, Any]:
    return json.loads(stored["metadata"]["annotations"][f"{PREFIX}config"])
