"""moto behind a fault proxy, as a store sees it: what the tests of the AWS provider share."""

import asyncio
import json
import traceback
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from secretcore.errors import SecretNotFound
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
        """What a find gives, read to the end as the core does: values by key, without what vanished meanwhile."""
        async with self.client(**store) as client:
            found = await client.get_all_secrets(Find(path, name, tuple(sorted((tags or {}).items()))))
            values = await asyncio.gather(*(_value(client, each) for each in found.values()))
            return {key: value for key, value in zip(found, values, strict=True) if value is not None}

    def put(self, name, value=None, **fields):
        """Creates a secret; returns AWS's answer."""
        content = value if value is None or isinstance(value, str) else json.dumps(value)
        body = {"Name": name, **({} if content is None else {"SecretString": content}), **fields}
        return self.moto.call("secretsmanager.CreateSecret", body, region=REGION)

    def put_many(self, bodies):
        """Creates secrets on one connection."""
        headers = {
            "X-Amz-Target": "secretsmanager.CreateSecret",
            "Authorization": f"AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/secretsmanager/aws4_request, "
            "SignedHeaders=host, Signature=00",
        }
        with httpx.Client(trust_env=False, headers=headers) as client:
            for body in bodies:
                client.post(self.moto.url, content=json.dumps(body)).raise_for_status()

    def delete(self, name, **fields):
        self.moto.call("secretsmanager.DeleteSecret", {"SecretId": name, **fields}, region=REGION)

    @property
    def operations(self):
        """How often each operation was asked for, signs of a body's `Action` included."""
        return Counter(_operation(request) for request in self.proxy.requests)


async def _value(client, found):
    try:
        return (await client.get_secret(found) if isinstance(found, RemoteRef) else found).value("")
    except SecretNotFound:
        return None


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
