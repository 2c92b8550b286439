"""moto behind a fault proxy, as a store sees it: what the tests of the AWS provider share."""

import json
import traceback
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass

from secretcore.limits import Limits
from secretcore.model.selectors import SecretKeySelector
from secretcore.model.store import RetrySettings
from secretcore.plan import Find, RemoteRef
from secretcore.provider import StoreContext
from secretcore.providers.aws import AWSAuth, AWSProvider, AWSSecretRef
from secretcore.testing import StaticCredentials
from tests.support.fault_kinds import MARKER, Answer
from tests.support.faults import FaultProxy
from tests.support.moto import Moto

REGION = "eu-central-1"
ACCESS_KEY, SECRET_KEY = "AKIDCANARY1", "canary-secret-key-9f"
CANARY = "canary-value-5d"
CREDENTIALS = StaticCredentials(
    {("Secret", "aws", "id"): ACCESS_KEY.encode(), ("Secret", "aws", "secret"): SECRET_KEY.encode()}
)
AUTH = AWSAuth(
    secret_ref=AWSSecretRef(
        access_key_id=SecretKeySelector(name="aws", key="id"),
        secret_access_key=SecretKeySelector(name="aws", key="secret"),
    )
)
ONCE = RetrySettings(max_retries=0)


def provider(**fields):
    return AWSProvider(**{"service": "SecretsManager", "region": REGION, "auth": AUTH, **fields})


def context(limits=None, **fields):
    return StoreContext(**{"namespace": "shop", "name": "aws", "limits": limits or Limits(), **fields})


@dataclass
class AWS:
    """A region with nothing in it but what the test puts there."""

    moto: Moto
    proxy: FaultProxy

    @asynccontextmanager
    async def client(self, credentials=CREDENTIALS, limits=None, retry=None, **fields):
        """A client of a store with these fields."""
        async with provider(**fields).connect(credentials, context(limits, retry=retry)) as client:
            yield client

    async def get(self, key, prop="", *, version="", metadata_policy="None", **store):
        async with self.client(**store) as client:
            return (await client.get_secret(RemoteRef(key, "", version, metadata_policy))).value(prop)

    async def mapping(self, key, prop="", **store):
        async with self.client(**store) as client:
            return (await client.get_secret(RemoteRef(key))).mapping(prop)

    async def find(self, name=None, *, path=None, tags=None, **store):
        """What a find gives, read to the end as the core does: values by key."""
        async with self.client(**store) as client:
            found = await client.get_all_secrets(Find(path, name, tuple(sorted((tags or {}).items()))))
            return {
                key: (await client.get_secret(each) if isinstance(each, RemoteRef) else each).value("")
                for key, each in found.items()
            }

    def put(self, name, value=None, **fields):
        """Creates a secret; returns AWS's answer."""
        content = value if value is None or isinstance(value, str) else json.dumps(value)
        body = {"Name": name, **({} if content is None else {"SecretString": content}), **fields}
        return self.moto.call("secretsmanager.CreateSecret", body, region=REGION)

    def delete(self, name, **fields):
        self.moto.call("secretsmanager.DeleteSecret", {"SecretId": name, **fields}, region=REGION)

    @property
    def operations(self):
        """How often each operation was asked for, signs of a body's `Action` included."""
        return Counter(_operation(request) for request in self.proxy.requests)


def _operation(request):
    target = request.headers.get("x-amz-target")
    if target:
        return target.rpartition(".")[2]
    return dict(pair.split("=") for pair in request.body.decode().split("&"))["Action"]


def refusal(code, message=MARKER, http_status=400):
    """An error as Secrets Manager words it; the marker is in its message."""
    return Answer(http_status, json.dumps({"__type": code, "Message": message}))


def sts_refusal(code, http_status=403):
    body = f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{MARKER}</Message></Error></ErrorResponse>"
    return Answer(http_status, body, {"Content-Type": "text/xml"})


def told(error):
    """Everything that a person could come to see of an error. Fails if it gives something away."""
    text = "\n".join((str(error), repr(error), error.remedy, *traceback.format_exception(error)))
    for secret in (MARKER, SECRET_KEY, CANARY):
        assert secret not in text
    return str(error)


