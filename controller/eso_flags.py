"""The flags of ESO's controller that have no setting here: what becomes of each, so that a Deployment made for ESO
starts, or says why not. `settings` sets them aside before it reads the others, `__main__` logs what they were.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LATER = "this version does not serve that kind"
MEMORY = "Secrets and ConfigMaps are watched as metadata, and read when they are used"
LOGINS = "how logins are kept is the controller's own business"
RATE = "concurrent bounds the requests, and the API server's own fairness does the rest"
TARGETS = "a target is a Secret; the condition of an ExternalSecret with another one says so"
TLS = "/metrics is served without TLS, to whom the NetworkPolicy lets in; put a proxy before it"


@dataclass(frozen=True, slots=True)
class Flag:
    """`switch`: it may stand without a value, which then means true."""

    why: str
    switch: bool = True
    refused: bool = False
    """Whether it is wrong to go on when it is not false."""


WITHOUT_EFFECT = {
    "enable-cluster-external-secret-reconciler": Flag(LATER),
    "enable-push-secret-reconciler": Flag(LATER),
    "enable-cluster-push-secret-reconciler": Flag(LATER),
    "enable-generator-state": Flag(LATER),
    "generator-gc-grace-period": Flag(LATER, switch=False),
    "unsafe-allow-generic-targets": Flag(
        "targets are Secrets; the condition of an ExternalSecret with another says so"
    ),
    "enable-secrets-caching": Flag(MEMORY),
    "enable-configmaps-caching": Flag(MEMORY),
    "enable-managed-secrets-caching": Flag(MEMORY),
    "enable-secret-api-read-on-cache-mismatch": Flag(MEMORY),
    "client-qps": Flag(RATE, switch=False),
    "client-burst": Flag(
        "requests are bounded by concurrent; the API server's own fairness does the rest", switch=False
    ),
    "enable-vault-token-cache": Flag(LOGINS),
    "vault-token-cache-size": Flag(LOGINS, switch=False),
    "experimental-enable-vault-token-cache": Flag(LOGINS),
    "experimental-vault-token-cache-size": Flag(LOGINS, switch=False),
    "experimental-enable-aws-session-cache": Flag(LOGINS),
    "experimental-enable-doppler-oidc-cache": Flag("there is no such provider"),
    "experimental-doppler-oidc-cache-size": Flag("there is no such provider", switch=False),
    "doppler-etag-cache-size": Flag("there is no such provider", switch=False),
    "pulumi-oidc-cache-size": Flag("there is no such provider", switch=False),
    "mysterybox-tokens-cache-size": Flag("there is no such provider", switch=False),
    "mysterybox-connections-cache-size": Flag("there is no such provider", switch=False),
    "enable-http2": Flag("HTTP/1.1 is served"),
    "metrics-secure": Flag(TLS, refused=True),
    "metrics-auth": Flag(TLS, refused=True),
    "metrics-cert-dir": Flag(TLS, switch=False),
    "metrics-cert-name": Flag(TLS, switch=False),
    "metrics-key-name": Flag(TLS, switch=False),
}


def set_aside(arguments: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """What is left of the arguments, a sentence for each flag without effect, and one for each that is refused."""
    left: list[str] = []
    ignored: list[str] = []
    refused: list[str] = []
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        name, assigned, value = argument.removeprefix("--").partition("=")
        flag = WITHOUT_EFFECT.get(name) if argument.startswith("--") else None
        if flag is None:
            left.append(argument)
            continue
        if not assigned:
            value = "true" if flag.switch or not rest else rest.pop(0)
        wanted = value.lower() not in ("false", "f", "0")
        (refused if flag.refused and wanted else ignored).append(f"{name}: {flag.why}")
    return left, ignored, refused
