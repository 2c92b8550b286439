"""A store as the webhook sees it: whether pods may use it, and what its login needs, as files of the agent. Pure.

Nothing is asked here: no backend, no token, no Secret. `view` examines each generation of a store once; `compile` asks
for one pod at a time. Every rule about which pod may use which store is in this file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from injector.webhook.annotations import PREFIX
from injector.webhook.external_secrets import ObjectKey, kept
from secretcore.errors import AccessDenied, InvalidSpec
from secretcore.needs import KeyNeed, Need, TokenNeed, VariableNeed
from secretcore.parse import parse_store
from secretcore.registry import Registry
from secretcore.store import Store, allows, is_inline, needs

IDENTITY = f"{PREFIX}identity"
"""`pod` on a store: whoever reads it does so with the identity of a pod."""


@dataclass(frozen=True, slots=True)
class Examined:
    """A store that some pod may be able to use."""

    manifest: Mapping[str, Any]
    store: Store
    provider: str
    """Its key under `spec.provider`."""
    needs: tuple[Need, ...]
    lends_to_pods: bool
    """Whether its owner lets every pod log in as itself, whatever ServiceAccount the store names."""

    @property
    def asks_for_labels(self) -> bool:
        """Whether a namespace's labels decide who may use it."""
        return any(condition.namespace_selector is not None for condition in self.store.conditions)


@dataclass(frozen=True, slots=True)
class Login:
    """What a store's login needs in one pod."""

    audiences: tuple[str, ...]
    """Of tokens; "" is the API server's own."""
    keys: tuple[tuple[str, ObjectKey], ...]
    """With the path of the field that asks for each."""


@dataclass(frozen=True, slots=True)
class Pod:
    """Who asks."""

    namespace: str
    service_account: str


def examine(manifest: Mapping[str, Any], registry: Registry, controller_class: str) -> Examined:
    """Raises `InvalidSpec` for a store that no pod can use."""
    store = parse_store(manifest, registry)
    (provider,) = manifest["spec"]["provider"]
    if store.controller and store.controller != controller_class:
        raise InvalidSpec(
            "spec.controller",
            f'the store is served by controller "{store.controller}", this one is "{controller_class}"',
            remedy="choose a store of this controller",
        )
    if is_inline(store):
        raise InvalidSpec(
            f"spec.provider.{provider}",
            "the store holds the secrets themselves, which would be copied into the pod's annotations",
            remedy="choose a store of a secret manager",
        )
    annotations = manifest["metadata"].get("annotations") or {}
    return Examined(_handed_over(manifest, store, annotations), store, provider, needs(store), _lends(annotations))


def check_namespace(known: Examined, pod: Pod, labels: Mapping[str, str]) -> None:
    """Raises `AccessDenied` where the store's conditions leave the pod's namespace out."""
    if not allows(known.store, pod.namespace, labels):
        raise AccessDenied(
            f'is not for namespace "{pod.namespace}", by its spec.conditions',
            remedy="let a condition of the store name the namespace",
        )


def login_of(known: Examined, pod: Pod) -> Login:
    """What the store's login needs in this pod. Raises `InvalidSpec` for what a pod can't have."""
    audiences: list[str] = []
    keys: list[tuple[str, ObjectKey]] = []
    for need in known.needs:
        path = f"spec.provider.{known.provider}.{need.path}".rstrip(".")
        match need:
            case KeyNeed():
                keys.append((path, _key(need, path, pod)))
            case TokenNeed():
                audiences.append(_audience(need, path, pod, lends=known.lends_to_pods))
            case VariableNeed():
                raise InvalidSpec(
                    path,
                    f"the store would log in with environment variables ({', '.join(need.names)}), and agents in pods "
                    "have none",
                    remedy="name the credentials in the store",
                )
            case _:
                assert_never(need)
    return Login(tuple(audiences), tuple(keys))


def _key(need: KeyNeed, path: str, pod: Pod) -> ObjectKey:
    if not need.name or not need.key:
        raise InvalidSpec(path, f"the reference to a {need.kind} lacks its {'key' if need.name else 'name'}")
    if need.namespace not in (None, "", pod.namespace):
        instead = (
            "put the certificates into caBundle"
            if path.endswith("caProvider")
            else f'have a {need.kind} in namespace "{pod.namespace}" and a store that reads it'
        )
        raise InvalidSpec(
            path,
            f'{need.kind} "{need.namespace}/{need.name}" is in another namespace than the pod, so that it can\'t be '
            "mounted",
            remedy=instead,
        )
    return need.kind, need.name, need.key


def _audience(need: TokenNeed, path: str, pod: Pod, *, lends: bool) -> str:
    account = need.account
    if account is not None and not lends:
        namespace = account.namespace or pod.namespace
        if (namespace, account.name) != (pod.namespace, pod.service_account):
            raise InvalidSpec(
                path,
                f'the store logs in as ServiceAccount "{namespace}/{account.name}", the pod is '
                f'"{pod.namespace}/{pod.service_account}" and can be nobody else',
                remedy=f"let the pod run as that ServiceAccount, or let pods use their own by annotating the store "
                f"with {IDENTITY}: pod",
            )
    wanted = sorted(set(need.audiences))
    if len(wanted) > 1:
        raise InvalidSpec(
            path,
            f"a token for several audiences at once ({', '.join(wanted)}) can't be mounted into a pod",
            remedy="name one audience",
        )
    return wanted[0] if wanted else ""


def _lends(annotations: Mapping[str, str]) -> bool:
    value = annotations.get(IDENTITY)
    if value not in (None, "pod"):
        raise InvalidSpec(f"metadata.annotations[{IDENTITY}]", f'must be "pod", is "{value}"')
    return value == "pod"


def _handed_over(manifest: Mapping[str, Any], store: Store, annotations: Mapping[str, str]) -> dict[str, Any]:
    handed = kept(manifest, store.kind)
    if IDENTITY in annotations:
        handed["metadata"]["annotations"] = {IDENTITY: annotations[IDENTITY]}
    return handed
