"""A KV engine with one secret and who may read it, at a real OpenBao; what went over a proxy, and whether a token lives.
Shared by the tests of logging in and of what comes after.
"""

import httpx

from tests.providers.vaults import CANARY, content, creds, fresh, reader, store
from tests.support.openbao import OpenBao


class Room:
    """A mount with one secret and a policy that may read it, in a namespace if one is named."""

    def __init__(self, bao: OpenBao, namespace=""):
        self.bao, self.namespace = bao, namespace
        self.mount = fresh("kv")
        bao.enable_mount(self.mount, namespace=namespace)
        bao.put_kv(self.mount, "app", {"v": "read"}, namespace=namespace)
        self.policy = reader(bao, self.mount, namespace=namespace)

    def app_role(self, **role):
        """An AppRole's mount, id and secret id."""
        path, options = fresh("approle"), {"namespace": self.namespace}
        self.bao.enable_auth(path, "approle", **options)
        self.bao.write(f"auth/{path}/role/app", {"token_policies": [self.policy], **role}, **options)
        role_id = self.bao.read(f"auth/{path}/role/app/role-id", **options)["data"]["role_id"]
        made = self.bao.write(f"auth/{path}/role/app/secret-id", {}, **options)
        return path, role_id, made["data"]["secret_id"]

    def users(self, **user):
        path, options = fresh("userpass"), {"namespace": self.namespace}
        self.bao.enable_auth(path, "userpass", **options)
        self.bao.write(
            f"auth/{path}/users/bob",
            {"password": f"{CANARY} pa ss", "token_policies": [self.policy], **user},
            **options,
        )
        return path

    def store(self, auth, server=None, **fields):
        return store(server or self.bao, path=self.mount, auth=auth, namespace=self.namespace or None, **fields)


def ref(key, **fields):
    return {"name": "login", "key": key, **fields}


async def reads(provider, credentials):
    return await content(provider, credentials, "app") == {"v": "read"}


def alive(bao, token, namespace=""):
    headers = {"X-Vault-Token": token, "X-Vault-Namespace": namespace}
    answer = httpx.get(f"{bao.url}/v1/auth/token/lookup-self", headers=headers, trust_env=False)
    assert answer.status_code in (200, 403)
    return answer.is_success


def by_login(room, kind, server=None, **fields):
    if kind == "userPass":
        auth = {"userPass": {"path": room.users(**fields), "username": "bob", "secretRef": ref("password")}}
        return room.store(auth, server), creds(password=f"{CANARY} pa ss")
    path, role_id, secret_id = room.app_role(**fields)
    return room.store({"appRole": {"path": path, "roleId": role_id, "secretRef": ref("secret-id")}}, server), creds(
        secret_id=secret_id
    )


def header(proxy, path_end, name):
    (found,) = {request.headers.get(name) for request in proxy.requests if request.path.endswith(path_end)}
    return found


def sent(request):
    return {name.lower(): value for name, value in request.headers.lines}
