"""A service with one secret, as the tutorial's Express server: `GET /keys/my-secret-key` answers key and value.

    python examples/express/server.py [PORT]        # 3000 unless said

Standard library only; listens on this machine only; ends with Ctrl-C.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

SECRETS = {"my-secret-key": "this-is-a-secret"}
PREFIX = "/keys/"


class Handler(BaseHTTPRequestHandler):
    """Answers with a secret, or with 404."""

    def do_GET(self) -> None:  # the name that http.server calls
        key = unquote(self.path.removeprefix(PREFIX))
        if self.path == "/":
            self._answer(200, {"status": "ok"})
        elif self.path.startswith(PREFIX) and key in SECRETS:
            self._answer(200, {"key": key, "value": SECRETS[key]})
        else:
            self._answer(404, {"error": "not found"})

    def _answer(self, status: int, content: dict[str, str]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 3000), Handler)
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()
