"""The webhook's own certificates: kept in one Secret, renewed by one replica, trusted through the caBundle of one
MutatingWebhookConfiguration. Feeds `served`; `app` runs it. What is due when, `kubecore.certs` says.

The Secret and the configuration exist beforehand and are granted by name. Whoever holds the lease writes both; every
replica only reads. The CA's key lies in the same Secret as the serving key: who can read that one can be the webhook
already, and a CA that outlives a replica is what lets a new certificate be trusted before it is served.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from injector.webhook.served import Served, write_pair
from kubecore.cache import Change
from kubecore.certs import Certificates, renewal_due, renewed
from kubecore.errors import ApiError, Conflict
from kubecore.lease import Elector, LeadershipLost
from kubecore.resources import MUTATING_WEBHOOKS, SECRETS
from kubecore.verbs import Client
from kubecore.watch import Collection, Reflector
from kubecore.wire import Manifest, PatchType, Selector

log = logging.getLogger(__name__)

KEYS = {"ca_bundle": "ca.crt", "ca_key": "ca.key", "certificate": "tls.crt", "key": "tls.key"}
"""Fields of `Certificates`, in the Secret."""
LONGEST, AFTER_FAILURE = 3600.0, 5.0
"""Seconds between two looks at what is due, and after one that failed."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where certificates are kept, who is told to trust them, and what they are for."""

    namespace: str
    secret: str
    configuration: str
    host_names: Sequence[str]
    folder: Path
    """For the files that TLS contexts are loaded from; in memory, if the chart made it."""


def _now() -> datetime:
    return datetime.now(UTC)


class OwnCertificates:
    """`run` follows the Secret, and renews while this replica holds the lease."""

    def __init__(
        self,
        client: Client,
        places: Places,
        served: Served,
        elector: Elector,
        *,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._client = client
        self._places = places
        self._served = served
        self._elector = elector
        self._clock = clock
        self._changed = asyncio.Event()
        self._reflectors = [
            Reflector(
                client,
                Collection(SECRETS, places.namespace, Selector(fields=f"metadata.name={places.secret}")),
                self._secret_changed,
            ),
            Reflector(
                client,
                Collection(MUTATING_WEBHOOKS, selector=Selector(fields=f"metadata.name={places.configuration}")),
                self._configuration_changed,
            ),
        ]

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for reflector in self._reflectors:
                tasks.create_task(reflector.run())
            tasks.create_task(self._compete())

    def problem(self) -> str:
        """Why the API server can't trust what is served; empty if it can."""
        if not self._served.loaded.is_set():
            return f"no certificate in Secret {self._places.namespace}/{self._places.secret} can be used yet"
        configuration = self._reflectors[1].cache.get("", self._places.configuration)
        bundles = _bundles(configuration) if configuration else []
        if not bundles or not all(self._served.is_trusted_with(bundle) for bundle in bundles):
            return f"MutatingWebhookConfiguration {self._places.configuration} does not trust the certificate yet"
        return ""

    def _secret_changed(self, change: Change) -> None:
        self._changed.set()
        kept = certificates_in(change.new) if change.new else None
        if kept is not None:
            write_pair(self._places.folder, kept.certificate, kept.key)
            self._served.load(self._places.folder)

    def _configuration_changed(self, _: Change) -> None:
        self._changed.set()

    async def _compete(self) -> None:
        while True:
            try:
                await self._elector.lead(self._keep)
            except LeadershipLost as error:
                log.warning("%s", error)

    async def _keep(self) -> None:
        """What the holder of the lease does."""
        while True:
            self._changed.clear()
            try:
                kept = await self._renewed()
                pause = min(LONGEST, (renewal_due(kept, self._clock()) - self._clock()).total_seconds())
            except Conflict:
                pause = 0.0  # somebody was faster: look again
            except ApiError as error:
                log.warning("certificates: %s", error)
                pause = AFTER_FAILURE
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), max(0.1, pause))

    async def _renewed(self) -> Certificates:
        secret = await self._client.get(SECRETS, self._places.secret, self._places.namespace)
        kept = certificates_in(secret)
        fresh = renewed(kept, self._places.host_names, self._clock())
        await self._publish(fresh.ca_bundle)  # before any replica serves what it signed
        if fresh != kept and self._elector.may_write():
            data = {name: _base64(getattr(fresh, field).encode()) for field, name in KEYS.items()}
            await self._client.update(SECRETS, {**secret, "data": {**(secret.get("data") or {}), **data}})
            log.info("certificates were renewed", extra={"facts": {"secret": self._places.secret}})
        return fresh

    async def _publish(self, bundle: str) -> None:
        """Write the caBundle, and nothing beside it, where it is another."""
        configuration = await self._client.get(MUTATING_WEBHOOKS, self._places.configuration)
        wanted = _base64(bundle.encode())
        operations: list[dict[str, Any]] = [
            {"op": "add", "path": f"/webhooks/{index}/clientConfig/caBundle", "value": wanted}
            for index, webhook in enumerate(configuration.get("webhooks") or ())
            if webhook["clientConfig"].get("caBundle") != wanted
        ]
        if not operations or not self._elector.may_write():
            return
        unchanged = {
            "op": "test",
            "path": "/metadata/resourceVersion",
            "value": configuration["metadata"]["resourceVersion"],
        }
        await self._client.patch(
            MUTATING_WEBHOOKS, self._places.configuration, body=[unchanged, *operations], kind=PatchType.JSON
        )
        log.info("the CA was published", extra={"facts": {"configuration": self._places.configuration}})


def certificates_in(secret: Manifest) -> Certificates | None:
    """What a Secret keeps; None where something is missing or no text."""
    data = secret.get("data") or {}
    try:
        return Certificates(**{field: base64.b64decode(data[name]).decode() for field, name in KEYS.items()})
    except (KeyError, ValueError):
        return None


def _bundles(configuration: Manifest) -> list[bytes]:
    webhooks = configuration.get("webhooks") or ()
    return [base64.b64decode(webhook["clientConfig"].get("caBundle") or "") for webhook in webhooks]


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
