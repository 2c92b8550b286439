"""Another webhook: adds a container, an init container, and a variable and mount to every init container there is."""

import asyncio
import base64
import copy
import json
import threading

from aiohttp import web

from injector.webhook.patch import diff
from kubecore.serving import Certificate, Server

SECONDS = 5.0
"""That the loop goes on at the end: a TLS connection says good-bye to its peer before it is closed."""


class Mesh:
    """Serves in a thread of its own, over TLS of a test's authority."""

    def __init__(self, authority) -> None:
        self._authority = authority
        self.asked = 0
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        self._started.wait(30)

    async def _serve(self) -> None:
        pair = self._authority.issue("localhost")
        certificate = Certificate(pair.cert_file, pair.key_file)
        server = Server({("POST", "/"): self._admit}, host="127.0.0.1", certificate=certificate)
        await server.start()
        self.port = server.port
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        self._started.set()
        await self._stopping.wait()
        await server.stop()
        until = self._loop.time() + SECONDS
        while len(self._loop._selector.get_map()) > 1 and self._loop.time() < until:  # noqa: ASYNC110  # one is the loop's own
            await asyncio.sleep(0.001)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()

    async def _admit(self, request: web.Request) -> web.Response:
        self.asked += 1
        review = await request.json()
        pod = review["request"]["object"]
        patch = base64.b64encode(json.dumps(diff(pod, _meshed(pod))).encode()).decode()
        response = {"uid": review["request"]["uid"], "allowed": True, "patchType": "JSONPatch", "patch": patch}
        answer = web.json_response({**review, "request": None, "response": response})
        answer.force_close()
        return answer

    def configuration(self, name: str, namespace: str):
        return {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "MutatingWebhookConfiguration",
            "metadata": {"name": name},
            "webhooks": [
                {
                    "name": "mesh.example.com",
                    "admissionReviewVersions": ["v1"],
                    "sideEffects": "None",
                    "clientConfig": {
                        "url": f"https://localhost:{self.port}/",
                        "caBundle": base64.b64encode(self._authority.ca_pem.encode()).decode(),
                    },
                    "rules": [
                        {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}
                    ],
                    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
                }
            ],
        }


def _meshed(pod):
    meshed = copy.deepcopy(pod)
    spec = meshed["spec"]
    for each in spec.get("initContainers") or ():
        each.setdefault("env", []).append({"name": "AWS_REGION", "value": "eu"})
    spec.setdefault("initContainers", []).append({"name": "mesh-init", "image": "mesh:1"})
    spec["containers"].append({"name": "mesh", "image": "mesh:1"})
    return meshed
