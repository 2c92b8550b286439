"""Every request that a controller makes of the API server, by what it is for, and what can go wrong with it.

`life` leads a controller through all of them; a test holds that there are no others.
"""

import re
from typing import NamedTuple

from tests.support.fault_kinds import END, Answer, Cut, Fault, Reset, Rewrite, Truncate, html, status

OURS = "/apis/external-secrets.io/v1"
IN = r"/namespaces/[^/?]+"


class Shape(NamedTuple):
    """`target` is what path and query look like; `stage` is that of a life in which it is made."""

    method: str
    target: str
    stage: str = "begins"

    @property
    def is_watch(self):
        return "watch=1" in self.target

    @property
    def writes(self):
        """Whether it leaves something behind."""
        return self.method != "GET"

    def fits(self, request):
        return request.method == self.method and re.search(self.target, request.target)


def named(path, subresource=""):
    return rf"{path}{subresource}(\?|$)"


COLLECTIONS = {
    "ExternalSecrets": f"{OURS}{IN}/externalsecrets",
    "SecretStores": f"{OURS}{IN}/secretstores",
    "ClusterSecretStores": f"{OURS}/clustersecretstores",
    "Secrets": f"/api/v1{IN}/secrets",
    "ConfigMaps": f"/api/v1{IN}/configmaps",
}
LEASES = f"/apis/coordination.k8s.io/v1{IN}/leases"
SECRETS = COLLECTIONS["Secrets"]
EXTERNAL_SECRETS = COLLECTIONS["ExternalSecrets"]

LISTS = {f"list {kind}": Shape("GET", rf"{path}\?(?!.*watch=1)") for kind, path in COLLECTIONS.items()}
WATCHES = {f"watch {kind}": Shape("GET", rf"{path}\?.*watch=1") for kind, path in COLLECTIONS.items()}
LEASE = {
    "look at the lease": Shape("GET", named(f"{LEASES}/external-secrets-controller")),
    "make the lease": Shape("POST", named(LEASES)),
    "take or renew the lease": Shape("PUT", named(f"{LEASES}/external-secrets-controller")),
}
FIRST = {
    "read a credential": Shape("GET", named(f"{SECRETS}/login")),
    "ask for a token": Shape("POST", named(f"/api/v1{IN}/serviceaccounts/reader/token")),
    "read the namespace": Shape("GET", named("/api/v1/namespaces/[^/?]+")),
    "read a template": Shape("GET", named(f"/api/v1{IN}/configmaps/form")),
    "read a SecretStore that is not known": Shape("GET", named(f"{OURS}{IN}/secretstores/late")),
    "read a ClusterSecretStore that is not known": Shape("GET", named(f"{OURS}/clustersecretstores/late-[^/?]+")),
    "validate a SecretStore": Shape("PATCH", named(f"{OURS}{IN}/secretstores/[^/?]+", "/status")),
    "validate a ClusterSecretStore": Shape("PATCH", named(f"{OURS}/clustersecretstores/[^/?]+", "/status")),
    "create the Secret": Shape("POST", named(SECRETS)),
    "write the status": Shape("PATCH", named(f"{EXTERNAL_SECRETS}/[^/?]+", "/status")),
    "tell an event": Shape("POST", named(f"/api/v1{IN}/events")),
}
LATER = {
    "read the Secret": Shape("GET", named(f"{SECRETS}/db"), "changes"),
    "update the Secret": Shape("PUT", named(f"{SECRETS}/db"), "changes"),
    "count an event": Shape("PATCH", named(f"/api/v1{IN}/events/[^/?]+"), "changes_again"),
    "read a Secret that was left": Shape("GET", named(f"{SECRETS}/db"), "moves"),
    "delete a Secret that was left": Shape("DELETE", named(f"{SECRETS}/db"), "moves"),
    "read the Secret at the end": Shape("GET", named(f"{SECRETS}/moved"), "ends"),
    "delete the Secret at the end": Shape("DELETE", named(f"{SECRETS}/moved"), "ends"),
    "release the finalizer": Shape("PATCH", named(f"{EXTERNAL_SECRETS}/db"), "ends"),
}
REQUESTS = LISTS | WATCHES | LEASE | FIRST | LATER

FAULTS: dict[str, Fault] = {
    "409": Answer(409, '{"kind":"Status","code":409,"reason":"Conflict","message":"changed"}'),
    "429": Answer(429, '{"kind":"Status","code":429,"reason":"TooManyRequests"}', {"Retry-After": "1"}),
    "500": status(500),
    "503": status(503),
    "html": html(),
    "reset before": Reset("request"),
    "reset after": Reset("committed"),
    "half an answer": Truncate(20),
}
WATCH_FAULTS: dict[str, Fault] = FAULTS | {
    "410": Answer(410, '{"kind":"Status","code":410,"reason":"Expired","message":"too old"}'),
    "reset after": Cut(1),
    "half an answer": Rewrite(lambda lines: [lines[0][:20], END]),
}


def faults_of(shape):
    """An answer that goes on and on is cut amid an event, not at its end."""
    return WATCH_FAULTS if shape.is_watch else FAULTS
