"""The suite of all providers, over `vault` and `openBao` with both versions of KV."""

import json

import pytest

from secretcore.provider import StoreContext
from secretcore.testing import OBJECT, Backend, ProviderConformance
from tests.providers.vaults import bao_store, creds, mounted, root, store

pytestmark = pytest.mark.server


def backend(bao, make, version):
    mount = mounted(bao, version)
    data = json.loads(json.dumps(OBJECT))
    bao.write(f"{mount}/object" if version == 1 else f"{mount}/data/object", data if version == 1 else {"data": data})
    fields = {"path": mount, "version": f"v{version}"}
    return Backend(
        provider=make(bao, **fields),
        credentials=root(bao),
        context=StoreContext(),
        object_key="object",
        finds={"object": "object"},
        denied=(make(bao, **fields), creds(token="wrong")),
        unreachable=make("http://127.0.0.1:9", **fields),
    )


@pytest.mark.parametrize("version", [1, 2])
class TestVault(ProviderConformance):
    @pytest.fixture
    def backend(self, openbao, version):
        return backend(openbao, store, version)


@pytest.mark.parametrize("version", [1, 2])
class TestOpenBao(ProviderConformance):
    @pytest.fixture
    def backend(self, openbao, version):
        return backend(openbao, bao_store, version)
