"""The API server's question and the answer to it: AdmissionReview of `admission.k8s.io/v1`. Pure; `app` serves it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from injector.webhook.patch import diff
from secretcore.errors import InvalidSpec, SecretError

API_VERSION = "admission.k8s.io/v1"
LONGEST_WARNING = 256
"""Characters; the API server cuts longer ones."""
REASONS = {403: "Forbidden", 422: "Invalid", 500: "InternalError", 503: "ServiceUnavailable"}
"""What the API server's own refusals are called, by HTTP code: clients look at it. Never NotFound, AlreadyExists,
Conflict or Timeout, which controllers take for news of the pod itself, and keep silent about. Without
`retryAfterSeconds`, for which a controller's client would wait, and the controller's other work with it.
"""


class WrongReview(Exception):
    """What was sent is no AdmissionReview that this webhook answers."""


@dataclass(frozen=True, slots=True)
class Review:
    """One question."""

    uid: str
    namespace: str
    pod: dict[str, Any] | None
    """None where the question is about something else, which is none of our business."""
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """One decision. `pod` is what becomes of it; None where it is refused, and where it stays as it is."""

    pod: dict[str, Any] | None = None
    refusal: str = ""
    code: int = 403
    warnings: Sequence[str] = ()
    mode: str = ""


class _Kind(msgspec.Struct):
    group: str
    kind: str


class _Request(msgspec.Struct, rename="camel"):
    """What of a request is looked at: who asks, and what else stands in it, is not even read."""

    uid: str
    operation: str
    kind: _Kind
    object: Any = None
    namespace: str = ""
    sub_resource: str = ""
    dry_run: bool = False


class _Document(msgspec.Struct, rename="camel"):
    api_version: str
    kind: str
    request: _Request


_DECODER = msgspec.json.Decoder(_Document)


def read_review(body: bytes) -> Review:
    """Raises `WrongReview`."""
    try:
        document = _DECODER.decode(body)
        if document.api_version != API_VERSION or document.kind != "AdmissionReview":
            raise WrongReview(f"is not an AdmissionReview of {API_VERSION}")
        request = document.request
        is_pod = (request.kind.group, request.kind.kind) == ("", "Pod") and not request.sub_resource
        pod = _pod(request.object) if is_pod and request.operation == "CREATE" else None
        return Review(request.uid, request.namespace, pod, request.dry_run)
    except (msgspec.MsgspecError, UnicodeDecodeError, KeyError, TypeError):
        raise WrongReview("is not an AdmissionReview") from None


def write_answer(review: Review, answer: Answer) -> bytes:
    """The body of the answer; a patch only where it changes something."""
    response: dict[str, Any] = {"uid": review.uid, "allowed": not answer.refusal}
    if answer.refusal:
        response["status"] = {"code": answer.code, "message": answer.refusal, "reason": REASONS[answer.code]}
    elif answer.pod is not None and (operations := diff(review.pod, answer.pod)):
        response["patchType"] = "JSONPatch"
        response["patch"] = base64.b64encode(msgspec.json.encode(operations)).decode()
    if answer.warnings:
        response["warnings"] = [_short(warning) for warning in answer.warnings]
    return msgspec.json.encode({"apiVersion": API_VERSION, "kind": "AdmissionReview", "response": response})


def refused(error: SecretError) -> Answer:
    """With a sentence that says what to do, and whether another try is worth it: 503 soon; 403 when what the pod names
    is there, or lets it; 422 never, the pod itself is wrong.
    """
    code = 503 if error.transient else 422 if isinstance(error, InvalidSpec) else 403
    return Answer(refusal=f"{error} ({error.remedy})", code=code)


def _pod(found: Any) -> dict[str, Any]:
    if not (isinstance(found["spec"], dict) and isinstance(found["metadata"], dict)):
        raise WrongReview("is about a pod that is none")
    return dict(found)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_WARNING else f"{text[: LONGEST_WARNING - 1]}…"
