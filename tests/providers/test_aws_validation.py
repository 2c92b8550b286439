"""Which AWS stores are refused, and with which field; pure."""

import pytest

from secretcore.errors import InvalidSpec
from secretcore.model.reading import read
from secretcore.provider import StoreContext
from secretcore.providers.aws import AWSProvider

KEYS = {
    "accessKeyIDSecretRef": {"name": "aws", "key": "id"},
    "secretAccessKeySecretRef": {"name": "aws", "key": "secret"},
}
PLAIN = {"service": "SecretsManager", "region": "eu-central-1"}


def validated(kind="SecretStore", **fields):
    return read({**PLAIN, **fields}, AWSProvider).validate(StoreContext(kind=kind))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"auth": {}},
        {"auth": {"secretRef": KEYS}},
        {"auth": {"secretRef": {**KEYS, "sessionTokenSecretRef": {"name": "aws", "key": "token"}}}},
        {"region": "us-gov-west-1"},
        {"region": "a-region-of-the-future-9"},
        {"secretsManager": {"recoveryWindowInDays": 7}},
        {"secretsManager": {"recoveryWindowInDays": 30, "forceDeleteWithoutRecovery": False}},
        {"secretsManager": {"forceDeleteWithoutRecovery": True}},
        {"role": "r", "additionalRoles": ["a"], "externalID": "e", "sessionTags": [{"key": "k", "value": "v"}]},
        {"role": "r", "sessionTagsPolicy": "Custom", "customSessionTags": {"team": "x"}},
        {"transitiveTagKeys": ["a"], "prefix": "p/", "ofTheFuture": 1},
    ],
    ids=str,
)
def test_a_usable_store_is_accepted(fields):
    assert validated(**fields) == ()


@pytest.mark.parametrize(
    ("fields", "path", "sentence"),
    [
        ({"service": "ParameterStore"}, "service", "ParameterStore is not supported yet"),
        ({"service": "CertificateManager"}, "service", "CertificateManager is not supported yet"),
        ({"service": "S3"}, "service", "must be one of CertificateManager, ParameterStore, SecretsManager"),
        ({"service": None}, "service", "is required"),
        ({"region": None}, "region", "is required"),
        ({"region": ""}, "region", "region not found"),
        ({"region": "evil.example.com/#"}, "region", "region not found: evil.example.com/#"),
        ({"region": "eu central"}, "region", "region not found"),
        ({"auth": {"jwt": {"serviceAccountRef": {"name": "a"}}}}, "auth.jwt", "not supported yet"),
        ({"auth": {"jwt": {}}}, "auth.jwt", "not supported yet"),
        ({"auth": {"secretRef": {}}}, "auth.secretRef.accessKeyIDSecretRef", "is required"),
        (
            {"auth": {"secretRef": {"accessKeyIDSecretRef": {"name": "a", "key": "b"}}}},
            "auth.secretRef.secretAccessKeySecretRef",
            "is required",
        ),
        (
            {"secretsManager": {"recoveryWindowInDays": 6}},
            "secretsManager.recoveryWindowInDays",
            "must be between 7 and 30 days",
        ),
        (
            {"secretsManager": {"recoveryWindowInDays": 31}},
            "secretsManager.recoveryWindowInDays",
            "must be between 7 and 30 days",
        ),
        (
            {"secretsManager": {"recoveryWindowInDays": 8, "forceDeleteWithoutRecovery": True}},
            "secretsManager.forceDeleteWithoutRecovery",
            "conflicts with RecoveryWindowInDays",
        ),
        ({"customSessionTags": {"esoNamespace": "x"}}, "customSessionTags", "reserved keys"),
        ({"sessionTagsPolicy": "Complex"}, "sessionTagsPolicy", "must be one of Custom, None, Simple"),
        ({"sessionTags": [{"key": "k"}]}, "sessionTags[0].value", "is required"),
        (
            {"kind": "ClusterSecretStore", "role": "r", "sessionTagsPolicy": "Simple"},
            "sessionTagsPolicy",
            "not supported yet in a ClusterSecretStore",
        ),
    ],
    ids=str,
)
def test_a_store_that_can_not_work_is_refused_by_field(fields, path, sentence):
    with pytest.raises(InvalidSpec) as raised:
        validated(**fields)
    assert raised.value.path == path
    assert sentence in raised.value.reason


def test_without_a_role_the_policy_of_session_tags_says_nothing():
    assert validated(kind="ClusterSecretStore", sessionTagsPolicy="Simple") == ()
