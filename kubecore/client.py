"""The way to the API server: the only module that imports the official Kubernetes client.

Of that client it takes configuration, credentials, TLS and the connection pool; never its typed models,
which drop fields they don't know, and never its way of making requests, which costs as much as the rest of
a call. Given a ServiceAccount's folder or a kubeconfig, it returns a `kubecore.verbs.Client`.
"""

import hashlib
import os
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from kubernetes.aio.client.configuration import Configuration
from kubernetes.aio.client.rest import RESTClientObject
from kubernetes.aio.config.config_exception import ConfigException
from kubernetes.aio.config.incluster_config import InClusterConfigLoader
from kubernetes.aio.config.kube_config import list_kube_config_contexts, load_kube_config

from kubecore.connection import Endpoint, open_connection
from kubecore.errors import ConfigurationError
from kubecore.verbs import Client

SERVICE_ACCOUNT_FOLDER = Path("/var/run/secrets/kubernetes.io/serviceaccount")
# What the library lets through of a file that is missing, is not YAML, or is not a kubeconfig.
UNREADABLE = (ConfigException, OSError, yaml.YAMLError, ValueError, TypeError, AttributeError, KeyError)
POOL = 256  # connections; each watch holds one


async def in_cluster(user_agent: str, folder: Path = SERVICE_ACCOUNT_FOLDER) -> Client:
    """With the pod's own service account; its token and CA are read anew as they rotate."""

    async def load(configuration: Configuration) -> None:
        token, ca = str(folder / "token"), str(folder / "ca.crt")
        loader = InClusterConfigLoader(token, ca, try_refresh_token=False)  # type: ignore[no-untyped-call]
        loader.load_and_set(configuration)  # type: ignore[no-untyped-call]

    return Client(await open_connection(_loader(load), user_agent))


async def from_kubeconfig(user_agent: str, path: Path | None = None, context: str | None = None) -> Client:
    """With a kubeconfig file (default: KUBECONFIG, else ~/.kube/config) and one of its contexts."""
    file = _kubeconfig(path)

    async def load(configuration: Configuration) -> None:
        _check_exists(file)
        loader = await load_kube_config(file, context, configuration, persist_config=False)  # type: ignore[no-untyped-call]
        asked_plugin = "exec" in (loader._user or {})  # noqa: SLF001 - nothing else tells it
        if asked_plugin and not configuration.api_key and not configuration.cert_file:
            # The library goes on without a credential, which would replace a good one.
            raise ConfigException("the kubeconfig's credential plugin gave neither token nor certificate")

    return Client(await open_connection(_loader(load), user_agent))


def context_namespace(path: Path | None = None, context: str | None = None) -> str:
    """The namespace that a context of a kubeconfig is for, as kubectl has it: "default" where it names none."""
    files = _kubeconfig(path)
    _check_exists(files)
    try:
        contexts, active = list_kube_config_contexts(files)  # type: ignore[no-untyped-call]
        chosen = next((each for each in contexts if each["name"] == context), None) if context else active
        if chosen is None:
            raise ConfigurationError(f"no way to the API server: the kubeconfig has no context {context!r}")
        return str(chosen["context"].get("namespace") or "default")
    except UNREADABLE as error:
        raise ConfigurationError(f"no way to the API server: {_reason(error)}") from None


def _kubeconfig(path: Path | None) -> str:
    return str(path) if path else os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")


def _check_exists(files: str) -> None:
    """The library takes what is missing for empty."""
    if not any(Path(file).exists() for file in files.split(os.pathsep)):
        raise ConfigurationError(
            f"no way to the API server: there is no kubeconfig {files} | create it, or name another"
        )


class _Transport(RESTClientObject):
    """The library's TLS context and connection pool, without its way of making requests."""

    @classmethod
    def open_session(cls, configuration: Configuration) -> aiohttp.ClientSession:
        try:
            session: aiohttp.ClientSession = cls(configuration)._create_pool_manager()  # noqa: SLF001 - our own class's, made to be used so
        except OSError as error:  # ssl.SSLError is one
            raise ConfigurationError(f"no way to the API server: CA or client certificate: {error}") from None
        return session


def _loader(load: Callable[[Configuration], Awaitable[None]]) -> Callable[[], Awaitable[Endpoint]]:
    async def endpoint() -> Endpoint:
        # trust_env: a proxy from the environment is for other traffic than the API server's.
        configuration = Configuration(connection_pool_maxsize=POOL, client_session_kwargs={"trust_env": False})
        # Clusters have CAs without the extensions that newer Pythons insist on; Go's clients take them.
        configuration.disable_strict_ssl_verification = True
        try:
            await load(configuration)
            return _endpoint(configuration)
        except UNREADABLE as error:
            raise ConfigurationError(f"no way to the API server: {_reason(error)}") from None

    return endpoint


def _endpoint(configuration: Configuration) -> Endpoint:
    files = (configuration.ssl_ca_cert, configuration.cert_file, configuration.key_file)
    content = [Path(file).read_bytes() if file else b"" for file in files]
    facts = [configuration.host, configuration.verify_ssl, configuration.tls_server_name, configuration.proxy]
    options: Mapping[str, Any] = {
        "proxy": configuration.proxy,
        "server_hostname": configuration.tls_server_name,
    }
    return Endpoint(
        url=configuration.host,
        identity=hashlib.sha256(repr((facts, content)).encode()).digest(),
        open_session=partial(_Transport.open_session, configuration),
        authorization=str(configuration.api_key.get("BearerToken", "")).strip(),
        options={name: value for name, value in options.items() if value},
    )


def _reason(error: Exception) -> str:
    """A broken kubeconfig's own text may hold its tokens."""
    return str(error) if isinstance(error, ConfigException | OSError) else "the kubeconfig is not one"
