"""Who logs in: signed tokens of Kubernetes ServiceAccounts, and an API server as far as OpenBao's kubernetes auth asks one.

OpenBao checks a ServiceAccount's token by `POST /apis/authentication.k8s.io/v1/tokenreviews`; this answers that one
request, in the protocol's own form, for the tokens that `ServiceAccounts` signed.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"


class ServiceAccounts:
    """Signs tokens; `url` is the API server that knows them."""

    def __init__(self):
        self._key = rsa.generate_private_key(65537, 2048)
        self.public_pem = (
            self._key.public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
            .decode()
        )
        self.url = ""
        self.known = {}

    def token(self, name, namespace="default", audiences=("vault",)):
        """A token as TokenRequest gives it."""
        user = f"system:serviceaccount:{namespace}:{name}"
        now = int(time.time())
        claims = {
            "iss": "https://kubernetes.default.svc",
            "sub": user,
            "aud": list(audiences),
            "iat": now,
            "nbf": now - 60,
            "exp": now + 600,
            "kubernetes.io": {"namespace": namespace, "serviceaccount": {"name": name, "uid": f"uid-{name}"}},
        }
        head = _part(json.dumps({"alg": "RS256", "typ": "JWT"}).encode())
        signed = f"{head}.{_part(json.dumps(claims).encode())}"
        token = f"{signed}.{_part(self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"
        self.known[token] = {"username": user, "uid": f"uid-{name}", "groups": ["system:serviceaccounts"]}
        return token

    def review(self, document):
        user = self.known.get(document["spec"]["token"])
        status = {"authenticated": user is not None}
        if user:
            status |= {"user": user, "audiences": document["spec"].get("audiences", [])}
        return {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "status": status}


@contextmanager
def service_accounts(authority):
    """ServiceAccounts with their API server running, its certificate from this authority."""
    accounts = ServiceAccounts()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            known = self.path == REVIEWS
            body = json.dumps(accounts.review(document) if known else {"kind": "Status", "code": 404}).encode()
            self.send_response(201 if known else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = authority.server_context().wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    accounts.url = f"https://127.0.0.1:{server.server_address[1]}"
    yield accounts
    server.shutdown()
    thread.join()
    server.server_close()


def _part(content):
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
