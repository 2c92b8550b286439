"""Stores that point at a real OpenBao, and secrets to read from it; shared by the tests of `vault` and `openBao`."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from itertools import count

from secretcore.model.reading import read
from secretcore.model.store import RetrySettings
from secretcore.plan import RemoteRef
from secretcore.provider import StoreContext
from secretcore.providers.openbao import OpenBaoProvider
from secretcore.providers.vault import VaultProvider
from secretcore.testing import StaticCredentials

CANARY = "canary-5b1e"
"""Part of values and of credentials: it must be in no message."""

NUMBERS = count(1)
ONCE = StoreContext(retry=RetrySettings(max_retries=0))
TOKEN_REF = {"name": "login", "key": "token"}


def fresh(prefix="kv"):
    """A name for a mount, policy, role or namespace that no other test has."""
    return f"{prefix}-{next(NUMBERS)}"


def mounted(bao, version=2, prefix="kv"):
    """A new KV engine; returns where it is."""
    mount = fresh(prefix)
    bao.enable_mount(mount, version=version)
    return mount


def store(server, *, kind=VaultProvider, **fields):
    """A provider with a static token, checked; `server` is an OpenBao, a proxy, or an address."""
    configuration = {"server": getattr(server, "url", server), "auth": {"tokenSecretRef": TOKEN_REF}, **fields}
    provider = read({name: value for name, value in configuration.items() if value is not None}, kind)
    provider.validate(StoreContext())
    return provider


def bao_store(server, **fields):
    return store(server, kind=OpenBaoProvider, **fields)


def creds(*, tokens=None, **values):
    """Credentials of the Secret `login`, by key (`_` stands for `-`)."""
    secrets = {("Secret", "login", key.replace("_", "-")): str(value).encode() for key, value in values.items()}
    return StaticCredentials(secrets, tokens or {})


def root(bao):
    return creds(token=bao.token)


@asynccontextmanager
async def opened(provider, credentials, context=ONCE):
    async with provider.connect(credentials, context) as client:
        yield client


async def get(provider, credentials, key, *, context=ONCE, **ref):
    async with opened(provider, credentials, context) as client:
        return await client.get_secret(RemoteRef(key, **ref))


async def content(provider, credentials, key, **ref):
    return json.loads((await get(provider, credentials, key, **ref)).value(""))


def reader(bao, mount, prefix="reader", **options):
    """A policy that may read and list everything in a mount."""
    name = fresh(prefix)
    bao.policy(name, f'path "{mount}/*" {{ capabilities = ["read", "list"] }}', **options)
    return name
