"""How the agent runs in a pod: once before the app, beside it, or as a sidecar among the init containers. Pure.

A pod that ends must not be kept alive by an ordinary sidecar; a cluster that knows no sidecars among init containers
would drop the field that makes one, and wait for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from injector.webhook.annotations import PREFIX, Injection, Mode
from injector.webhook.options import Options


def mode_for(pod: Mapping[str, Any], injection: Injection, options: Options) -> tuple[Mode, list[str]]:
    """The mode, and warnings where it is not the one that was wanted, or leaves a wish without effect."""
    wanted = injection.mode or options.mode
    mode, warnings = _possible(wanted, ends=_ends(pod), native=options.native)
    if mode == "init":
        vain = {"on-change": injection.on_change, "max-staleness": injection.max_staleness}
        warnings += [
            f"{PREFIX}{name} has no effect in mode init: nothing is refreshed" for name, wish in vain.items() if wish
        ]
    return mode, warnings


def _possible(wanted: Mode, *, ends: bool, native: bool) -> tuple[Mode, list[str]]:
    if wanted == "init" or (wanted == "native" and native):
        return wanted, []
    if ends and native:
        return "native", [f"mode {wanted} would keep a pod that ends alive, so the agent runs in mode native"]
    if ends:
        why = "this cluster has no native sidecars (Kubernetes 1.29), and another would keep a pod that ends alive"
        return "init", [f"{why}, so the agent runs in mode init instead of {wanted}: its files are not refreshed"]
    if wanted == "native":
        return "sidecar", ["this cluster has no native sidecars (Kubernetes 1.29), so the agent runs in mode sidecar"]
    return wanted, []


def _ends(pod: Mapping[str, Any]) -> bool:
    owners = pod["metadata"].get("ownerReferences") or ()
    restarts = pod["spec"].get("restartPolicy", "Always")
    return restarts != "Always" or any(owner.get("kind") == "Job" for owner in owners)
