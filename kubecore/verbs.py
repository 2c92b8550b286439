"""The API server's verbs on plain dicts.

A `Client` comes from `kubecore.client`. What is sent and received are manifests as `dict[str, Any]`, whole,
unknown fields included; errors are those of `kubecore.errors`. The controller, the webhook and the rest of
`kubecore` talk to the cluster through it alone.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Any, Self

from kubecore.connection import Call, Connection
from kubecore.errors import ServerUnavailable
from kubecore.resources import SELF_SUBJECT_ACCESS_REVIEWS, SERVICE_ACCOUNTS, SUBJECT_ACCESS_REVIEWS, Resource
from kubecore.wire import (
    ALL,
    Event,
    Manifest,
    Page,
    PatchType,
    Selector,
    Token,
    accept_header,
    access_to,
    call_to,
    event_from,
    given,
    named,
)  # fmt: skip

PAGE = 500  # objects per page of a list, as client-go asks for


class Client:
    """Every method that takes a `name` also takes the `namespace` it is in, "" for cluster-scoped kinds."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def observed_by(self, observe: Callable[[str, str, str], None]) -> None:
        """Have every request's method, code (`<error>` where there was no answer) and host told."""
        self._connection.observe = observe

    async def close(self) -> None:
        await self._connection.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def get(
        self,
        resource: Resource,
        name: str,
        namespace: str = "",
        *,
        metadata_only: bool = False,
        seconds: float = 30,
    ) -> Manifest:
        accept = accept_header(metadata_only=metadata_only)
        call = call_to("get", "GET", resource, namespace, name, accept=accept, seconds=seconds)
        return named(resource, await self._send(call))

    async def pages(
        self,
        resource: Resource,
        namespace: str = "",
        selector: Selector = ALL,
        *,
        metadata_only: bool = False,
        limit: int = PAGE,
    ) -> AsyncIterator[Page]:
        """A list page by page, all of one resource version; Gone when it took so long that the rest is
        lost.
        """
        accept = accept_header(metadata_only=metadata_only, listing=True)
        query = {**selector.query(), "limit": str(limit)}
        token = ""
        while True:
            call = call_to(
                "list", "GET", resource, namespace, accept=accept, query=query | given(**{"continue": token})
            )
            answer = await self._send(call)
            metadata = answer.get("metadata") or {}
            token = metadata.get("continue", "")
            items = [named(resource, item) for item in answer.get("items") or ()]
            yield Page(items, metadata.get("resourceVersion", ""), bool(token))
            if not token:
                return

    async def list(
        self,
        resource: Resource,
        namespace: str = "",
        selector: Selector = ALL,
        *,
        metadata_only: bool = False,
    ) -> list[Manifest]:
        """All objects of a collection (of all namespaces when `namespace` is "")."""
        pages = self.pages(resource, namespace, selector, metadata_only=metadata_only)
        return [item async for page in pages for item in page.items]

    async def watch(
        self,
        resource: Resource,
        namespace: str = "",
        selector: Selector = ALL,
        *,
        resource_version: str,
        metadata_only: bool = False,
        seconds: int = 300,
        idle_seconds: float = 120,
    ) -> AsyncIterator[Event]:
        """Changes after `resource_version`, bookmarks included, until the server ends it after about
        `seconds`.

        Gone when that version is too old; Unreachable when nothing, not even a bookmark (one comes each
        minute), arrived for `idle_seconds`. Close the iterator when leaving early.
        """
        query = {
            **selector.query(),
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": resource_version,
            "timeoutSeconds": str(seconds),
        }
        accept = accept_header(metadata_only=metadata_only)
        call = call_to("watch", "GET", resource, namespace, accept=accept, query=query)
        async for line in self._connection.lines(call, idle_seconds=idle_seconds):
            yield event_from(call, resource, line)

    async def create(
        self,
        resource: Resource,
        manifest: Manifest,
        namespace: str = "",
        *,
        field_manager: str = "",
        seconds: float = 30,
    ) -> Manifest:
        """Create an object; AlreadyExists if there is one of its name."""
        name = (manifest.get("metadata") or {}).get("name", "")
        call = call_to(
            "create", "POST", resource, namespace, "", subject=name, query=given(fieldManager=field_manager),
            body=named(resource, manifest), seconds=seconds,
        )  # fmt: skip
        return await self._send(call)

    async def update(
        self,
        resource: Resource,
        manifest: Manifest,
        *,
        status: bool = False,
        field_manager: str = "",
        seconds: float = 30,
    ) -> Manifest:
        """Replace an object, or only its status. It must be as it was read, changed in place: its metadata
        holds the resourceVersion and uid that make the server answer Conflict when it is no longer the
        same.
        """
        metadata = manifest.get("metadata") or {}
        name, namespace = metadata.get("name", ""), metadata.get("namespace", "")
        if not metadata.get("resourceVersion") or not metadata.get("uid"):
            raise ValueError(
                f"{resource.describe(namespace, name)}: update what was read, with resourceVersion and uid"
            )
        call = call_to(
            "update", "PUT", resource, namespace, name, "status" if status else "",
            query=given(fieldManager=field_manager), body=named(resource, manifest), seconds=seconds,
        )  # fmt: skip
        return await self._send(call)

    async def patch(
        self,
        resource: Resource,
        name: str,
        namespace: str = "",
        *,
        body: Any,
        kind: PatchType = PatchType.MERGE,
        status: bool = False,
        field_manager: str = "",
    ) -> Manifest:
        """Patch an object or its status. For a precondition put `metadata.uid` and
        `metadata.resourceVersion` into a MERGE body, or `test` operations into a JSON one.
        """
        query = given(fieldManager=field_manager)
        call = call_to(
            "patch", "PATCH", resource, namespace, name, "status" if status else "", query=query, body=body,
            content_type=kind.value,
        )  # fmt: skip
        return await self._send(call)

    async def delete(
        self,
        resource: Resource,
        name: str,
        namespace: str = "",
        *,
        uid: str = "",
        resource_version: str = "",
        propagation: str = "Background",
        seconds: float = 30,
    ) -> None:
        """Delete an object; with `uid` or `resource_version` only that very one, else Conflict."""
        body: Manifest = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": propagation}
        if preconditions := given(uid=uid, resourceVersion=resource_version):
            body["preconditions"] = preconditions
        await self._send(call_to("delete", "DELETE", resource, namespace, name, body=body, seconds=seconds))

    async def create_token(
        self,
        service_account: str,
        namespace: str,
        audiences: Sequence[str],
        *,
        expiration_seconds: int = 3600,
    ) -> Token:
        """A token of a service account for `audiences` (none: the API server's own), by TokenRequest."""
        spec = {"audiences": list(audiences), "expirationSeconds": expiration_seconds}
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
        call = call_to("create", "POST", SERVICE_ACCOUNTS, namespace, service_account, "token", body=body)
        status = (await self._send(call))["status"]
        return Token(status["token"], datetime.fromisoformat(status["expirationTimestamp"]))

    async def version(self) -> tuple[int, int]:
        """Major and minor version of the server."""
        answer = await self._send(Call("get /version", "GET", "/version"))
        try:
            major, minor = (int("".join(filter(str.isdecimal, answer[part]))) for part in ("major", "minor"))
        except (KeyError, TypeError, ValueError):
            raise ServerUnavailable("get /version: the answer has no version; is a proxy in the way?") from None
        return major, minor

    async def can_i(
        self, verb: str, resource: Resource, namespace: str = "", name: str = "", subresource: str = ""
    ) -> bool:
        """Whether RBAC allows us a verb, by SelfSubjectAccessReview."""
        attributes = access_to(verb, resource, namespace, name, subresource)
        answer = await self.create(SELF_SUBJECT_ACCESS_REVIEWS, {"spec": {"resourceAttributes": attributes}})
        return bool(answer["status"]["allowed"])

    async def can_account(
        self, account: tuple[str, str], verb: str, resource: Resource, namespace: str = "", subresource: str = ""
    ) -> bool:
        """Whether RBAC allows a verb to a ServiceAccount (its namespace and name), by SubjectAccessReview."""
        of, name = account
        spec = {
            "user": f"system:serviceaccount:{of}:{name}",
            "groups": ["system:serviceaccounts", f"system:serviceaccounts:{of}", "system:authenticated"],
            "resourceAttributes": access_to(verb, resource, namespace, "", subresource),
        }
        answer = await self.create(SUBJECT_ACCESS_REVIEWS, {"spec": spec})
        return bool(answer["status"]["allowed"])

    async def _send(self, call: Call) -> Manifest:
        answer = await self._connection.send(call)
        if not isinstance(answer, dict):
            raise ServerUnavailable(f"{call.name}: the answer is not an object; is a proxy in the way?")
        return answer
