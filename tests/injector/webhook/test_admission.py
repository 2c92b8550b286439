"""The API server's question and the answer's form."""

import json

import pytest

from injector.webhook.admission import Answer, WrongReview, read_review, refused, write_answer
from injector.webhook.compile import Unusable
from secretcore.errors import AccessDenied, InvalidSpec, StoreUnavailable
from tests.injector.webhook.building import pod, review_of


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        b"null",
        b'{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}',
        b'{"apiVersion": "admission.k8s.io/v1beta1", "kind": "AdmissionReview", "request": {}}',
        review_of({"metadata": {}}),
        review_of({"metadata": [], "spec": {}}),
        review_of(None),
    ],
)
def test_what_is_no_review_is_refused(body):
    with pytest.raises(WrongReview):
        read_review(body)


def test_a_review_says_who_asks_about_what():
    review = read_review(review_of(pod(), dryRun=True))
    assert (review.uid, review.namespace, review.dry_run) == ("7f0b2891", "team", True)
    assert review.pod == pod()


@pytest.mark.parametrize(
    "request_",
    [
        {"operation": "UPDATE"},
        {"operation": "DELETE", "object": None},
        {"kind": {"group": "apps", "version": "v1", "kind": "Deployment"}},
        {"subResource": "ephemeralcontainers"},
    ],
)
def test_other_questions_are_none_of_its_business(request_):
    review = read_review(review_of(pod(), **request_))
    assert review.pod is None
    assert json.loads(write_answer(review, Answer()))["response"] == {"uid": "7f0b2891", "allowed": True}


@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [
        (InvalidSpec("spec.x", "is wrong", remedy="mend it"), 422, "Invalid"),
        (Unusable("spec.x: is wrong", remedy="mend it"), 403, "Forbidden"),
        (AccessDenied("spec.x: is wrong", remedy="mend it"), 403, "Forbidden"),
        (StoreUnavailable("spec.x: is wrong", remedy="mend it"), 503, "ServiceUnavailable"),
    ],
)
def test_a_refusal_says_what_to_do_and_whether_to_try_again(error, code, reason):
    review = read_review(review_of(pod()))
    answer = json.loads(write_answer(review, refused(error)))
    assert answer == {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "response": {
            "uid": "7f0b2891",
            "allowed": False,
            "status": {"code": code, "message": "spec.x: is wrong (mend it)", "reason": reason},
        },
    }


def test_a_long_warning_is_cut():
    review = read_review(review_of(pod()))
    (warning,) = json.loads(write_answer(review, Answer(warnings=["x" * 300])))["response"]["warnings"]
    assert len(warning) == 256
